"""The parked events of held-back users in Postgres."""

from collections.abc import Collection, Sequence

from analytics_platform.staging.base import LIVE, Event, HeldBack, Parked
from analytics_platform.staging.postgres.connection import Connection, Database, one
from analytics_platform.staging.postgres.log import EVENT_COLUMNS, event_from

PARK = """
INSERT INTO analytics.parked (destination, stream, seq, source, message_id, received_at, payload, held_user, until)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (destination, stream, seq) DO UPDATE SET until = excluded.until
"""
# Whoever has been tried in vain has that on the event that was tried: the latest time counts.
HELD_BACK = """
SELECT held_user, max(until) AS until, count(*) FROM analytics.parked
WHERE destination = %s AND stream = %s GROUP BY held_user
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
            f"SELECT {EVENT_COLUMNS} FROM analytics.parked "  # noqa: S608  names of ours
            "WHERE destination = %s AND stream = %s AND held_user = %s ORDER BY seq LIMIT %s"
        )
        with self._connection.reading() as db:
            return [event_from(row) for row in db.execute(query, (destination, stream, user, limit))]


def park(db: Database, destination: str, stream: str, events: Sequence[Parked]) -> None:
    """Put events beside their stream, inside the transaction that lets the cursor pass them."""
    rows = [
        (
            destination,
            stream,
            parked.event.seq,
            parked.event.source,
            parked.event.message_id.encode(),
            parked.event.received_at,
            parked.event.payload,
            parked.user,
            parked.until,
        )
        for parked in events
    ]
    if rows:
        db.cursor().executemany(PARK, rows)


def unpark(db: Database, destination: str, stream: str, seqs: Collection[int]) -> None:
    """Forget what is settled, inside the transaction that settles it."""
    db.execute(
        "DELETE FROM analytics.parked WHERE destination = %s AND stream = %s AND seq = ANY(%s)",
        (destination, stream, [*seqs]),
    )


def count_parked(db: Database, destination: str, stream: str) -> int:
    """How many events of the stream are parked."""
    query = "SELECT count(*) FROM analytics.parked WHERE destination = %s AND stream = %s"
    return one(db.execute(query, (destination, stream)))  # type: ignore[no-any-return]  # a column's value


def first_parked(db: Database, destination: str, stream: str) -> int | None:
    """The seq of the oldest one; None when nothing is parked."""
    query = "SELECT min(seq) FROM analytics.parked WHERE destination = %s AND stream = %s"
    return one(db.execute(query, (destination, stream)))  # type: ignore[no-any-return]  # a column's value


def held_until(db: Database, destination: str, stream: str) -> float | None:
    """When the first user who is held back may be tried; None when nobody is."""
    query = f"SELECT min(until) FROM ({HELD_BACK}) AS users"  # noqa: S608  a constant
    return one(db.execute(query, (destination, stream)))  # type: ignore[no-any-return]  # a column's value
