"""When the snapshots are taken."""

from datetime import UTC, datetime
from itertools import islice

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._utils.schedules import schedule_execution_time_iterator  # the one that schedules themselves run by

from analytics_platform.launching import PRIORITY_TAG
from analytics_platform.partitions import key_at, partitions_of
from analytics_platform.snapshots.declaration import Declaration

SNAPSHOT_TAG = "snapshot"
PARTITION_TAG = "dagster/partition"
CATCH_UP = 31  # scheduled readings that are looked back at for missed ones


def snapshot_job(declaration: Declaration) -> UnresolvedAssetJobDefinition:
    """The job that takes one snapshot."""
    tags = {SNAPSHOT_TAG: declaration.name}  # by which dagster.yaml lets them run one after the other
    return dg.define_asset_job(f"{declaration.name}_snapshot", selection=[declaration.name], tags=tags)


def snapshot_schedule(declaration: Declaration, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """The schedule that takes it, and what it has missed.

    After an outage Dagster evaluates the last missed tick, and only that one: so each evaluation looks back itself.
    """

    @dg.schedule(
        name=f"{declaration.name}_schedule",
        job=job,
        cron_schedule=declaration.cron,
        execution_timezone=declaration.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def scheduled(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        tick = context.scheduled_execution_time
        # The present is read now, however late the evaluation is.
        moment = tick if declaration.is_of_any_time else max(tick, datetime.now(UTC))
        key = key_at(declaration, moment)
        wanted = [*missed(declaration, job.name, context.instance, tick), *([key] if key else [])]
        return [_request(each, place, tick) for place, each in enumerate(wanted)]

    return scheduled


def _request(partition: str, place: int, tick: datetime) -> dg.RunRequest:
    """The request of one partition; the queue takes the oldest first, in whatever order Dagster submits them."""
    return dg.RunRequest(
        partition_key=partition, run_key=f"{tick.isoformat()} {partition}", tags={PRIORITY_TAG: str(-place)}
    )


def missed(declaration: Declaration, job: str, instance: dg.DagsterInstance, tick: datetime) -> list[str]:
    """The partitions that earlier ticks should have taken and that no run was ever started for, oldest first.

    Only of a query that can go back to them, and only those after the first partition that was taken: the
    history before it is a backfill, which somebody has to want.
    """
    if not declaration.is_of_any_time:
        return []
    taken = instance.get_materialized_partitions(dg.AssetKey(declaration.name))
    if not taken:
        return []
    partitions = partitions_of(declaration)

    def starts(key: str) -> float:  # as a number: local times of the hour that happens twice are equal
        return partitions.start_time_for_partition_key(key).timestamp()

    first = min(map(starts, taken))
    wanted = looked_back_at(declaration, tick) - {key_at(declaration, tick), *taken}
    return [key for key in sorted(wanted, key=starts) if starts(key) > first and not _has_run(instance, job, key)]


def looked_back_at(declaration: Declaration, tick: datetime) -> set[str]:
    """The partitions of the last readings before a tick; whether these were taken must not be forgotten."""
    back = schedule_execution_time_iterator(tick.timestamp(), declaration.cron, declaration.timezone, ascending=False)
    keys = (key_at(declaration, each) for each in islice(back, CATCH_UP + 1) if each < tick)
    return {key for key in keys if key}


def _has_run(instance: dg.DagsterInstance, job: str, key: str) -> bool:
    """Whether a run was ever started for it; one that failed waits for a person."""
    return bool(instance.get_run_records(dg.RunsFilter(job_name=job, tags={PARTITION_TAG: key}), limit=1))
