"""What leaves the Postgres store when its time is over."""

import json
from dataclasses import asdict
from typing import Any

from psycopg.errors import LockNotAvailable

from analytics_platform.staging import ranges
from analytics_platform.staging.postgres.connection import Connection, Database
from analytics_platform.staging.postgres.days import days, drop, head, open_next
from analytics_platform.staging.postgres.log import lock
from analytics_platform.staging.postgres.message_ids import forget, open_week, week_of
from analytics_platform.staging.postgres.parts import end
from analytics_platform.staging.retention import Expired, Horizons

MARK_SECONDS = 3600.0

MARK = """
INSERT INTO analytics.marks (head, at) SELECT %(head)s, %(now)s
WHERE %(head)s > (SELECT coalesce(max(head), 0) FROM analytics.marks)
AND NOT EXISTS (SELECT 1 FROM analytics.marks WHERE at > %(now)s - %(apart)s AND at <= %(now)s)
ON CONFLICT DO NOTHING
"""
FORGET_MARKS = "DELETE FROM analytics.marks WHERE head < (SELECT min(first_seq) - 1 FROM analytics.days)"
APPENDED_BEFORE = "SELECT coalesce(max(head), 0) FROM analytics.marks WHERE at <= %s"
SETTLED_BY_ALL = "SELECT min(cursor) FROM analytics.streams WHERE ended_at IS NULL"
# While a day is dropped nobody reads or appends. Whoever reads for long (a backup) is not waited for: with every try
# the others wait behind it for so long.
WAIT_BRIEFLY = "SET LOCAL lock_timeout = '200ms'"
PURGES = (
    """
DELETE FROM analytics.dead_letters WHERE id IN
    (SELECT id FROM analytics.dead_letters WHERE state <> 'dead' AND settled_at < %(letters)s LIMIT %(limit)s)
""",
    """
DELETE FROM analytics.quarantine WHERE id IN
    (SELECT id FROM analytics.quarantine WHERE received_at < %(quarantine)s LIMIT %(limit)s)
""",
    """
DELETE FROM analytics.runs WHERE run_id IN (
    SELECT run_id FROM analytics.runs AS run WHERE coalesce(ended_at, alive_until) < %(runs)s
    AND NOT EXISTS (SELECT 1 FROM analytics.dead_letters WHERE run_id = run.run_id AND state = 'dead')
    AND NOT EXISTS (SELECT 1 FROM analytics.leases WHERE run_id = run.run_id)
    LIMIT %(limit)s)
""",
    """
DELETE FROM analytics.redeliveries WHERE stream IN
    (SELECT stream FROM analytics.streams WHERE NOT is_live AND ended_at < %(runs)s LIMIT %(limit)s)
""",
)
FORGET_STREAMS = """
DELETE FROM analytics.streams AS stream WHERE NOT is_live AND NOT EXISTS (
    SELECT 1 FROM analytics.redeliveries AS asked
    WHERE asked.destination = stream.destination AND asked.stream = stream.stream)
"""
BEHIND = """
SELECT destination, stream, cursor, settled, least(%(seq)s, last), lanes FROM analytics.streams
WHERE ended_at IS NULL AND cursor < least(%(seq)s, last) ORDER BY destination, stream FOR UPDATE
"""
EXPIRE = """
UPDATE analytics.streams SET cursor = %s, settled = %s, expired = expired + %s WHERE destination = %s AND stream = %s
"""
FORGET_TROUBLES = "DELETE FROM analytics.troubles WHERE destination = %s AND stream = %s AND seq <= %s"


class Retention:
    """The end of what is old; of the log, a day at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def expire(self, before: float) -> list[Expired]:
        """See Retention.expire."""
        with self._connection.writing() as db:
            (seq,) = next(db.execute(APPENDED_BEFORE, (before,)))
            behind = db.execute(BEHIND, {"seq": seq}).fetchall()
            expired = [_expire(db, stream, self._connection.clock()) for stream in behind]
            return [each for each in expired if each.events]

    def purge(self, before: Horizons, limit: int) -> int:
        """See Retention.purge."""
        now = self._connection.clock()
        with self._connection.writing() as db:
            db.execute(MARK, {"head": head(db), "now": now, "apart": MARK_SECONDS})
            purged = _drop_oldest_day(db, before.events, now)
        with self._connection.writing() as db:
            for statement in PURGES:
                purged += db.execute(statement, asdict(before) | {"limit": max(limit - purged, 0)}).rowcount
            db.execute(FORGET_STREAMS)
            return purged

    def compact(self, limit: int) -> bool:  # noqa: ARG002 - the interface's
        """See Retention.compact; a day that is dropped gives its room back at once, and autovacuum minds the rest."""
        return False


def _drop_oldest_day(db: Database, before: float, now: float) -> int:
    """Take the log's oldest day away if all of it was appended before, and every stream has settled it.

    With it go the ids of weeks that nobody asks any more. Returns how many events that were.
    """
    try:
        with db.transaction():
            db.execute(WAIT_BRIEFLY)
            lock(db)
            (last,) = next(db.execute(APPENDED_BEFORE, (before,)))
            (settled_by_all,) = next(db.execute(SETTLED_BY_ALL))
            purged = _drop_up_to(db, last if settled_by_all is None else min(last, settled_by_all), now)
            _forget_ids(db, is_day_gone=purged > 0)
    except LockNotAvailable:
        return 0
    db.execute(FORGET_MARKS)
    return purged


def _drop_up_to(db: Database, last: int, now: float) -> int:
    """Take the oldest day away if it ends before or with this seq, inside a transaction that has locked the log."""
    known = days(db)
    if not known:
        return 0
    oldest, *others = known
    end = others[0].first_seq - 1 if others else head(db)
    is_empty = end < oldest.first_seq
    if end > last or (is_empty and not others):
        return 0
    if not others:
        open_next(db, oldest, end, now)  # the store always knows its head by its newest day
    drop(db, oldest)
    return max(end - oldest.first_seq + 1, 1)


def _forget_ids(db: Database, *, is_day_gone: bool) -> None:
    """Take the messageIds of weeks away that nobody asks any more; all of them with the last event of the log."""
    known = days(db)
    if not known:
        return
    newest = known[-1].number
    if is_day_gone and head(db) < known[0].first_seq:
        forget(db, week_of(newest) + 1)
        open_week(db, newest)
    else:
        forget(db, week_of(newest) - 1)


def _expire(db: Database, behind: tuple[Any, ...], now: float) -> Expired:
    """Move the cursor of one stream to a seq, or further when it finds what is settled there.

    A lane loses its share of what is passed, as far as anybody knows.
    """
    destination, stream, cursor, settled, seq, lanes = behind
    beyond = ranges.read(settled)
    known = sum(min(high, seq) - low + 1 for low, high in beyond if low <= seq)
    expired = Expired(destination, stream, -(-(seq - cursor - known) // lanes))
    cursor, beyond = ranges.advance(seq, beyond)
    db.execute(EXPIRE, (cursor, json.dumps(beyond), expired.events, destination, stream))
    db.execute(FORGET_TROUBLES, (destination, stream, cursor))
    end(db, destination, stream, now)
    return expired
