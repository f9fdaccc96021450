"""Does the file of a SQLite store stay as small as what is in it?"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Counts, Entry, Settlement, Staging
from analytics_platform.staging.retention import Horizons
from analytics_platform.staging.sqlite.retention import SPARE
from analytics_platform.staging.sqlite.schema import INCREMENTAL
from tests.fakes.clock import Clock
from tests.stores import append, ids, pending_ids, take

HOUR = 3600.0
DAY = 24 * HOUR
FIRST_VERSION = Path(__file__).parent / "vectors" / "staging-version-1.sql"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "staging.db"


@pytest.fixture
def staging(path: Path, clock: Clock) -> Iterator[Staging]:
    """A store with one destination, whose connection checkpoints."""
    with closing(open_staging(f"sqlite:///{path}", clock)) as staging:
        staging.register(["vendor"])
        staging.checkpoint()
        yield staging


def fill(staging: Staging, events: int, day: int) -> None:
    """Have so many events of 10 KB accepted and delivered."""
    staging.append([Entry("web", f"m-{day}-{number}", 1000.0, "x" * 10_000) for number in range(events)])
    lease = take(staging, f"run-{day}")
    staging.settle(lease, Settlement(delivered=staging.pending("vendor", events)))
    staging.end_run(lease.run_id, "drained")


def purge(staging: Staging, clock: Clock) -> None:
    """Take away all that is over a week old."""
    week = clock() - 7 * DAY
    while staging.purge(Horizons(week, week, week, week), 100):
        pass


def pages(path: Path, name: str) -> int:
    """`page_count`, `freelist_count` or `auto_vacuum` of the file."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def test_what_is_purged_makes_room_for_what_comes(staging: Staging, path: Path, clock: Clock) -> None:
    """After the first weeks the file does not grow any more, without ever being compacted."""
    sizes = []
    for day in range(30):
        fill(staging, 20, day)
        purge(staging, clock)
        sizes.append(pages(path, "page_count"))
        clock.advance(DAY)

    assert sizes[-1] == max(sizes) <= 1.1 * sizes[9]


def test_room_that_is_left_over_is_given_back(staging: Staging, path: Path, clock: Clock) -> None:
    """In small steps, up to a share that is kept for what comes."""
    fill(staging, 500, 0)
    purge(staging, clock)
    clock.advance(8 * DAY)
    fill(staging, 20, 8)
    purge(staging, clock)
    before = pages(path, "page_count")

    steps = 0
    while staging.compact(50):
        steps += 1
        assert 50 * steps <= before - pages(path, "page_count") <= 51 * steps  # a page of bookkeeping goes now and then

    assert steps > 10
    assert pages(path, "freelist_count") <= SPARE * before
    assert pages(path, "page_count") < 0.5 * before
    append(staging, "m-1")
    assert pending_ids(staging) == ["m-1"]


def test_a_store_of_an_earlier_version_can_be_compacted_as_well(path: Path) -> None:
    """It is written anew once, when it is brought up to date."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(FIRST_VERSION.read_text(encoding="utf-8"))
    before = pages(path, "auto_vacuum")

    open_staging(f"sqlite:///{path}").close()

    assert (before, pages(path, "auto_vacuum")) == (0, INCREMENTAL)


def test_a_store_that_cannot_be_compacted_is_left_alone(staging: Staging, path: Path, clock: Clock) -> None:
    """Such as one that had no room to be written anew; whoever asks until there is no more ends."""
    fill(staging, 100, 0)
    purge(staging, clock)
    clock.advance(8 * DAY)
    purge(staging, clock)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        staging.close()
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA auto_vacuum = NONE")
        db.execute("VACUUM")
    with closing(open_staging(f"sqlite:///{path}", clock)) as reopened:
        assert reopened.compact(10) is False


# How exactly events leave


def take_away(staging: Staging, clock: Clock, limit: int = 100) -> int:
    """Take away, in one go, what is over thirty days old."""
    at = clock() - 30 * DAY
    return staging.purge(Horizons(at, at, at, at), limit)


def logged(staging: Staging) -> list[str]:
    """The messageIds of what is in the log."""
    return ids(staging.logged(None, 0, 1000))


def deliver_all(staging: Staging) -> None:
    """Have everything settled."""
    staging.settle(take(staging, "run-1"), Settlement(delivered=staging.pending("vendor", 1000)))


def test_a_purge_takes_no_more_events_than_its_limit(staging: Staging, clock: Clock) -> None:
    """So that whoever appends meanwhile waits for a moment; the oldest go first, and 0 says that nothing is left."""
    append(staging, *(f"m-{number}" for number in range(25)))
    deliver_all(staging)
    take_away(staging, clock)
    clock.advance(31 * DAY)

    assert [take_away(staging, clock, limit=10) for _ in range(2)] == [10, 10]
    assert logged(staging) == [f"m-{number}" for number in range(20, 25)]
    while take_away(staging, clock, limit=10):
        pass
    assert logged(staging) == []
    assert staging.counts("vendor") == Counts(delivered=25, skipped=0, pending=0, dead=0)


def test_how_far_the_log_was_is_noted_once_an_hour(staging: Staging, clock: Clock) -> None:
    """An event leaves up to an hour late, and never early."""
    append(staging, "m-1")
    take_away(staging, clock)
    clock.advance(HOUR / 2)
    append(staging, "m-2")
    take_away(staging, clock)  # notes nothing
    clock.advance(HOUR)
    append(staging, "m-3")
    take_away(staging, clock)
    deliver_all(staging)

    clock.advance(30 * DAY - HOUR)
    take_away(staging, clock)
    assert logged(staging) == ["m-2", "m-3"]
    clock.advance(HOUR)
    take_away(staging, clock)
    assert logged(staging) == []
