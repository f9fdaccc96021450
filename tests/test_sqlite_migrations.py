"""What becomes of a store that an earlier version has written?"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Counts, Staging, StagingError, Trouble
from analytics_platform.staging.sqlite.schema import VERSION
from analytics_platform.staging.suppression import Person, SuppressionList
from tests.programs import start
from tests.stores import entry, pending_ids

VERSIONS = [Path(__file__).parent / "vectors" / f"staging-version-{version}.sql" for version in range(1, VERSION)]


@pytest.fixture(params=VERSIONS, ids=lambda vector: vector.stem)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A store of an earlier version, in which `vendor` has had m-1, refused m-2 and not yet taken m-3."""
    path = tmp_path / "staging.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(request.param.read_text(encoding="utf-8"))
    return path


@pytest.fixture
def staging(path: Path) -> Iterator[Staging]:
    """The same, opened by this version."""
    with closing(open_staging(f"sqlite:///{path}")) as staging:
        yield staging


def test_everything_in_it_stays(staging: Staging) -> None:
    """What is pending, what is dead, what was delivered, and whose messageIds are known."""
    letters = staging.open_letters("vendor", ["run-1"], 0, 10)

    assert pending_ids(staging) == ["m-3"]
    assert [(letter.event.message_id, letter.reason) for letter in letters] == [("m-2", "HTTP 400")]
    assert staging.counts("vendor") == Counts(delivered=1, skipped=0, pending=1, dead=1)
    assert staging.append([entry("m-1"), entry("q-1", problems="[]"), entry("m-4")]) == [False, False, True]
    assert staging.head() == 4


def test_it_can_do_what_this_version_can(staging: Staging) -> None:
    """Such as to suppress somebody who was accepted before."""
    suppressed = SuppressionList(staging, b"k" * 32)

    suppressed.add([Person("user", "u1")])

    assert suppressed.among(staging.pending("vendor", 10)) == {0}


def test_what_is_known_of_its_pending_events_stays(staging: Staging) -> None:
    """When each was tried first, so that none is given up later than it would have been."""
    assert staging.troubles("vendor", staging.pending("vendor", 10)) == {3: Trouble(1_800_000_000.0, 0)}


def test_it_is_brought_up_to_date_once(path: Path, staging: Staging) -> None:
    """The next one that opens it finds nothing to do."""
    with closing(open_staging(f"sqlite:///{path}")) as again, closing(sqlite3.connect(path)) as db:
        assert pending_ids(again) == pending_ids(staging)
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_processes_that_start_at_once_bring_it_up_to_date_once(path: Path) -> None:
    """The first one does it, the others wait for it."""
    processes = [start("append", f"sqlite:///{path}", name, "1") for name in ("a", "b", "c", "d")]

    results = [process.communicate(timeout=60) for process in processes]

    assert results == [("a-0\n", ""), ("b-0\n", ""), ("c-0\n", ""), ("d-0\n", "")]


@pytest.mark.parametrize("path", VERSIONS[5:6], indirect=True, ids=lambda vector: vector.stem)
def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    """It is one transaction: a store is never between two versions."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE limits (in_the_way)")
        before = [*db.iterdump()]

        with pytest.raises(StagingError, match="cannot be opened"):
            open_staging(f"sqlite:///{path}")

        assert [*db.iterdump()] == before
        db.execute("DROP TABLE limits")
    with closing(open_staging(f"sqlite:///{path}")) as staging:
        assert pending_ids(staging) == ["m-3"]
