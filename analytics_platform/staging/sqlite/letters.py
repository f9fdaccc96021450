"""The dead letters in SQLite."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from analytics_platform.staging.base import Burial, Dead, DeadLetter, Event, Lease, Settlement
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
DELIVER = """
UPDATE dead_letters SET state = 'delivered', settled_at = ? WHERE destination = ? AND seq = ? AND state = 'dead'
"""
COUNT_DELIVERED = """
UPDATE streams SET delivered = delivered + :delivered WHERE destination = :destination AND stream = (
    SELECT min(stream) FROM streams WHERE destination = :destination AND is_live AND last IS NULL)
"""
COLUMNS = """
id, destination, seq, source, message_id, received_at, payload, reason, answer, run_id, buried_at, state
"""
OF_THESE_RUNS = """
state = 'dead' AND destination = :destination
AND (run_id IN (SELECT value FROM json_each(:runs)) OR selection IN (SELECT value FROM json_each(:runs)))
"""
# A condition whose value is null holds for all.
WANTED = """
state = 'dead'
AND (:destination IS NULL OR destination = :destination)
AND (:event IS NULL OR coalesce(payload ->> '$.event', payload ->> '$.type') = :event)
AND (:user IS NULL OR :user IN (payload ->> '$.userId', payload ->> '$.anonymousId'))
AND (:reason IS NULL OR instr(lower(reason), lower(:reason)))
AND (:since IS NULL OR buried_at >= :since)
AND (:until IS NULL OR buried_at < :until)
AND (:runs IS NULL OR run_id IN (SELECT value FROM json_each(:runs))
    OR selection IN (SELECT value FROM json_each(:runs)))
AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))
"""
LIST = f"SELECT {COLUMNS} FROM dead_letters WHERE id > :after AND {WANTED} ORDER BY id LIMIT :limit"  # noqa: S608  constants
COUNT = f"SELECT destination, reason, count(*) FROM dead_letters WHERE {WANTED} GROUP BY destination, reason"  # noqa: S608  constants
SELECT = f"UPDATE dead_letters SET selection = :selection WHERE {WANTED}"  # noqa: S608  constants
DISCARD = f"UPDATE dead_letters SET state = 'discarded', settled_at = :now WHERE {WANTED}"  # noqa: S608  constants


class Letters:
    """What no destination would take, kept until somebody decides."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open_letters(self, destination: str, run_ids: Collection[str], after: int, limit: int) -> list[DeadLetter]:
        """See Staging.open_letters."""
        query = f"SELECT {COLUMNS} FROM dead_letters WHERE {OF_THESE_RUNS} AND seq > :after ORDER BY seq LIMIT :limit"  # noqa: S608  names of ours
        values = {"destination": destination, "runs": json.dumps([*run_ids]), "after": after, "limit": limit}
        with self._connection.reading() as db:
            return [_letter(row) for row in db.execute(query, values)]

    def count_open_letters(self, destination: str, run_ids: Collection[str]) -> int:
        """See Staging.count_open_letters."""
        query = f"SELECT count(*) FROM dead_letters WHERE {OF_THESE_RUNS}"  # noqa: S608  names of ours
        with self._connection.reading() as db:
            values = {"destination": destination, "runs": json.dumps([*run_ids])}
            return int(db.execute(query, values).fetchone()[0])

    def dead_letters(self, wanted: Dead, after: int, limit: int) -> list[DeadLetter]:
        """See Staging.dead_letters."""
        with self._connection.reading() as db:
            return [_letter(row) for row in db.execute(LIST, _values(wanted) | {"after": after, "limit": limit})]

    def count_dead_letters(self, wanted: Dead) -> Mapping[tuple[str, str], int]:
        """See Staging.count_dead_letters."""
        with self._connection.reading() as db:
            return {(destination, reason): count for destination, reason, count in db.execute(COUNT, _values(wanted))}

    def select_letters(self, wanted: Dead, selection: str) -> int:
        """See Staging.select_letters."""
        with self._connection.writing() as db:
            return db.execute(SELECT, _values(wanted) | {"selection": selection}).rowcount

    def discard_letters(self, wanted: Dead) -> int:
        """See Staging.discard_letters."""
        with self._connection.writing() as db:
            return db.execute(DISCARD, _values(wanted) | {"now": self._connection.clock()}).rowcount

    def settle_letters(self, lease: Lease, settlement: Settlement) -> None:
        """See Staging.settle_letters."""
        destination = lease.destination
        now = self._connection.clock()
        with self._connection.writing() as db:
            hold(db, lease)
            note_delivered(db, destination, settlement.delivered, now)
            db.executemany(
                "UPDATE dead_letters SET state = 'discarded', settled_at = ? "
                "WHERE destination = ? AND seq = ? AND state = 'dead'",
                [(now, destination, event.seq) for event in settlement.skipped],
            )
            db.executemany(
                "UPDATE dead_letters SET reason = ?, answer = ? WHERE destination = ? AND seq = ? AND state = 'dead'",
                ((b.reason, b.answer, destination, b.event.seq) for b in settlement.dead),
            )


def note_delivered(db: sqlite3.Connection, destination: str, events: Sequence[Event], now: float) -> None:
    """Close the open letters of these events, and count them as delivered live, inside the transaction that settles."""
    delivered = db.executemany(DELIVER, [(now, destination, event.seq) for event in events]).rowcount
    if delivered > 0:
        db.execute(COUNT_DELIVERED, {"destination": destination, "delivered": delivered})


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


def _values(wanted: Dead) -> dict[str, object]:
    lists = {"ids": wanted.ids, "runs": wanted.runs}
    return asdict(wanted) | {name: None if found is None else json.dumps([*found]) for name, found in lists.items()}
