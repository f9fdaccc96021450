"""Does the hourly job keep an installation bounded, and say what was lost?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from analytics_platform.definitions import defs
from analytics_platform.housekeeping import hourly_housekeeping, is_needed, partitions_looked_back_at
from analytics_platform.ops import delivery
from analytics_platform.retention import DAY
from analytics_platform.schedules import PARTITION_TAG, snapshot_job, snapshot_schedule
from analytics_platform.snapshots.declaration import read
from analytics_platform.staging.base import Burial, Dead, Entry, Settlement, Staging
from analytics_platform.staging.retention import Horizons
from event_registry import registry
from tests.application import OF_A_DAY, write
from tests.fakes.clock import Clock
from tests.installation import Installation
from tests.stores import take

pytest_plugins = ["tests.installation_fixtures"]


def append(installation: Installation, days_ago: float) -> None:
    """Have an event accepted so many days ago, and how far the log was noted then."""
    clock = Clock(datetime.now(UTC).timestamp() - days_ago * DAY)
    staging = installation.open_staging(clock)
    staging.append([Entry("web", f"m-{days_ago}", clock(), '{"type": "track"}')])
    staging.purge(Horizons(0, 0, 0, 0), 0)
    staging.close()


def deliver(staging: Staging, destination: str) -> None:
    """Have a destination settle everything."""
    lease = take(staging, f"run-{destination}", destination)
    staging.settle(lease, Settlement(delivered=staging.pending(destination, 100)))


def keep_house(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """Run the job as the schedule does."""
    return defs.get_job_def("housekeeping").execute_in_process(instance=instance, raise_on_error=False)


def known_run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, **tags: str) -> dg.DagsterRun:
    """A run that has ended so."""
    config = {"ops": {"deliver": {"config": {"destination": "strict"}}}}
    return instance.create_run_for_job(delivery, run_config=config, tags=tags, status=status)


def failed_run(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    """A failed run of delivery to `strict`."""
    return known_run(instance, dg.DagsterRunStatus.FAILURE, destination="strict", **tags)


def test_what_is_old_and_settled_leaves_the_store(installation: Installation, instance: dg.DagsterInstance) -> None:
    """After ANALYTICS_RETENTION_DAYS, 30 unless it is set."""
    for days_ago in (31, 29):
        append(installation, days_ago)
    staging = installation.open_staging()
    for destination in ("strict", "other"):
        deliver(staging, destination)

    result = keep_house(instance)

    assert result.success
    assert [event.message_id for event in staging.logged(None, 0, 10)] == ["m-29"]


def test_the_retention_is_a_setting(
    installation: Installation, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A week at least, in which duplicates are known."""
    append(installation, 9)
    append(installation, 1)
    staging = installation.open_staging()
    for destination in ("strict", "other"):
        deliver(staging, destination)
    monkeypatch.setenv("ANALYTICS_RETENTION_DAYS", "7")

    keep_house(instance)

    assert [event.message_id for event in staging.logged(None, 0, 10)] == ["m-1"]


def test_a_destination_that_has_lost_events_fails_the_run(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Which says how many, why, and what to do; the other half of the housekeeping is done all the same."""
    append(installation, 91)
    append(installation, 89)
    staging = installation.open_staging()
    deliver(staging, "other")

    result = keep_house(instance)

    assert not result.success
    message = str(result.failure_data_for_node("tidy_store").user_failure_data.description)  # type: ignore[union-attr]
    assert "waited for 90 days (ANALYTICS_BACKLOG_DAYS): strict (1)" in message
    assert [event.node_name for event in result.get_step_success_events()] == ["purge_runs"]
    assert staging.counts("strict").expired == 1
    assert staging.counts("strict").pending == 1


def test_one_that_is_out_of_the_configuration_fails_nothing(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Somebody has taken it out; what it misses is counted, and does not hold up the log for ever."""
    staging = installation.open_staging()
    staging.register(["former"])
    append(installation, 91)
    for destination in ("strict", "other"):
        deliver(staging, destination)

    assert keep_house(instance).success

    assert staging.counts("former").expired == 1
    assert staging.logged(None, 0, 10) == []


def test_a_store_that_is_not_there_fails_the_run_with_a_sentence(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """The next hour tries again."""
    path = installation.data / "staging.db"
    path.unlink()
    path.mkdir()

    result = keep_house(instance)

    message = str(result.failure_data_for_node("tidy_store").user_failure_data.description)  # type: ignore[union-attr]
    assert "unable to open database file; " in message
    assert message.endswith(". The next hour's run goes on.")


def test_it_runs_every_hour_unasked() -> None:
    """Nobody has to switch it on."""
    schedule = hourly_housekeeping

    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert schedule.cron_schedule == "17 * * * *"


def test_a_failed_run_is_needed_while_its_dead_letters_are_open(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Re-executing it is how they are replayed; once they are settled it may go."""
    run, other = failed_run(instance), failed_run(instance)
    installation.accept("m-1")
    staging = installation.open_staging()
    lease = take(staging, run.run_id, "strict")
    staging.settle(lease, Settlement(dead=[Burial(staging.pending("strict", 1)[0], "HTTP 400")]))
    needed = is_needed(staging, set())

    assert (needed(run), needed(other)) == (True, False)

    staging.discard_letters(Dead(destination="strict"))
    assert not needed(run)


def test_so_is_the_failed_replay_of_a_selection(installation: Installation, instance: dg.DagsterInstance) -> None:
    """Its letters bear the id of the run that buried them, and were selected for it."""
    installation.accept("m-1")
    staging = installation.open_staging()
    lease = take(staging, "purged long ago", "strict")
    staging.settle(lease, Settlement(dead=[Burial(staging.pending("strict", 1)[0], "HTTP 400")]))
    staging.select_letters(Dead(destination="strict"), "selection-1")

    assert is_needed(staging, set())(failed_run(instance, replay="selection-1"))
    assert not is_needed(staging, set())(failed_run(instance, replay="selection-2"))


def test_a_snapshot_that_its_schedule_may_ask_about_is_needed(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be taken again: whether it was, Dagster knows by its run alone."""
    write(tmp_path / "snapshots", OF_A_DAY)
    monkeypatch.setenv("ANALYTICS_SNAPSHOTS", str(tmp_path / "snapshots"))
    now = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
    settings, staging = installation.platform.settings(), installation.open_staging()
    needed = is_needed(staging, partitions_looked_back_at(settings, now))

    with dg.instance_for_test() as instance:
        declaration = read(tmp_path / "snapshots", "accounts", registry.default())

        def run_of(days_ago: int) -> dg.DagsterRun:
            """A run of the partition so many days ago."""
            key = (now - timedelta(days=days_ago)).strftime("%Y-%m-%d")
            return known_run(instance, dg.DagsterRunStatus.SUCCESS, **{PARTITION_TAG: key})

        kept = [days for days in range(60) if needed(run_of(days))]
        for days in kept:
            key = (now - timedelta(days=days)).strftime("%Y-%m-%d")
            instance.report_runless_asset_event(dg.AssetMaterialization("accounts", partition=key))
        schedule = snapshot_schedule(declaration, snapshot_job(declaration))
        tick = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
        requested = schedule(dg.build_schedule_context(instance, scheduled_execution_time=tick))

    assert 31 <= len(kept) <= 33
    assert isinstance(requested, list)
    assert [request.partition_key for request in requested] == ["2026-06-30"]


def test_no_snapshot_goes_while_a_declaration_cannot_be_read(
    installation: Installation, tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its schedule is not known then."""
    write(tmp_path / "snapshots", OF_A_DAY, cron="not a schedule")
    monkeypatch.setenv("ANALYTICS_SNAPSHOTS", str(tmp_path / "snapshots"))
    partitions = partitions_looked_back_at(installation.platform.settings(), datetime.now(UTC))
    run = known_run(instance, dg.DagsterRunStatus.SUCCESS, **{PARTITION_TAG: "1999-01-01"})

    assert partitions is None
    assert is_needed(installation.open_staging(), partitions)(run)
    assert not is_needed(installation.open_staging(), set())(run)
