"""The dead letters in SQLite."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from analytics_platform.staging.base import Burial, DeadLetter, Event, Lease, Settlement
from analytics_platform.staging.sqlite.connection import Connection
from analytics_platform.staging.sqlite.leases import hold

# A redelivery may bury an event again that is dead already: the newest reason and run stand.
BURY = """
INSERT INTO dead_letters
    (destination, seq, source, message_id, received_at, payload, reason, answer, run_id, buried_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (destination, seq) DO UPDATE SET reason = excluded.reason, answer = excluded.answer,
    run_id = excluded.run_id, buried_at = excluded.buried_at, state = 'dead', settled_at = NULL
"""
COLUMNS = """
id, destination, seq, source, message_id, received_at, payload, reason, answer, run_id, buried_at, state
"""
OF_THESE_RUNS = "state = 'dead' AND destination = ? AND run_id IN (SELECT value FROM json_each(?))"


class Letters:
    """What no destination would take, kept until somebody decides."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open_letters(self, destination: str, run_ids: Collection[str], after: int, limit: int) -> list[DeadLetter]:
        """See Staging.open_letters."""
        query = f"SELECT {COLUMNS} FROM dead_letters WHERE {OF_THESE_RUNS} AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608  names of ours
        with self._connection.reading() as db:
            return [_letter(row) for row in db.execute(query, (destination, json.dumps([*run_ids]), after, limit))]

    def count_open_letters(self, destination: str, run_ids: Collection[str]) -> int:
        """See Staging.count_open_letters."""
        query = f"SELECT count(*) FROM dead_letters WHERE {OF_THESE_RUNS}"  # noqa: S608  names of ours
        with self._connection.reading() as db:
            return int(db.execute(query, (destination, json.dumps([*run_ids]))).fetchone()[0])

    def settle_letters(self, lease: Lease, settlement: Settlement) -> None:
        """See Staging.settle_letters."""
        destination = lease.destination
        now = self._connection.clock()
        with self._connection.writing() as db:
            hold(db, lease)
            delivered = db.executemany(
                "UPDATE dead_letters SET state = 'delivered', settled_at = ? "
                "WHERE destination = ? AND seq = ? AND state = 'dead'",
                [(now, destination, event.seq) for event in settlement.delivered],
            ).rowcount
            db.execute(
                "UPDATE streams SET delivered = delivered + ? WHERE destination = ? AND stream = 'live'",
                (delivered, destination),
            )
            db.executemany(
                "UPDATE dead_letters SET state = 'discarded', settled_at = ? "
                "WHERE destination = ? AND seq = ? AND state = 'dead'",
                [(now, destination, event.seq) for event in settlement.skipped],
            )
            db.executemany(
                "UPDATE dead_letters SET reason = ?, answer = ? WHERE destination = ? AND seq = ? AND state = 'dead'",
                ((b.reason, b.answer, destination, b.event.seq) for b in settlement.dead),
            )


def bury(db: sqlite3.Connection, destination: str, burials: Sequence[Burial], run_id: str, now: float) -> None:
    """Make dead letters, with a copy of each payload, inside the transaction that settles them."""
    db.executemany(
        BURY,
        (
            (
                destination,
                burial.event.seq,
                burial.event.source,
                burial.event.message_id,
                burial.event.received_at,
                burial.event.payload,
                burial.reason,
                burial.answer,
                run_id,
                now,
            )
            for burial in burials
        ),
    )


def _letter(row: tuple[Any, ...]) -> DeadLetter:
    return DeadLetter(row[0], row[1], Event(*row[2:7]), *row[7:])
