"""What leaves the SQLite store when its time is over."""

import json
import sqlite3
from dataclasses import asdict

from analytics_platform.staging import ranges
from analytics_platform.staging.retention import Expired, Horizons
from analytics_platform.staging.sqlite.connection import Connection
from analytics_platform.staging.sqlite.parts import end
from analytics_platform.staging.sqlite.schema import INCREMENTAL

MARK_SECONDS = 3600.0
SPARE = 0.25
"""The share of the file that may stay unused: what is purged makes room for what comes, and moving pages is work."""

MARK = """
INSERT INTO marks (head, at) SELECT head, :now FROM log
WHERE head > (SELECT coalesce(max(head), 0) FROM marks)
AND NOT EXISTS (SELECT 1 FROM marks WHERE at > :now - :apart AND at <= :now)
"""
FORGET_MARKS = "DELETE FROM marks WHERE head < coalesce((SELECT min(seq) FROM events) - 1, (SELECT head FROM log))"
APPENDED_BEFORE = "SELECT max(head) FROM marks WHERE at <= ?"
SETTLED_BY_ALL = "SELECT min(cursor) FROM streams WHERE ended_at IS NULL"
# The log's oldest rows lie side by side, so that whole pages become free.
PURGE_EVENTS = """
DELETE FROM events WHERE seq <= (SELECT max(seq) FROM (SELECT seq FROM events WHERE seq <= ? ORDER BY seq LIMIT ?))
"""
PURGES = (
    """
DELETE FROM dead_letters WHERE id IN
    (SELECT id FROM dead_letters WHERE state <> 'dead' AND settled_at < :letters LIMIT :limit)
""",
    """
DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine WHERE received_at < :quarantine LIMIT :limit)
""",
    """
DELETE FROM runs WHERE run_id IN (
    SELECT run_id FROM runs AS run WHERE coalesce(ended_at, alive_until) < :runs
    AND NOT EXISTS (SELECT 1 FROM dead_letters AS letter WHERE letter.run_id = run.run_id AND letter.state = 'dead')
    AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.run_id = run.run_id)
    LIMIT :limit)
""",
    """
DELETE FROM redeliveries WHERE stream IN
    (SELECT stream FROM streams WHERE NOT is_live AND ended_at < :runs LIMIT :limit)
""",
)
FORGET_STREAMS = """
DELETE FROM streams WHERE NOT is_live AND NOT EXISTS (
    SELECT 1 FROM redeliveries WHERE redeliveries.destination = streams.destination
    AND redeliveries.stream = streams.stream)
"""
BEHIND = """
SELECT destination, stream, cursor, settled, min(:seq, coalesce(last, :seq)), lanes FROM streams
WHERE ended_at IS NULL AND cursor < min(:seq, coalesce(last, :seq))
"""
EXPIRE = "UPDATE streams SET cursor = ?, settled = ?, expired = expired + ? WHERE destination = ? AND stream = ?"


class Retention:
    """The end of what is old."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def expire(self, before: float) -> list[Expired]:
        """See Retention.expire."""
        with self._connection.writing() as db:
            (seq,) = db.execute(APPENDED_BEFORE, (before,)).fetchone()
            behind = db.execute(BEHIND, {"seq": seq or 0}).fetchall()
            expired = [_expire(db, stream, self._connection.clock()) for stream in behind]
            return [each for each in expired if each.events]

    def purge(self, before: Horizons, limit: int) -> int:
        """See Retention.purge."""
        with self._connection.writing() as db:
            db.execute(MARK, {"now": self._connection.clock(), "apart": MARK_SECONDS})
            purged = _purge_events(db, before.events, limit)
            for statement in PURGES:
                purged += db.execute(statement, asdict(before) | {"limit": limit - purged}).rowcount
            db.execute(FORGET_STREAMS)
            return purged

    def compact(self, limit: int) -> bool:
        """See Retention.compact."""
        with self._connection.writing() as db:
            surplus = _surplus(db)
            for _ in range(min(limit, surplus)):
                db.execute("PRAGMA incremental_vacuum(1)")  # Python takes one step of it, and each step is one page
            return surplus > limit


def _purge_events(db: sqlite3.Connection, before: float, limit: int) -> int:
    """Take the oldest events away; none that was appended later, and none that any stream may still need."""
    appended_before = db.execute(APPENDED_BEFORE, (before,)).fetchone()[0] or 0
    settled_by_all = db.execute(SETTLED_BY_ALL).fetchone()[0]
    last = appended_before if settled_by_all is None else min(appended_before, settled_by_all)
    purged = db.execute(PURGE_EVENTS, (last, limit)).rowcount
    db.execute(FORGET_MARKS)
    return purged


def _expire(db: sqlite3.Connection, behind: tuple[str, str, int, str, int, int], now: float) -> Expired:
    """Move the cursor of one stream to a seq, or further when it finds what is settled there.

    A lane loses its share of what is passed, as far as anybody knows.
    """
    destination, stream, cursor, settled, seq, lanes = behind
    beyond = ranges.read(settled)
    known = sum(min(high, seq) - low + 1 for low, high in beyond if low <= seq)
    expired = Expired(destination, stream, -(-(seq - cursor - known) // lanes))
    cursor, beyond = ranges.advance(seq, beyond)
    db.execute(EXPIRE, (cursor, json.dumps(beyond), expired.events, destination, stream))
    db.execute("DELETE FROM troubles WHERE destination = ? AND stream = ? AND seq <= ?", (destination, stream, cursor))
    end(db, destination, stream, now)
    return expired


def _surplus(db: sqlite3.Connection) -> int:
    """How many pages the file has to spare."""
    if db.execute("PRAGMA auto_vacuum").fetchone()[0] != INCREMENTAL:
        return 0
    free, pages = (int(db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("freelist_count", "page_count"))
    return free - int(pages * SPARE)
