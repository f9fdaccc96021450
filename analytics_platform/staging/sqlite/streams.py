"""The cursors of the destinations in SQLite."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from analytics_platform.staging import ranges
from analytics_platform.staging.base import (
    LIVE,
    Burial,
    Counts,
    Event,
    Health,
    Lease,
    Settlement,
    StreamState,
    Trouble,
    live,
)
from analytics_platform.staging.sqlite.connection import Connection
from analytics_platform.staging.sqlite.leases import hold, is_alive
from analytics_platform.staging.sqlite.letters import bury
from analytics_platform.staging.sqlite.log import EVENT_COLUMNS
from analytics_platform.staging.sqlite.parking import count_parked, first_parked, held_until, park, unpark

SETTLE = """
UPDATE streams SET cursor = ?, settled = ?, delivered = delivered + ?, skipped = skipped + ?
WHERE destination = ? AND stream = ?
"""
HEALTHY = """
UPDATE streams SET failures = 0, retry_at = NULL, last_error = NULL
WHERE destination = ? AND stream = ? AND (failures > 0 OR retry_at IS NOT NULL)
"""
NOTE_TROUBLE = """
INSERT INTO troubles (destination, seq, first_attempt_at, alone) VALUES (?, ?, ?, ?)
ON CONFLICT (destination, seq) DO UPDATE SET alone = alone + excluded.alone
"""
LEASE = """
SELECT lease.run_id, lease.successor_wanted, run.alive_until
FROM leases AS lease JOIN runs AS run ON run.run_id = lease.run_id AND run.ending IS NULL WHERE lease.name = ?
"""


class Streams:
    """Where each destination is in the log, and how it fares."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def register(self, destinations: Collection[str]) -> None:
        """See Staging.register."""
        with self._connection.writing() as db:
            for destination in destinations:
                db.execute(
                    "INSERT INTO streams (destination, stream, cursor) SELECT ?, ?, head FROM log WHERE true "
                    "ON CONFLICT DO NOTHING",
                    (destination, LIVE),
                )

    def streams(self, destinations: Collection[str], count_to: int) -> list[StreamState]:
        """See Staging.streams."""
        with self._connection.reading() as db:
            return [self._state(db, destination, count_to) for destination in destinations]

    def _state(self, db: sqlite3.Connection, destination: str, count_to: int) -> StreamState:
        pending = list(_pending(db, destination, "received_at", count_to))
        holder, wanted, alive_until = db.execute(LEASE, (live(destination),)).fetchone() or (None, 0, None)
        alive = is_alive(db, holder, self._connection.clock())
        return StreamState(
            destination=destination,
            pending=len(pending),
            oldest_at=pending[0][0] if pending else None,
            health=_health(db, destination),
            leased=alive,
            died_at=None if alive else alive_until,
            successor_wanted=bool(wanted) and alive,
            held_until=held_until(db, destination, LIVE),
        )

    def cursor(self, destination: str) -> int:
        """See Staging.cursor."""
        with self._connection.reading() as db:
            cursor, first = _progress(db, destination)[0], first_parked(db, destination, LIVE)
            return cursor if first is None else min(cursor, first - 1)

    def health(self, destination: str) -> Health:
        """See Staging.health."""
        with self._connection.reading() as db:
            return _health(db, destination)

    def pending(self, destination: str, limit: int) -> list[Event]:
        """See Staging.pending."""
        with self._connection.reading() as db:
            return [*map(Event._make, _pending(db, destination, EVENT_COLUMNS, limit))]

    def troubles(self, destination: str, events: Sequence[Event]) -> Mapping[int, Trouble]:
        """See Staging.troubles."""
        with self._connection.reading() as db:
            rows = db.execute(
                "SELECT seq, first_attempt_at, alone FROM troubles "
                "WHERE destination = ? AND seq IN (SELECT value FROM json_each(?))",
                (destination, json.dumps([event.seq for event in events])),
            )
            return {seq: Trouble(first, alone) for seq, first, alone in rows}

    def settle(self, lease: Lease, settlement: Settlement) -> None:
        """See Staging.settle."""
        destination = lease.destination
        now = self._connection.clock()
        with self._connection.writing() as db:
            hold(db, lease)
            done = [event.seq for event in chain(settlement.delivered, settlement.skipped, _events(settlement.dead))]
            if done:
                _forget_troubles(db, destination, done)
                unpark(db, destination, LIVE, done)
            if done or settlement.parked:
                passed = [*done, *(parked.event.seq for parked in settlement.parked)]
                _move(db, destination, passed, settlement)
                park(db, destination, LIVE, settlement.parked)
            if settlement.delivered:
                db.execute(HEALTHY, (destination, LIVE))
            bury(db, destination, settlement.dead, lease.run_id, now)
            alone = int(settlement.failed_alone)
            db.executemany(NOTE_TROUBLE, ((destination, event.seq, now, alone) for event in settlement.failed))

    def back_off(self, lease: Lease, retry_at: float, error: str) -> None:
        """See Staging.back_off."""
        with self._connection.writing() as db:
            hold(db, lease)
            db.execute(
                "UPDATE streams SET failures = failures + 1, retry_at = ?, last_error = ? "
                "WHERE destination = ? AND stream = ?",
                (retry_at, error, lease.destination, LIVE),
            )

    def counts(self, destination: str) -> Counts:
        """See Staging.counts."""
        with self._connection.reading() as db:
            cursor, settled = _progress(db, destination)
            head = db.execute("SELECT head FROM log").fetchone()[0]
            beyond = sum(high - low + 1 for low, high in settled)
            delivered, skipped, expired = db.execute(
                "SELECT delivered, skipped, expired FROM streams WHERE destination = ? AND stream = ?",
                (destination, LIVE),
            ).fetchone()
            dead = db.execute(
                "SELECT count(*) FROM dead_letters WHERE destination = ? AND state = 'dead'", (destination,)
            ).fetchone()[0]
            pending = head - cursor - beyond + count_parked(db, destination, LIVE)
            return Counts(delivered, skipped, pending, dead, expired)


def _progress(db: sqlite3.Connection, destination: str) -> tuple[int, ranges.Ranges]:
    cursor, settled = db.execute(
        "SELECT cursor, settled FROM streams WHERE destination = ? AND stream = ?", (destination, LIVE)
    ).fetchone()
    return cursor, tuple((low, high) for low, high in json.loads(settled))


def _move(db: sqlite3.Connection, destination: str, passed: list[int], settlement: Settlement) -> None:
    """Move the cursor over what is done or parked, or remember it as a range beyond the cursor."""
    cursor, settled = _progress(db, destination)
    cursor, settled = ranges.advance(cursor, ranges.add(settled, passed))
    counts = len(settlement.delivered), len(settlement.skipped)
    db.execute(SETTLE, (cursor, json.dumps(settled), *counts, destination, LIVE))


def _forget_troubles(db: sqlite3.Connection, destination: str, done: list[int]) -> None:
    db.execute(
        "DELETE FROM troubles WHERE destination = ? AND seq IN (SELECT value FROM json_each(?))",
        (destination, json.dumps(done)),
    )


def _events(burials: Sequence[Burial]) -> list[Event]:
    return [burial.event for burial in burials]


def _health(db: sqlite3.Connection, destination: str) -> Health:
    failures, retry_at, last_error = db.execute(
        "SELECT failures, retry_at, last_error FROM streams WHERE destination = ? AND stream = ?", (destination, LIVE)
    ).fetchone()
    return Health(failures, retry_at, last_error)


def _pending(
    db: sqlite3.Connection, destination: str, columns: str, limit: int
) -> list[tuple[int, str, str, float, str]]:
    """The next rows that are not settled: the gaps between the settled ranges, in order."""
    rows: list[tuple[int, str, str, float, str]] = []
    query = f"SELECT {columns} FROM events WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?"  # noqa: S608  names of ours
    for low, high in ranges.gaps(*_progress(db, destination)):
        if len(rows) == limit:
            break
        rows += db.execute(query, (low, high or 2**63 - 1, limit - len(rows)))
    return rows
