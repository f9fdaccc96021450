"""The redeliveries in Postgres: history that somebody has asked for."""

from typing import Any

from analytics_platform.staging.base import StagingError
from analytics_platform.staging.postgres.connection import Connection, Database
from analytics_platform.staging.postgres.days import between, days
from analytics_platform.staging.postgres.log import lock
from analytics_platform.staging.postgres.parking import first_parked
from analytics_platform.staging.postgres.parts import end
from analytics_platform.staging.streams import REDELIVERY, Part, Redelivery

ASK = """
INSERT INTO analytics.redeliveries (destination, since, until, event, rate, asked_at)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
"""
NAME = "UPDATE analytics.redeliveries SET stream = %s WHERE id = %s"
BEGIN = """
INSERT INTO analytics.streams (destination, stream, is_live, first, last, cursor) VALUES (%s, %s, false, %s, %s, %s)
"""
CANCEL = (
    "UPDATE analytics.redeliveries SET is_cancelled = true WHERE destination = %s AND stream = %s",
    "UPDATE analytics.streams SET last = least(last, cursor) WHERE destination = %s AND stream = %s",
    "DELETE FROM analytics.parked WHERE destination = %s AND stream = %s",
    "DELETE FROM analytics.troubles WHERE destination = %s AND stream = %s",
)
HOLD = "SELECT 1 FROM analytics.streams WHERE stream = %s AND NOT is_live FOR UPDATE"
LIST = """
SELECT destination, stream, first, last, since, until, event, rate, asked_at, cursor, delivered, skipped, ended_at,
    is_cancelled
FROM analytics.redeliveries JOIN analytics.streams USING (destination, stream)
WHERE (%(destination)s::text IS NULL OR destination = %(destination)s)
AND (%(stream)s::text IS NULL OR stream = %(stream)s) ORDER BY id
"""
LIVE_STREAMS = "SELECT stream, cursor FROM analytics.streams WHERE destination = %s AND is_live AND ended_at IS NULL"
# How far the log was at some moment before `since`; all up to there was received before it.
BEFORE = "SELECT coalesce(max(head), 0) FROM analytics.marks WHERE at < %s"
FIRST = """
SELECT seq FROM analytics.events WHERE day = %s AND seq > %s AND seq <= %s AND received_at >= %s ORDER BY seq LIMIT 1
"""
LAST = """
SELECT seq FROM analytics.events WHERE day = %s AND seq >= %s AND seq <= %s AND received_at < %s
ORDER BY seq DESC LIMIT 1
"""
EVER = 9e15  # seconds


class Redeliveries:
    """Streams with a beginning and an end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def span(self, destination: str, since: float | None, until: float | None) -> tuple[int, int] | None:
        """See Streams.span."""
        with self._connection.reading() as db:
            settled = _settled(db, destination)
            (after,) = next(db.execute(BEFORE, (since if since is not None else -EVER,)))
            numbers = [*between(days(db), after, settled + 1)]
            first = _seq(db, FIRST, numbers, (after, settled, since if since is not None else -EVER))
            if first is None:
                return None
            last = _seq(db, LAST, numbers[::-1], (first, settled, until if until is not None else EVER))
            return None if last is None else (first, last)

    def redeliver(self, destination: str, part: Part, rate: float) -> Redelivery:
        """See Streams.redeliver."""
        now = self._connection.clock()
        with self._connection.writing() as db:
            lock(db)  # so that nothing leaves the log before the stream holds it there
            (number,) = next(db.execute(ASK, (destination, part.since, part.until, part.event, rate, now)))
            stream = f"{REDELIVERY}{number}"
            db.execute(NAME, (stream, number))
            oldest = next(iter(days(db)), None)
            first = max(part.first, oldest.first_seq - 1 if oldest else 0)
            db.execute(BEGIN, (destination, stream, first, max(part.last or 0, first), first))
            end(db, destination, stream, now)
            return _list(db, stream=stream)[0]

    def redeliveries(self, destination: str | None = None) -> list[Redelivery]:
        """See Streams.redeliveries."""
        with self._connection.reading() as db:
            return _list(db, destination)

    def cancel_redelivery(self, stream: str) -> bool:
        """See Streams.cancel_redelivery."""
        with self._connection.writing() as db:
            db.execute(HOLD, (stream,))
            found = [each for each in _list(db, stream=stream) if each.ended_at is None]
            for each in found:
                for statement in CANCEL:
                    db.execute(statement, (each.destination, stream))
                end(db, each.destination, stream, self._connection.clock())
            return bool(found)


def _settled(db: Database, destination: str) -> int:
    """Up to where all that is accepted has been settled for the destination."""
    streams = db.execute(LIVE_STREAMS, (destination,)).fetchall()
    if not streams:
        raise StagingError(f"{destination} has no stream in the store")
    cursors: list[int] = [cursor for _, cursor in streams]
    parked = [first_parked(db, destination, stream) for stream, _ in streams]
    return min(cursors + [seq - 1 for seq in parked if seq is not None])


def _seq(db: Database, query: str, numbers: list[int], bounds: tuple[float, ...]) -> int | None:
    """The seq that the query finds in the first of these days that has one."""
    found = (db.execute(query, (number, *bounds)).fetchone() for number in numbers)
    return next((int(row[0]) for row in found if row), None)


def _list(db: Database, destination: str | None = None, stream: str | None = None) -> list[Redelivery]:
    return [_redelivery(row) for row in db.execute(LIST, {"destination": destination, "stream": stream})]


def _redelivery(row: tuple[Any, ...]) -> Redelivery:
    destination, stream, first, last, since, until, event, *rest = row
    return Redelivery(destination, stream, Part(first, last, since=since, until=until, event=event), *rest)
