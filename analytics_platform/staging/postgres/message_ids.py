"""Knows which messageIds came of late, by two tables of hashes: this week's, and that of the week before.

However long the log is, an append asks two indexes at most, and what it asks for a repetition is nearly always in the
first. A week that is over is dropped as a whole. Its days are those on which something was appended, so an id is known
for seven days at least and, where events come each day, for fourteen at most.
"""

from collections.abc import Sequence

from analytics_platform.staging.postgres.connection import Database

DAYS = 7

# Attached once it is made: to create it as a partition would wait for everyone who reads the table, such as a backup.
OPEN = """
CREATE TABLE analytics.message_ids_{week} (LIKE analytics.message_ids);
ALTER TABLE analytics.message_ids ATTACH PARTITION analytics.message_ids_{week} FOR VALUES IN ({week})
"""
PARTITIONS = """
SELECT substring(relname FROM '[0-9]+$')::integer FROM pg_inherits JOIN pg_class ON oid = inhrelid
WHERE inhparent = 'analytics.message_ids'::regclass
"""
DROP = "DROP TABLE analytics.message_ids_{week}"
# The second is asked for what the first has not. These are subqueries that give one value, since the planner could make
# a join, or an EXISTS, of reading both weeks from end to end.
KNOWN = """
SELECT wanted FROM unnest(%(hashes)s::uuid[]) AS wanted WHERE coalesce(
    (SELECT true FROM analytics.message_ids WHERE week = %(this)s AND message_hash = wanted LIMIT 1),
    (SELECT true FROM analytics.message_ids WHERE week = %(last)s AND message_hash = wanted LIMIT 1))
"""
REMEMBER = "INSERT INTO analytics.message_ids (message_hash, week) SELECT unnest(%s::uuid[]), %s"


def week_of(day: int) -> int:
    """The week to which a day of the log belongs, each by its number."""
    return day // DAYS


def question(day: int, hashes: Sequence[str]) -> dict[str, object]:
    """The values of KNOWN, on this day."""
    return {"hashes": array(hashes), "this": week_of(day), "last": week_of(day) - 1}


def remember(db: Database, day: int, hashes: Sequence[str]) -> None:
    """Know these from now on, in the transaction that appends their events to this day."""
    if hashes:
        db.execute(REMEMBER, (array(hashes), week_of(day)))


def array(hashes: Sequence[str]) -> str:
    """Hashes as Postgres reads them: one text, which costs a fraction of what a list of texts does."""
    return f"{{{','.join(hashes)}}}"


def open_week(db: Database, day: int) -> None:
    """Have a place for the ids of this day, inside a transaction that has locked the log."""
    if week_of(day) not in _weeks(db):
        db.execute(OPEN.format(week=week_of(day)))


def forget(db: Database, before: int) -> None:
    """Take away the weeks before this one, for which nobody may be reading the ids."""
    for week in _weeks(db):
        if week < before:
            db.execute(DROP.format(week=week))


def _weeks(db: Database) -> list[int]:
    return sorted(week for (week,) in db.execute(PARTITIONS))
