"""The parked events of held-back users in SQLite."""

import json
import sqlite3
from collections.abc import Collection, Sequence

from analytics_platform.staging.base import LIVE, Event, HeldBack, Parked
from analytics_platform.staging.sqlite.connection import Connection
from analytics_platform.staging.sqlite.log import EVENT_COLUMNS

PARK = """
INSERT INTO parked (destination, stream, seq, source, message_id, received_at, payload, user, until)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (destination, stream, seq) DO UPDATE SET until = excluded.until
"""
# Whoever has been tried in vain has that on the event that was tried: the latest time counts.
HELD_BACK = """
SELECT user, max(until) AS until, count(*) FROM parked WHERE destination = ? AND stream = ? GROUP BY user
"""


class Parking:
    """Events that wait beside their stream."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def held_back(self, destination: str, stream: str = LIVE) -> list[HeldBack]:
        """See Staging.held_back."""
        with self._connection.reading() as db:
            return [HeldBack(*row) for row in db.execute(HELD_BACK, (destination, stream))]

    def parked(self, destination: str, user: bytes, limit: int, stream: str = LIVE) -> list[Event]:
        """See Staging.parked."""
        query = (
            f"SELECT {EVENT_COLUMNS} FROM parked "  # noqa: S608  names of ours
            "WHERE destination = ? AND stream = ? AND user = ? ORDER BY seq LIMIT ?"
        )
        with self._connection.reading() as db:
            return [Event(*row) for row in db.execute(query, (destination, stream, user, limit))]


def park(db: sqlite3.Connection, destination: str, stream: str, events: Sequence[Parked]) -> None:
    """Put events beside their stream, inside the transaction that lets the cursor pass them."""
    db.executemany(
        PARK,
        (
            (
                destination,
                stream,
                parked.event.seq,
                parked.event.source,
                parked.event.message_id,
                parked.event.received_at,
                parked.event.payload,
                parked.user,
                parked.until,
            )
            for parked in events
        ),
    )


def unpark(db: sqlite3.Connection, destination: str, stream: str, seqs: Collection[int]) -> None:
    """Forget what is settled, inside the transaction that settles it."""
    db.execute(
        "DELETE FROM parked WHERE destination = ? AND stream = ? AND seq IN (SELECT value FROM json_each(?))",
        (destination, stream, json.dumps([*seqs])),
    )


def count_parked(db: sqlite3.Connection, destination: str, stream: str) -> int:
    """How many events of the stream are parked."""
    query = "SELECT count(*) FROM parked WHERE destination = ? AND stream = ?"
    return int(db.execute(query, (destination, stream)).fetchone()[0])


def first_parked(db: sqlite3.Connection, destination: str, stream: str) -> int | None:
    """The seq of the oldest one; None when nothing is parked."""
    query = "SELECT min(seq) FROM parked WHERE destination = ? AND stream = ?"
    seq: int | None = db.execute(query, (destination, stream)).fetchone()[0]
    return seq


def held_until(db: sqlite3.Connection, destination: str, stream: str) -> float | None:
    """When the first user who is held back may be tried; None when nobody is."""
    query = f"SELECT min(until) FROM ({HELD_BACK})"  # noqa: S608  a constant
    until: float | None = db.execute(query, (destination, stream)).fetchone()[0]
    return until
