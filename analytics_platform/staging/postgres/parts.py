"""The parts of the log that are streams in Postgres: where they begin and end, and who shares them."""

from dataclasses import dataclass

from analytics_platform.staging import ranges
from analytics_platform.staging.base import LIVE
from analytics_platform.staging.postgres.connection import Connection, Database
from analytics_platform.staging.postgres.days import head
from analytics_platform.staging.postgres.log import lock
from analytics_platform.staging.streams import REACH, Part

# Of a change of the number of lanes, the streams of before it have a `last`, those of after it have none: these wait.
WAITS = """
is_live AND last IS NULL AND EXISTS (
    SELECT 1 FROM analytics.streams AS earlier WHERE earlier.destination = stream.destination
    AND earlier.is_live AND earlier.last IS NOT NULL AND earlier.ended_at IS NULL)
"""
PLACE = f"""
SELECT cursor, settled, last, {WAITS} FROM analytics.streams AS stream WHERE destination = %s AND stream.stream = %s
"""  # noqa: S608  constants
PART = """
SELECT first, last, lane, lanes, since, until, event
FROM analytics.streams LEFT JOIN analytics.redeliveries USING (destination, stream)
WHERE destination = %s AND stream = %s
"""
END = """
UPDATE analytics.streams SET ended_at = %(now)s
WHERE destination = %(destination)s AND stream = %(stream)s AND ended_at IS NULL AND cursor >= last
AND NOT EXISTS (SELECT 1 FROM analytics.parked WHERE destination = %(destination)s AND stream = %(stream)s)
"""
NOT_OVER = "SELECT 1 FROM analytics.streams WHERE destination = %s AND stream = %s AND ended_at IS NULL"
GOING_ON = "SELECT stream, cursor FROM analytics.streams WHERE destination = %s AND is_live AND last IS NULL"
IN_CHANGE = """
SELECT 1 FROM analytics.streams WHERE destination = %s AND is_live AND last IS NOT NULL AND ended_at IS NULL
"""
# The totals of what is over go to the first stream that goes on.
TOTALS = """
SELECT coalesce(sum(delivered), 0)::bigint, coalesce(sum(skipped), 0)::bigint, coalesce(sum(expired), 0)::bigint
FROM analytics.streams WHERE destination = %s AND is_live AND ended_at IS NOT NULL
"""
FORGET = "DELETE FROM analytics.streams WHERE destination = %s AND is_live AND ended_at IS NOT NULL"
BEGIN = """
INSERT INTO analytics.streams (destination, stream, cursor, first, lane, lanes, delivered, skipped, expired)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stream is in the log."""

    cursor: int
    settled: ranges.Ranges  # beyond the cursor
    end: int  # the last seq that it may have pending now


class Parts:
    """Which part of the log is whose."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def part(self, destination: str, stream: str) -> Part | None:
        """See Streams.part."""
        with self._connection.reading() as db:
            row = db.execute(PART, (destination, stream)).fetchone()
            return Part(*row) if row else None

    def is_over(self, destination: str, stream: str) -> bool:
        """See Streams.is_over."""
        with self._connection.reading() as db:
            return is_over(db, destination, stream)

    def split(self, destination: str, lanes: int) -> bool:
        """See Streams.split."""
        with self._connection.reading() as db:  # as it nearly always is: nothing is to be done, and nobody has to wait
            if len(db.execute(GOING_ON, (destination,)).fetchall()) == lanes:
                return True
        with self._connection.writing() as db:
            lock(db)  # what is appended meanwhile might be read as one of the old streams'
            before = db.execute(f"{GOING_ON} ORDER BY stream FOR UPDATE", (destination,)).fetchall()
            if not before or db.execute(IN_CHANGE, (destination,)).fetchone():
                return False
            if len(before) != lanes:
                _split(db, destination, dict(before), lanes, self._connection.clock())
            return True


def _split(db: Database, destination: str, before: dict[str, int], lanes: int, now: float) -> None:
    """End the streams that go on at a point, which nothing that was sent can be beyond, and begin others there."""
    point = min(head(db), max(before.values()) + REACH)
    totals = next(db.execute(TOTALS, (destination,)))
    db.execute(FORGET, (destination,))
    for stream in before:
        db.execute(
            "UPDATE analytics.streams SET last = %s WHERE destination = %s AND stream = %s",
            (point, destination, stream),
        )
        end(db, destination, stream, now)
    for lane in range(1, lanes + 1):
        stream = LIVE if lanes == 1 else f"lane-{lane}-of-{lanes}"
        db.execute(BEGIN, (destination, stream, point, point, lane, lanes, *(totals if lane == 1 else (0, 0, 0))))


def place(db: Database, destination: str, stream: str) -> Place | None:
    """Where the stream is; None when there is no such stream."""
    row = db.execute(PLACE, (destination, stream)).fetchone()
    if row is None:
        return None
    cursor, settled, last, waits = row
    furthest = cursor if waits else cursor + REACH
    return Place(cursor, ranges.read(settled), furthest if last is None else min(furthest, last))


def is_over(db: Database, destination: str, stream: str) -> bool:
    """Whether it has ended, or is not there."""
    return db.execute(NOT_OVER, (destination, stream)).fetchone() is None


def end(db: Database, destination: str, stream: str, now: float) -> None:
    """Note that the stream is over, if it is, inside the transaction that settles its last event."""
    db.execute(END, {"destination": destination, "stream": stream, "now": now})
