"""The cursors of the streams in SQLite."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from analytics_platform.staging import ranges
from analytics_platform.staging.base import (
    LIVE,
    Burial,
    Counts,
    Event,
    Health,
    Lease,
    LeaseLost,
    Settlement,
    StreamState,
    Trouble,
    lease_on,
)
from analytics_platform.staging.sqlite.connection import Connection
from analytics_platform.staging.sqlite.leases import hold, is_alive
from analytics_platform.staging.sqlite.letters import bury, note_delivered
from analytics_platform.staging.sqlite.log import EVENT_COLUMNS
from analytics_platform.staging.sqlite.parking import count_parked, first_parked, held_until, park, unpark
from analytics_platform.staging.sqlite.parts import WAITS, end, place

SETTLE = """
UPDATE streams SET cursor = ?, settled = ?, delivered = delivered + ?, skipped = skipped + ?
WHERE destination = ? AND stream = ?
"""
HEALTHY = """
UPDATE streams SET failures = 0, retry_at = NULL, last_error = NULL WHERE destination = ? AND stream = ?
"""
# What a settlement needs to know, in one statement: each costs more than what it reads.
ROW = """
SELECT cursor, settled, is_live, ended_at IS NOT NULL, last IS NOT NULL, failures > 0 OR retry_at IS NOT NULL,
    EXISTS (SELECT 1 FROM troubles AS t WHERE t.destination = streams.destination AND t.stream = streams.stream),
    EXISTS (SELECT 1 FROM parked AS p WHERE p.destination = streams.destination AND p.stream = streams.stream)
FROM streams WHERE destination = ? AND stream = ?
"""
NOTE_TROUBLE = """
INSERT INTO troubles (destination, stream, seq, first_attempt_at, alone) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (destination, stream, seq) DO UPDATE SET alone = alone + excluded.alone
"""
FORGET_TROUBLES = """
DELETE FROM troubles WHERE destination = ? AND stream = ? AND seq IN (SELECT value FROM json_each(?))
"""
REGISTER = """
INSERT INTO streams (destination, stream, cursor, first) SELECT :destination, :stream, head, head FROM log
WHERE NOT EXISTS (SELECT 1 FROM streams WHERE destination = :destination AND is_live)
"""
READY = f"""
SELECT stream, is_live FROM streams WHERE destination = ? AND ended_at IS NULL AND NOT ({WAITS})
ORDER BY is_live DESC, lane, stream
"""  # noqa: S608  constants
TOTALS = """
SELECT stream, cursor, settled, last, lanes, ended_at IS NULL, delivered, skipped, expired
FROM streams WHERE destination = ? AND is_live
"""
LEASE = """
SELECT lease.run_id, lease.successor_wanted, run.alive_until
FROM leases AS lease JOIN runs AS run ON run.run_id = lease.run_id AND run.ending IS NULL WHERE lease.name = ?
"""


# Nearly every settlement of a stream that is well: its next events are delivered, and that is all. It is this one
# statement, which is the whole transaction, and does nothing when there is more to think of.
PROGRESS = """
UPDATE streams SET cursor = ?, delivered = delivered + ?
WHERE destination = ? AND stream = ? AND cursor = ? AND settled = '[]'
AND is_live AND last IS NULL AND failures = 0 AND retry_at IS NULL
AND EXISTS (SELECT 1 FROM leases WHERE name = ? AND run_id = ? AND token = ?)
AND NOT EXISTS (SELECT 1 FROM troubles AS t WHERE t.destination = streams.destination AND t.stream = streams.stream)
AND NOT EXISTS (SELECT 1 FROM parked AS p WHERE p.destination = streams.destination AND p.stream = streams.stream)
"""


class Streams:
    """Where each destination is in the log, and how it fares."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def register(self, destinations: Collection[str]) -> None:
        """See Staging.register."""
        with self._connection.writing() as db:
            for destination in destinations:
                db.execute(REGISTER, {"destination": destination, "stream": LIVE})

    def streams(self, destinations: Collection[str], count_to: int) -> list[StreamState]:
        """See Staging.streams."""
        with self._connection.reading() as db:
            return [
                self._state(db, destination, stream, count_to, is_live=bool(is_live))
                for destination in destinations
                for stream, is_live in db.execute(READY, (destination,)).fetchall()
            ]

    def _state(
        self, db: sqlite3.Connection, destination: str, stream: str, count_to: int, *, is_live: bool
    ) -> StreamState:
        pending = list(_pending(db, destination, stream, "received_at", count_to))
        lease = db.execute(LEASE, (lease_on(destination, stream),)).fetchone()
        holder, wanted, alive_until = lease or (None, 0, None)
        alive = is_alive(db, holder, self._connection.clock())
        return StreamState(
            destination=destination,
            pending=len(pending),
            oldest_at=pending[0][0] if pending else None,
            health=_health(db, destination, stream),
            leased=alive,
            died_at=None if alive else alive_until,
            successor_wanted=bool(wanted) and alive,
            held_until=held_until(db, destination, stream),
            stream=stream,
            is_live=is_live,
        )

    def cursor(self, destination: str, stream: str = LIVE) -> int:
        """See Staging.cursor."""
        with self._connection.reading() as db:
            cursor, first = _cursor(db, destination, stream), first_parked(db, destination, stream)
            return cursor if first is None else min(cursor, first - 1)

    def health(self, destination: str, stream: str = LIVE) -> Health:
        """See Staging.health."""
        with self._connection.reading() as db:
            return _health(db, destination, stream)

    def pending(self, destination: str, limit: int, stream: str = LIVE) -> list[Event]:
        """See Staging.pending."""
        with self._connection.reading() as db:
            return [Event(*row) for row in _pending(db, destination, stream, EVENT_COLUMNS, limit)]

    def troubles(self, destination: str, events: Sequence[Event], stream: str = LIVE) -> Mapping[int, Trouble]:
        """See Staging.troubles."""
        with self._connection.reading() as db:
            rows = db.execute(
                "SELECT seq, first_attempt_at, alone FROM troubles "
                "WHERE destination = ? AND stream = ? AND seq IN (SELECT value FROM json_each(?))",
                (destination, stream, json.dumps([event.seq for event in events])),
            )
            return {seq: Trouble(first, alone) for seq, first, alone in rows}

    def settle(self, lease: Lease, settlement: Settlement) -> None:
        """See Staging.settle."""
        if self._settle_progress(lease, settlement):
            return
        stream = (lease.destination, lease.stream)
        now = self._connection.clock()
        with self._connection.writing() as db:
            hold(db, lease)
            found = _row(db, *stream)
            # Of a stream that has been cancelled meanwhile nothing is tried again.
            parked, failed = ((), ()) if found.is_over else (settlement.parked, settlement.failed)
            done = [event.seq for event in chain(settlement.delivered, settlement.skipped, _events(settlement.dead))]
            if done and found.has_troubles:
                db.execute(FORGET_TROUBLES, (*stream, json.dumps(done)))
            if done and found.has_parked:
                unpark(db, *stream, done)
            passed = [*done, *(event.seq for event in settlement.passed), *(each.event.seq for each in parked)]
            if passed:
                _move(db, stream, found, passed, settlement)
                park(db, *stream, parked)
                if found.has_end:
                    end(db, *stream, now)
            if settlement.delivered and found.is_unwell:
                db.execute(HEALTHY, stream)
            if settlement.delivered and not found.is_live:
                note_delivered(db, lease.destination, settlement.delivered, now)
            bury(db, lease.destination, settlement.dead, lease.run_id, now)
            if failed:
                alone = int(settlement.failed_alone)
                db.executemany(NOTE_TROUBLE, [(*stream, event.seq, now, alone) for event in failed])

    def _settle_progress(self, lease: Lease, settlement: Settlement) -> bool:
        """Settle the short way; False, with nothing recorded, if it takes the long one."""
        delivered = ranges.add((), [event.seq for event in settlement.delivered])
        if len(delivered) != 1 or settlement != Settlement(delivered=settlement.delivered):
            return False
        (first, last) = delivered[0]
        progress = (last, last - first + 1, lease.destination, lease.stream, first - 1)
        with self._connection.statement() as db:
            return db.execute(PROGRESS, (*progress, lease.name, lease.run_id, lease.token)).rowcount > 0

    def back_off(self, lease: Lease, retry_at: float, error: str) -> None:
        """See Staging.back_off."""
        with self._connection.writing() as db:
            hold(db, lease)
            db.execute(
                "UPDATE streams SET failures = failures + 1, retry_at = ?, last_error = ? "
                "WHERE destination = ? AND stream = ?",
                (retry_at, error, lease.destination, lease.stream),
            )

    def counts(self, destination: str) -> Counts:
        """See Staging.counts."""
        with self._connection.reading() as db:
            head = db.execute("SELECT head FROM log").fetchone()[0]
            delivered = skipped = expired = parked = 0
            unsettled = dict[int, int]()  # by the number of lanes, each of which has the others' events before it, too
            for stream, cursor, settled, last, lanes, goes_on, *totals in db.execute(TOTALS, (destination,)).fetchall():
                delivered, skipped, expired = delivered + totals[0], skipped + totals[1], expired + totals[2]
                if goes_on:
                    beyond = sum(high - low + 1 for low, high in ranges.read(settled))
                    left = max((head if last is None else last) - cursor - beyond, 0)
                    unsettled[lanes] = unsettled.get(lanes, 0) + left
                    parked += count_parked(db, destination, stream)
            dead = db.execute(
                "SELECT count(*) FROM dead_letters WHERE destination = ? AND state = 'dead'", (destination,)
            ).fetchone()[0]
            pending = sum(-(-left // lanes) for lanes, left in unsettled.items()) + parked
            return Counts(delivered, skipped, pending, dead, expired)


class _Row(NamedTuple):
    """What settling needs to know of a stream."""

    cursor: int
    settled: str
    is_live: bool
    is_over: bool
    has_end: bool
    is_unwell: bool
    has_troubles: bool
    has_parked: bool


def _row(db: sqlite3.Connection, destination: str, stream: str) -> _Row:
    row = db.execute(ROW, (destination, stream)).fetchone()
    if row is None:
        raise LeaseLost(f"the stream {stream} of {destination} is over, and forgotten")
    return _Row(*row)


def _cursor(db: sqlite3.Connection, destination: str, stream: str) -> int:
    found = place(db, destination, stream)
    return found.cursor if found else 0


def _move(
    db: sqlite3.Connection, stream: tuple[str, str], row: _Row, passed: list[int], settlement: Settlement
) -> None:
    """Move the cursor over what is done or parked, or remember it as a range beyond the cursor."""
    cursor, settled = ranges.advance(row.cursor, ranges.add(ranges.read(row.settled), passed))
    counts = len(settlement.delivered), len(settlement.skipped)
    db.execute(SETTLE, (cursor, json.dumps(settled), *counts, *stream))


def _events(burials: Sequence[Burial]) -> list[Event]:
    return [burial.event for burial in burials]


def _health(db: sqlite3.Connection, destination: str, stream: str) -> Health:
    query = "SELECT failures, retry_at, last_error FROM streams WHERE destination = ? AND stream = ?"
    row = db.execute(query, (destination, stream)).fetchone()
    return Health(*row) if row else Health(0, None, None)


def _pending(
    db: sqlite3.Connection, destination: str, stream: str, columns: str, limit: int
) -> list[tuple[int, str, str, float, str]]:
    """The next rows that are not settled: the gaps between the settled ranges, in order."""
    rows: list[tuple[int, str, str, float, str]] = []
    found = place(db, destination, stream)
    if found is None:
        return rows
    query = f"SELECT {columns} FROM events WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?"  # noqa: S608  names of ours
    beyond = found.end + 1
    for low, high in ranges.gaps(found.cursor, found.settled):
        if len(rows) == limit or low >= found.end:
            break
        rows += db.execute(query, (low, min(high or beyond, beyond), limit - len(rows)))
    return rows
