"""The one sensor: which destinations get a run, and which runs are orphans."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from analytics_platform.delivery.due import due, has_budget
from analytics_platform.delivery.patience import is_ahead
from analytics_platform.launching import DESTINATION_TAG, REPLAY_TAG
from analytics_platform.ops import delivery
from analytics_platform.resources import Platform
from analytics_platform.staging.base import Staging

IN_FLIGHT = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

LONG_POLL = 3.5  # seconds: Dagster's sensor loop turns every 5, an evaluation over 3.8 makes it skip one
POLL = 0.25  # seconds
UNLAUNCHED_SECONDS = 300.0  # a run that was made and not queued for so long was forgotten by a daemon that died
ORPHAN_SECONDS = 60.0  # a started run that the store has not heard of, or has seen end, for so long is an orphan


@dg.sensor(job=delivery, minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def due_deliveries(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    """Requests one run for each destination that is due and has none; fails runs whose heart has stopped."""
    settings = platform.settings()
    thresholds = platform.thresholds(settings)
    count_to = max(threshold.batch_size for threshold in thresholds.values())
    staging = platform.staging(settings)
    try:
        in_flight = drains_in_flight(context.instance, staging)
        started = time.monotonic()
        while not (names := due(staging.streams(thresholds, count_to), thresholds, in_flight, time.time())):
            if time.monotonic() - started > LONG_POLL or platform.is_stopping(settings):
                break
            time.sleep(POLL)
    finally:
        staging.close()
    now = time.time()
    affordable = [name for name in names if has_budget(starts_of_a_day(context.instance, name, now), now)]
    return dg.SensorResult(run_requests=[request(name) for name in affordable])


def request(destination: str) -> dg.RunRequest:
    """A run of the destination."""
    return dg.RunRequest(
        tags={DESTINATION_TAG: destination},
        run_config={"ops": {"deliver": {"config": {"destination": destination}}}},
    )


def starts_of_a_day(instance: dg.DagsterInstance, destination: str, now: float) -> list[float]:
    """When the destination's drains of the last day were requested, in seconds since the epoch."""
    wanted = dg.RunsFilter(
        job_name=delivery.name,
        tags={DESTINATION_TAG: destination},
        created_after=datetime.fromtimestamp(now, UTC) - timedelta(days=1),
    )
    records = instance.get_run_records(wanted)
    return [each.create_timestamp.timestamp() for each in records if is_drain(each.dagster_run)]


def drains_in_flight(instance: dg.DagsterInstance, staging: Staging) -> Counter[str]:
    """How many drains each destination has in flight, once the orphans among all runs are marked failed."""
    records = instance.get_run_records(dg.RunsFilter(job_name=delivery.name, statuses=IN_FLIGHT))
    lost = orphans(records, staging, time.time())
    counts: Counter[str] = Counter()
    for record in records:
        run = record.dagster_run
        if run.run_id in lost:
            instance.report_run_failed(run, "Its worker is gone, or it never got one. Live delivery goes on by itself.")
        elif is_drain(run):
            counts[run.tags.get(DESTINATION_TAG, "")] += 1
    return counts


def is_drain(run: dg.DagsterRun) -> bool:
    """Whether it is neither a re-execution nor a replay, which work beside the drains."""
    return run.parent_run_id is None and REPLAY_TAG not in run.tags


def orphans(records: Sequence[dg.RunRecord], staging: Staging, now: float) -> set[str]:
    """The runs that Dagster takes for started although nobody works on them any more."""
    started = {
        record.dagster_run.run_id: record.start_time or now
        for record in records
        if record.dagster_run.status == dg.DagsterRunStatus.STARTED
    }
    last_sign = {
        record.run_id: record.ended_at + ORPHAN_SECONDS if record.ended_at is not None else record.alive_until
        for record in staging.runs(started)
    }
    return _unlaunched(records, now) | {
        run_id for run_id, since in started.items() if not is_ahead(last_sign.get(run_id, since + ORPHAN_SECONDS), now)
    }


def _unlaunched(records: Sequence[dg.RunRecord], now: float) -> set[str]:
    """The runs that were made and that nobody will ever queue."""
    return {
        record.dagster_run.run_id
        for record in records
        if record.dagster_run.status == dg.DagsterRunStatus.NOT_STARTED
        and now - record.create_timestamp.timestamp() >= UNLAUNCHED_SECONDS
    }
