"""The days of the log in Postgres: a partition each, which leaves as a whole."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from analytics_platform.staging.postgres.connection import Database
from analytics_platform.staging.postgres.message_ids import open_week

SECONDS = 86400.0

# Attaching a finished table waits for nobody; to create it as a partition would wait for everyone who reads the log.
OPEN = """
CREATE TABLE analytics.events_{number} (LIKE analytics.events);
ALTER TABLE analytics.events ATTACH PARTITION analytics.events_{number} FOR VALUES IN ({number})
"""
NEWEST = "SELECT number, first_seq, opened_at FROM analytics.days ORDER BY number DESC LIMIT 1"
HEAD = "SELECT max(seq) FROM analytics.events WHERE day = %s"
DROP = "DROP TABLE analytics.events_{number}"


class Day(NamedTuple):
    """A day on which something was appended."""

    number: int
    first_seq: int
    opened_at: float  # seconds since the epoch


def days(db: Database) -> list[Day]:
    """All days whose events are in the log, oldest first."""
    rows = db.execute("SELECT number, first_seq, opened_at FROM analytics.days ORDER BY number")
    return [Day(*row) for row in rows]


def day_from(row: tuple[Any, ...] | None) -> Day | None:
    """A day from a row of NEWEST; None without one."""
    return None if row is None else Day(*row)


def head(db: Database) -> int:
    """The seq of the newest event, which is in the newest day or right before it."""
    day = day_from(db.execute(NEWEST).fetchone())
    if day is None:
        return 0
    (last,) = next(db.execute(HEAD, (day.number,)))
    return day.first_seq - 1 if last is None else int(last)


def is_over(day: Day, now: float) -> bool:
    """Whether another day (in UTC) has begun; a clock that is set back a little begins none."""
    return now // SECONDS > day.opened_at // SECONDS or now < day.opened_at - SECONDS


def open_next(db: Database, last: Day | None, head: int, now: float) -> Day:
    """Begin a day after this one, inside a transaction that has locked the log."""
    day = Day(1 if last is None else last.number + 1, head + 1, now)
    db.execute(OPEN.format(number=day.number))
    open_week(db, day.number)
    db.execute("INSERT INTO analytics.days (number, first_seq, opened_at) VALUES (%s, %s, %s)", day)
    return day


def drop(db: Database, day: Day) -> None:
    """Take a day away with all its events, for which nobody may be reading the log."""
    db.execute(DROP.format(number=day.number))
    db.execute("DELETE FROM analytics.days WHERE number = %s", (day.number,))


def between(known: list[Day], low: int, high: int | None) -> Iterator[int]:
    """The numbers of the days that may have events between two seqs, both excluded; None is the end of the log."""
    ends = [*(day.first_seq for day in known[1:]), None]
    for day, end in zip(known, ends, strict=False):  # without a day there is no end
        if (high is None or day.first_seq < high) and (end is None or end > low + 1):
            yield day.number
