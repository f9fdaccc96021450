"""The cursors of the destinations in Postgres."""

import json
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

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
from analytics_platform.staging.postgres.connection import Connection, Database
from analytics_platform.staging.postgres.days import between, days, head
from analytics_platform.staging.postgres.leases import hold, is_alive
from analytics_platform.staging.postgres.letters import bury, note_delivered
from analytics_platform.staging.postgres.log import EVENT_COLUMNS, event_from, lock
from analytics_platform.staging.postgres.parking import count_parked, first_parked, held_until, park, unpark
from analytics_platform.staging.postgres.parts import WAITS, end, place
from analytics_platform.staging.postgres.words import storable

KNOWN = "SELECT DISTINCT destination FROM analytics.streams WHERE is_live"
REGISTER = "INSERT INTO analytics.streams (destination, stream, cursor, first) VALUES (%s, %s, %s, %s)"
READY = f"""
SELECT stream.stream, is_live FROM analytics.streams AS stream
WHERE destination = %s AND ended_at IS NULL AND NOT ({WAITS}) ORDER BY is_live DESC, lane, stream.stream
"""  # noqa: S608  constants
TOTALS = """
SELECT stream, cursor, settled, last, lanes, ended_at IS NULL, delivered, skipped, expired
FROM analytics.streams WHERE destination = %s AND is_live
"""
# What a settlement needs to know, in one statement: each costs more than what it reads.
HOLD = """
SELECT cursor, settled, is_live, ended_at IS NOT NULL, last IS NOT NULL, failures > 0 OR retry_at IS NOT NULL,
    EXISTS (SELECT FROM analytics.troubles AS t WHERE t.destination = s.destination AND t.stream = s.stream),
    EXISTS (SELECT FROM analytics.parked AS p WHERE p.destination = s.destination AND p.stream = s.stream)
FROM analytics.streams AS s WHERE destination = %s AND stream = %s FOR UPDATE
"""
SETTLE = """
UPDATE analytics.streams SET cursor = %s, settled = %s, delivered = delivered + %s, skipped = skipped + %s
WHERE destination = %s AND stream = %s
"""
HEALTHY = """
UPDATE analytics.streams SET failures = 0, retry_at = NULL, last_error = NULL WHERE destination = %s AND stream = %s
"""
NOTE_TROUBLE = """
INSERT INTO analytics.troubles AS trouble (destination, stream, seq, first_attempt_at, alone)
SELECT %s, %s, seq, %s, %s FROM unnest(%s::bigint[]) AS failed (seq)
ON CONFLICT (destination, stream, seq) DO UPDATE SET alone = trouble.alone + excluded.alone
"""
FORGET_TROUBLES = "DELETE FROM analytics.troubles WHERE destination = %s AND stream = %s AND seq = ANY(%s)"
LEASE = """
SELECT lease.run_id, lease.successor_wanted, run.alive_until
FROM analytics.leases AS lease JOIN analytics.runs AS run ON run.run_id = lease.run_id AND run.ending IS NULL
WHERE lease.name = %s
"""


class Streams:
    """Where each destination is in the log, and how it fares."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def register(self, destinations: Collection[str]) -> None:
        """See Staging.register."""
        with self._connection.reading() as db:  # as it nearly always is: all are known, and nobody has to wait
            if {name for (name,) in db.execute(KNOWN)}.issuperset(destinations):
                return
        with self._connection.writing() as db:
            lock(db)
            known, end_of_log = {name for (name,) in db.execute(KNOWN)}, head(db)
            for destination in {*destinations} - known:
                db.execute(REGISTER, (destination, LIVE, end_of_log, end_of_log))

    def streams(self, destinations: Collection[str], count_to: int) -> list[StreamState]:
        """See Staging.streams."""
        with self._connection.reading() as db:
            return [
                self._state(db, destination, stream, count_to, is_live=is_live)
                for destination in destinations
                for stream, is_live in db.execute(READY, (destination,)).fetchall()
            ]

    def _state(self, db: Database, destination: str, stream: str, count_to: int, *, is_live: bool) -> StreamState:
        pending = _pending(db, destination, stream, "received_at", count_to)
        lease = db.execute(LEASE, (lease_on(destination, stream),)).fetchone()
        holder, wanted, alive_until = lease or (None, False, None)
        alive = is_alive(db, holder, self._connection.clock())
        return StreamState(
            destination=destination,
            pending=len(pending),
            oldest_at=pending[0][0] if pending else None,
            health=_health(db, destination, stream),
            leased=alive,
            died_at=None if alive else alive_until,
            successor_wanted=wanted and alive,
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
            return [event_from(row) for row in _pending(db, destination, stream, EVENT_COLUMNS, limit)]

    def troubles(self, destination: str, events: Sequence[Event], stream: str = LIVE) -> Mapping[int, Trouble]:
        """See Staging.troubles."""
        query = (
            "SELECT seq, first_attempt_at, alone FROM analytics.troubles "
            "WHERE destination = %s AND stream = %s AND seq = ANY(%s)"
        )
        with self._connection.reading() as db:
            rows = db.execute(query, (destination, stream, [event.seq for event in events]))
            return {seq: Trouble(first, alone) for seq, first, alone in rows}

    def settle(self, lease: Lease, settlement: Settlement) -> None:
        """See Staging.settle."""
        stream = (lease.destination, lease.stream)
        now = self._connection.clock()
        with self._connection.writing() as db:
            hold(db, lease)
            found = _hold_row(db, *stream)
            # Of a stream that has been cancelled meanwhile nothing is tried again.
            parked, failed = ((), ()) if found.is_over else (settlement.parked, settlement.failed)
            done = [event.seq for event in chain(settlement.delivered, settlement.skipped, _events(settlement.dead))]
            if done and found.has_troubles:
                db.execute(FORGET_TROUBLES, (*stream, done))
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
                seqs = [event.seq for event in failed]
                db.execute(NOTE_TROUBLE, (*stream, now, int(settlement.failed_alone), seqs))

    def back_off(self, lease: Lease, retry_at: float, error: str) -> None:
        """See Staging.back_off."""
        with self._connection.writing() as db:
            hold(db, lease)
            db.execute(
                "UPDATE analytics.streams SET failures = failures + 1, retry_at = %s, last_error = %s "
                "WHERE destination = %s AND stream = %s",
                (retry_at, storable(error), lease.destination, lease.stream),
            )

    def counts(self, destination: str) -> Counts:
        """See Staging.counts."""
        with self._connection.reading() as db:
            end_of_log = head(db)
            delivered = skipped = expired = parked = 0
            unsettled = dict[int, int]()  # by the number of lanes, each of which has the others' events before it, too
            for stream, cursor, settled, last, lanes, goes_on, *totals in db.execute(TOTALS, (destination,)).fetchall():
                delivered, skipped, expired = delivered + totals[0], skipped + totals[1], expired + totals[2]
                if goes_on:
                    beyond = sum(high - low + 1 for low, high in ranges.read(settled))
                    left = max((end_of_log if last is None else last) - cursor - beyond, 0)
                    unsettled[lanes] = unsettled.get(lanes, 0) + left
                    parked += count_parked(db, destination, stream)
            query = "SELECT count(*) FROM analytics.dead_letters WHERE destination = %s AND state = 'dead'"
            (dead,) = next(db.execute(query, (destination,)))
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


def _hold_row(db: Database, destination: str, stream: str) -> _Row:
    """The stream as it is until the transaction ends."""
    row = db.execute(HOLD, (destination, stream)).fetchone()
    if row is None:
        raise LeaseLost(f"the stream {stream} of {destination} is over, and forgotten")
    return _Row(*row)


def _cursor(db: Database, destination: str, stream: str) -> int:
    found = place(db, destination, stream)
    return found.cursor if found else 0


def _move(db: Database, stream: tuple[str, str], row: _Row, passed: list[int], settlement: Settlement) -> None:
    """Move the cursor over what is done or parked, or remember it as a range beyond the cursor."""
    cursor, settled = ranges.advance(row.cursor, ranges.add(ranges.read(row.settled), passed))
    counts = len(settlement.delivered), len(settlement.skipped)
    db.execute(SETTLE, (cursor, json.dumps(settled), *counts, *stream))


def _events(burials: Sequence[Burial]) -> list[Event]:
    return [burial.event for burial in burials]


def _health(db: Database, destination: str, stream: str) -> Health:
    query = "SELECT failures, retry_at, last_error FROM analytics.streams WHERE destination = %s AND stream = %s"
    row = db.execute(query, (destination, stream)).fetchone()
    return Health(*row) if row else Health(0, None, None)


def _pending(db: Database, destination: str, stream: str, columns: str, limit: int) -> list[tuple[Any, ...]]:
    """The next rows that are not settled: the gaps between the settled ranges, in order, one day after the other."""
    rows: list[tuple[Any, ...]] = []
    found = place(db, destination, stream)
    if found is None:
        return rows
    query = (
        f"SELECT {columns} FROM analytics.events "  # noqa: S608  names of ours
        "WHERE day = %s AND seq > %s AND seq < %s ORDER BY seq LIMIT %s"
    )
    known, beyond = days(db), found.end + 1
    for low, high in ranges.gaps(found.cursor, found.settled):
        if low >= found.end:
            break
        before = min(high or beyond, beyond)
        for day in between(known, low, before):
            if len(rows) == limit:
                return rows
            # As text, which is the default, a bytea is twice as long, and numbers have to be parsed.
            rows += db.execute(query, (day, low, before, limit - len(rows)), binary=True)
    return rows
