"""Do the days of a Postgres store leave as a whole, and without holding up anybody?"""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from analytics_platform.staging import open_staging
from analytics_platform.staging.aside import Aside
from analytics_platform.staging.base import Settlement, Staging, StagingFull
from analytics_platform.staging.retention import Horizons
from ingest_api.room import Bounds, Room
from tests.fakes.clock import Clock
from tests.stores import append, entry, ids, take

pytest_plugins = ["tests.database_fixtures"]

DAY = 86400.0
PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass"


@pytest.fixture
def staging(postgres_url: str, clock: Clock) -> Iterator[Staging]:
    """A store with one destination."""
    with closing(open_staging(postgres_url, clock)) as staging:
        staging.register(["vendor"])
        yield staging


@pytest.fixture
def db(postgres_url: str) -> Iterator[psycopg.Connection]:
    """Another application's connection to the same database."""
    with psycopg.connect(postgres_url, autocommit=True) as db:
        yield db


def purge(staging: Staging, clock: Clock) -> int:
    """Take away, in one go, what is over a week old."""
    week = clock() - 7 * DAY
    return staging.purge(Horizons(week, week, week, week), 100)


def live_through(staging: Staging, clock: Clock, day: int) -> None:
    """A day with two events, which are delivered."""
    append(staging, f"m-{day}-1", f"m-{day}-2")
    lease = take(staging, f"run-{day}")
    staging.settle(lease, Settlement(delivered=staging.pending("vendor", 10)))
    staging.end_run(lease.run_id, "drained")
    purge(staging, clock)
    clock.advance(DAY)


def partitions(db: psycopg.Connection, of: str = "analytics.events") -> list[str]:
    """The tables that hold the log now, or the ids that are known."""
    return sorted(name for (name,) in db.execute(PARTITIONS, (of,)))


def test_each_day_is_a_partition_that_is_dropped_when_all_of_it_is_old(
    staging: Staging, db: psycopg.Connection, clock: Clock
) -> None:
    """A month leaves no more than what is kept, and nothing is deleted row by row."""
    counts = []
    for day in range(30):
        live_through(staging, clock, day)
        counts.append(len(partitions(db)))

    assert counts[10:] == [7] * 20
    assert partitions(db) == [f"analytics.events_{number}" for number in range(24, 31)]
    kept = ids(staging.logged(None, 0, 100))
    assert kept == [f"m-{day}-{number}" for day in range(23, 30) for number in (1, 2)]


def test_ids_are_in_two_tables_however_long_the_log_is(staging: Staging, db: psycopg.Connection, clock: Clock) -> None:
    """That of a week is dropped when another two have begun: an append never asks more than two indexes."""
    counts = []
    for day in range(30):
        live_through(staging, clock, day)
        counts.append(len(partitions(db, "analytics.message_ids")))

    assert counts == [1] * 6 + [2] * 24
    assert partitions(db, "analytics.message_ids") == ["analytics.message_ids_3", "analytics.message_ids_4"]


@pytest.mark.parametrize("first", range(7))
def test_an_id_is_known_for_a_week_on_whichever_day_of_one_it_came(staging: Staging, clock: Clock, first: int) -> None:
    """Events come each day, and housekeeping lets go of what it may: that is when ids are forgotten soonest."""
    for day in range(first):
        live_through(staging, clock, day)
    assert staging.append([entry("m-1")]) == [True]
    for day in range(first, first + 7):
        live_through(staging, clock, day)

    assert staging.append([entry("m-1")]) == [False]


def test_a_week_begins_while_somebody_reads_the_ids_for_long(
    staging: Staging, db: psycopg.Connection, clock: Clock
) -> None:
    """And the one that is over is dropped by the next round."""
    for day in range(13):
        live_through(staging, clock, day)
    with db.transaction():
        db.execute("SELECT count(*) FROM analytics.message_ids")

        live_through(staging, clock, 13)

        assert len(partitions(db, "analytics.message_ids")) == 3

    purge(staging, clock)
    assert partitions(db, "analytics.message_ids") == ["analytics.message_ids_1", "analytics.message_ids_2"]


def test_an_event_leaves_up_to_a_day_late_and_never_early(staging: Staging, clock: Clock) -> None:
    """The last event of its day is what counts."""
    clock.advance(-(clock() % DAY) + DAY / 2)
    append(staging, "noon")
    purge(staging, clock)
    clock.advance(DAY / 3)
    append(staging, "evening")
    purge(staging, clock)
    staging.settle(take(staging, "run-1"), Settlement(delivered=staging.pending("vendor", 10)))

    clock.advance(7 * DAY - DAY / 6)
    purge(staging, clock)
    assert ids(staging.logged(None, 0, 10)) == ["noon", "evening"]
    clock.advance(DAY / 6)
    purge(staging, clock)
    assert ids(staging.logged(None, 0, 10)) == []


def test_numbers_go_on_when_all_days_are_gone(staging: Staging, clock: Clock) -> None:
    """No seq is given twice."""
    live_through(staging, clock, 0)
    clock.advance(30 * DAY)
    purge(staging, clock)

    assert ids(staging.logged(None, 0, 10)) == []
    assert append(staging, "later")[0].seq == 3


def test_a_day_is_not_dropped_while_somebody_reads_the_log_for_long(
    staging: Staging, db: psycopg.Connection, clock: Clock
) -> None:
    """Nobody waits for a backup: what comes is taken, the rest is purged, and the next round drops the day."""
    live_through(staging, clock, 0)
    staging.append([entry("q-1", problems="[]")])
    clock.advance(10 * DAY)
    with db.transaction():
        db.execute("SELECT count(*) FROM analytics.events")

        purge(staging, clock)

        assert staging.count_quarantined(Aside()) == 0
        assert staging.append([entry("m-1")]) == [True]
        assert len(partitions(db)) == 2

    purge(staging, clock)
    assert len(partitions(db)) == 1


def test_a_day_begins_while_somebody_reads_the_log_for_long(
    staging: Staging, db: psycopg.Connection, clock: Clock
) -> None:
    """Midnight waits for nobody either."""
    append(staging, "m-1")
    with db.transaction():
        db.execute("SELECT count(*) FROM analytics.events")
        clock.advance(DAY)

        append(staging, "m-2")

    assert len(partitions(db)) == 2


def test_a_clock_that_is_set_back_a_little_begins_no_day(
    staging: Staging, db: psycopg.Connection, clock: Clock
) -> None:
    """Such as that of another machine, around midnight."""
    append(staging, "m-1")
    clock.advance(DAY)
    append(staging, "m-2")
    clock.advance(-DAY / 2)
    append(staging, "m-3")

    assert len(partitions(db)) == 2


def test_a_store_that_was_full_has_room_once_its_old_days_are_dropped(staging: Staging, clock: Clock) -> None:
    """What counts is what the tables take on the disk; the process that saw it full sees the room, too."""
    room = Room(staging.usage, Bounds(most_used=staging.usage().used + 500_000))
    staging.append([entry(f"m-{number}") for number in range(5000)])
    staging.settle(take(staging, "run-1"), Settlement(delivered=staging.pending("vendor", 5000)))
    purge(staging, clock)
    room.look()
    with pytest.raises(StagingFull):
        room.check()

    clock.advance(9 * DAY)
    purge(staging, clock)
    room.look()

    room.check()
    assert staging.append([entry("m-next")]) == [True]


def test_there_is_nothing_to_compact(staging: Staging) -> None:
    """A day that is dropped gives its room back at once."""
    assert staging.compact(100) is False
