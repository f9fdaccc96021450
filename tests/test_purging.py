"""Does Dagster forget its old runs, and nothing else?"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from analytics_platform.purging import PAGE, Ages, Purged, purge

AGES = Ages(ended_well=timedelta(days=7), failed=timedelta(days=30))
EMPTY = {"runs", "run_tags", "event_logs", "asset_event_tags", "asset_check_executions", "job_ticks"}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster with files of its own."""
    with dg.instance_for_test() as instance:
        yield instance


@dg.asset
def counted() -> int:
    """An asset."""
    return 1


@dg.asset_check(asset=counted)
def is_counted() -> dg.AssetCheckResult:
    """Its check."""
    return dg.AssetCheckResult(passed=True)


@dg.op
def fail() -> None:
    """An op that fails."""
    raise dg.Failure("it had to", allow_retries=False)


@dg.job(executor_def=dg.in_process_executor)
def failing() -> None:
    """A job that fails."""
    fail()


def succeed(instance: dg.DagsterInstance) -> str:
    """A run that ends well, with an asset and a check in it."""
    return dg.materialize([counted, is_counted], instance=instance).run_id


def be_failed(instance: dg.DagsterInstance) -> str:
    """A run that fails."""
    return failing.execute_in_process(instance=instance, raise_on_error=False).run_id


def purge_after(instance: dg.DagsterInstance, days: float, *needed: str) -> Purged:
    """Purge as if so many days had passed."""
    return purge(instance, AGES, datetime.now(UTC) + timedelta(days=days), lambda run: run.run_id in needed)


def known(instance: dg.DagsterInstance) -> set[str]:
    """The ids of the runs that Dagster knows."""
    return {run.run_id for run in instance.get_runs()}


def files(instance: dg.DagsterInstance) -> set[str]:
    """The names of what runs have left on the disk."""
    root = Path(instance.root_directory)
    return {path.name for folder in ("history/runs", "storage") for path in (root / folder).glob("*-*-*-*-*")}


def age(instance: dg.DagsterInstance, days: float) -> None:
    """Make all files so many days old."""
    for path in Path(instance.root_directory).rglob("*"):
        then = datetime.now(UTC).timestamp() - days * 86400
        os.utime(path, (then, then))


def test_runs_that_ended_well_go_first_and_failed_ones_later(instance: dg.DagsterInstance) -> None:
    """Each after its own time, since somebody looks into failures."""
    good, bad = succeed(instance), be_failed(instance)

    assert purge_after(instance, 6).runs == 0
    assert (purge_after(instance, 8).runs, known(instance)) == (1, {bad})
    assert (purge_after(instance, 31).runs, known(instance)) == (1, set())
    assert good != bad


def test_a_run_that_is_needed_stays_however_old_it_is(instance: dg.DagsterInstance) -> None:
    """Such as one whose dead letters are open; those before and after it go."""
    runs = [be_failed(instance) for _ in range(3)]

    purged = purge_after(instance, 1000, runs[1])

    assert (purged.runs, purged.kept, known(instance)) == (2, 1, {runs[1]})


def test_a_run_that_has_not_ended_stays(instance: dg.DagsterInstance) -> None:
    """Whether it waits or works; the sensor decides what becomes of it."""
    for status in (dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED):
        instance.create_run_for_job(failing, status=status)

    assert purge_after(instance, 1000).runs == 0
    assert len(known(instance)) == 2


def test_more_runs_than_a_page_are_purged(instance: dg.DagsterInstance) -> None:
    """The oldest first."""
    for _ in range(PAGE + 2):
        instance.create_run_for_job(failing, status=dg.DagsterRunStatus.SUCCESS)

    assert purge_after(instance, 8).runs == PAGE + 2


def test_a_purge_that_is_told_to_stop_does(instance: dg.DagsterInstance) -> None:
    """The next one goes on."""
    succeed(instance)

    purge(instance, AGES, datetime.now(UTC) + timedelta(days=8), lambda _: False, stop=lambda: True)

    assert len(known(instance)) == 1


def test_the_files_of_a_run_go_some_days_after_it(instance: dg.DagsterInstance) -> None:
    """Dagster leaves them; a process that has just shown the run still reads them."""
    run = succeed(instance)
    age(instance, 8)
    assert files(instance) == {f"{run}.db", run}

    purge_after(instance, 8)
    assert files(instance) == {f"{run}.db", run}
    assert purge_after(instance, 9).files == 0
    assert purge_after(instance, 11).files == 1

    assert files(instance) == set()


def test_the_files_of_a_run_that_is_known_stay(instance: dg.DagsterInstance) -> None:
    """However old they are."""
    run = be_failed(instance)
    age(instance, 100)

    purge_after(instance, 0)

    assert {f"{run}.db", run} <= files(instance)
    assert len(instance.all_logs(run)) > 3


def test_nothing_of_a_purged_run_stays_in_any_table(instance: dg.DagsterInstance) -> None:
    """Neither its events nor the results of its checks; what does stay grows with the code and not with time."""
    for _ in range(3):
        succeed(instance)
        be_failed(instance)

    purge_after(instance, 31)
    age(instance, 5)
    purge_after(instance, 0)

    left: dict[str, int] = {}
    for path in Path(instance.root_directory).rglob("*.db"):
        with closing(sqlite3.connect(path)) as db:
            tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            left |= {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
    assert {*left} >= EMPTY
    assert {name: count for name, count in left.items() if name in EMPTY and count} == {}
