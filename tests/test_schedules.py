"""When is a snapshot taken, and what becomes of a schedule that was missed?"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from analytics_platform.partitions import key_at
from analytics_platform.schedules import snapshot_job, snapshot_schedule
from analytics_platform.snapshots.declaration import Declaration, read
from event_registry import registry
from tests.application import OF_A_DAY, PRESENT, write

TICK = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster of its own."""
    with dg.instance_for_test() as instance:
        yield instance


def declared(folder: Path, sql: str = OF_A_DAY, **fields: Any) -> Declaration:
    """A snapshot with these fields."""
    write(folder, sql, **fields)
    return read(folder, "accounts", registry.default())


def requested(declaration: Declaration, instance: dg.DagsterInstance, tick: datetime = TICK) -> list[str | None]:
    """The partitions that the schedule requests at a tick."""
    return [request.partition_key for request in requests(declaration, instance, tick)]


def requests(declaration: Declaration, instance: dg.DagsterInstance, tick: datetime) -> list[dg.RunRequest]:
    """All that the schedule requests at a tick."""
    schedule = snapshot_schedule(declaration, snapshot_job(declaration))
    made = schedule(dg.build_schedule_context(instance, scheduled_execution_time=tick))
    assert isinstance(made, list)
    return made


def taken(instance: dg.DagsterInstance, *keys: str) -> None:
    """Have these partitions materialised."""
    for key in keys:
        instance.report_runless_asset_event(dg.AssetMaterialization("accounts", partition=key))


def tried(instance: dg.DagsterInstance, key: str) -> None:
    """Have a run of this partition that failed."""

    @dg.job(name="accounts_snapshot")
    def job() -> None: ...

    instance.create_run_for_job(job, tags={"dagster/partition": key}, status=dg.DagsterRunStatus.FAILURE)


def test_a_schedule_takes_the_last_day_that_is_over(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """And no history that nobody has asked for."""
    assert requested(declared(tmp_path), instance) == ["2026-03-09"]


def test_what_was_missed_is_taken_oldest_first(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Since the first day that was ever taken; here the machine was off for three days."""
    taken(instance, "2026-03-04", "2026-03-05")

    assert requested(declared(tmp_path), instance) == ["2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09"]


def test_the_queue_takes_the_oldest_first(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Dagster submits what a tick requests from several threads, in any order."""
    taken(instance, "2026-03-06")

    made = requests(declared(tmp_path), instance, TICK)

    assert [request.tags["dagster/priority"] for request in made] == ["0", "-1", "-2"]


def test_a_gap_is_filled_whatever_was_taken_after_it(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """The newest one alone does not say that nothing is missing."""
    taken(instance, "2026-03-05", "2026-03-06", "2026-03-08")

    assert requested(declared(tmp_path), instance) == ["2026-03-07", "2026-03-09"]


def test_a_partition_whose_run_failed_waits_for_a_person(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Re-execution is theirs; trying each night again would hide it."""
    taken(instance, "2026-03-06")
    tried(instance, "2026-03-07")

    assert requested(declared(tmp_path), instance) == ["2026-03-08", "2026-03-09"]


def test_only_what_the_schedule_wanted_counts_as_missed(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Here Mondays alone."""
    taken(instance, "2026-02-15")

    mondays = requested(declared(tmp_path, cron="0 1 * * 1"), instance, datetime(2026, 3, 9, 1, 0, tzinfo=UTC))

    assert mondays == ["2026-02-22", "2026-03-01", "2026-03-08"]


def test_after_a_long_time_no_more_than_a_month_of_readings_is_caught_up(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """The rest is a backfill, which somebody starts."""
    taken(instance, "2026-01-02")

    assert len(requested(declared(tmp_path), instance)) == 32


def test_a_query_of_the_present_has_nothing_to_catch_up(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """It is asked now, for today, however late that is."""
    taken(instance, "2026-03-04")
    declaration = declared(tmp_path, PRESENT)

    assert requested(declaration, instance) == [key_at(declaration, datetime.now(UTC))]


def test_hours_are_caught_up_like_days(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Through the night in which the clocks go back, whose second hour has a name of its own."""
    declaration = declared(tmp_path, cron="5 * * * *", partitions="hourly", timezone="Europe/Berlin")
    taken(instance, "2026-10-25-00:00")

    keys = requested(declaration, instance, datetime(2026, 10, 25, 3, 5, tzinfo=UTC))

    assert keys == ["2026-10-25-01:00", "2026-10-25-02:00", "2026-10-25-02:00+0100", "2026-10-25-03:00"]


def test_each_tick_is_requested_once(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Dagster drops a request whose key it has seen."""
    [request] = requests(declared(tmp_path), instance, TICK)

    assert request.run_key == "2026-03-10T01:00:00+00:00 2026-03-09"
