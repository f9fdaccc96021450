"""Does the file of a SQLite store stay as small as what is in it?"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, Settlement, Staging
from analytics_platform.staging.retention import Horizons
from analytics_platform.staging.sqlite.retention import SPARE
from analytics_platform.staging.sqlite.schema import INCREMENTAL
from tests.fakes.clock import Clock
from tests.stores import append, pending_ids, take

DAY = 86400.0
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
