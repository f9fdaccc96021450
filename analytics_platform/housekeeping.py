"""The scheduled job that keeps the store and Dagster's own storage bounded."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import dagster as dg

from analytics_platform.launching import DESTINATION_TAG, REPLAY_TAG
from analytics_platform.purging import Ages, purge
from analytics_platform.resources import Platform
from analytics_platform.retention import DAY, Keep, Round, Time, keep_house
from analytics_platform.schedules import PARTITION_TAG, looked_back_at
from analytics_platform.settings import Settings
from analytics_platform.snapshots.declaration import read_all
from analytics_platform.staging.base import Staging, StagingError
from event_registry import registry

HOUSEKEEPING_TAG = "housekeeping"


@dg.op
def tidy_store(context: dg.OpExecutionContext, platform: Platform) -> None:
    """Let the staging store go of what is old; fails when a configured destination has lost events for good."""
    settings = platform.settings()
    keep = Keep(settings.retention.days * DAY, settings.retention.backlog_days * DAY)
    clocks = Time(time.time, time.monotonic, time.sleep)
    try:
        staging = platform.staging(settings)
        try:
            done = keep_house(staging, keep, clocks, partial(platform.is_stopping, settings))
        finally:
            staging.close()
    except StagingError as error:
        raise dg.Failure(f"{error}. The next hour's run goes on.", allow_retries=False) from None
    context.add_output_metadata({"purged": done.purged, "expired": sum(each.events for each in done.expired)})
    if lost := losses(done, settings):
        raise dg.Failure(lost, allow_retries=False)


def losses(done: Round, settings: Settings) -> str:
    """What configured destinations will never get, in a sentence; empty when that is nothing.

    One that is out of the configuration has no alarm: whoever took it out has said so.
    """
    configured = {destination.name for destination in settings.destinations}
    lost = [f"{each.destination} ({each.events})" for each in done.expired if each.destination in configured]
    if not lost:
        return ""
    return (
        f"Events have expired that waited for {settings.retention.backlog_days} days (ANALYTICS_BACKLOG_DAYS): "
        f"{', '.join(lost)}. They will not be delivered, and are counted as expired. Mend what keeps the destination "
        "from taking events, or take it out of the configuration."
    )


@dg.op
def purge_runs(context: dg.OpExecutionContext, platform: Platform) -> None:
    """Have Dagster forget its old runs; failed ones stay as long as they have something to replay."""
    settings = platform.settings()
    days = settings.retention
    ages = Ages(ended_well=timedelta(days=days.run_days), failed=timedelta(days=max(days.run_days, days.days)))
    now = datetime.now(UTC)
    staging = platform.staging(settings)
    try:
        needed = is_needed(staging, partitions_looked_back_at(settings, now))
        done = purge(context.instance, ages, now, needed, partial(platform.is_stopping, settings))
    finally:
        staging.close()
    context.add_output_metadata({"runs": done.runs, "kept for their dead letters": done.kept, "files": done.files})


def is_needed(staging: Staging, partitions: set[str] | None) -> Callable[[dg.DagsterRun], bool]:
    """Whether a run is still good for something: its dead letters to replay, its partition not to be taken again.

    `partitions` are those that somebody may ask about; None is all of them.
    """

    def needed(run: dg.DagsterRun) -> bool:
        partition = run.tags.get(PARTITION_TAG)
        if partition is not None and (partitions is None or partition in partitions):
            return True
        destination = run.tags.get(DESTINATION_TAG)
        if destination is None or run.status != dg.DagsterRunStatus.FAILURE:
            return False
        names = [run.run_id, *([selection] if (selection := run.tags.get(REPLAY_TAG)) else [])]
        return staging.count_open_letters(destination, names) > 0

    return needed


def partitions_looked_back_at(settings: Settings, now: datetime) -> set[str] | None:
    """The partitions of snapshots that a schedule may ask about: if they were taken, or tried, that must be known.

    None while a declaration cannot be read, since its schedule is not known then.
    """
    snapshots, faults = read_all(settings.snapshots, registry.default())
    return None if faults else {key for each in snapshots for key in looked_back_at(each, now)}


@dg.job(executor_def=dg.in_process_executor, tags={HOUSEKEEPING_TAG: "yes"})
def housekeeping() -> None:
    """Keeps the store and Dagster's storage bounded; neither half waits for the other."""
    tidy_store()
    purge_runs()


hourly_housekeeping = dg.ScheduleDefinition(
    name="hourly_housekeeping",
    job=housekeeping,
    cron_schedule="17 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
