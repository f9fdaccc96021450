"""The one sensor: which streams get a run, and which runs are orphans."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from analytics_platform.delivery.due import Stream, due, has_budget
from analytics_platform.delivery.patience import is_ahead
from analytics_platform.launching import DESTINATION_TAG, PRIORITY_TAG, REPLAY_TAG, STREAM_TAG
from analytics_platform.ops import delivery
from analytics_platform.resources import Platform
from analytics_platform.staging.base import LIVE, Staging, lease_on, live
from analytics_platform.staging.streams import REDELIVERY

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


# By its name: of a sensor with the job itself Dagster makes a copy, with a parameter whose use it then warns of.
@dg.sensor(job_name=delivery.name, minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def due_deliveries(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    """Requests one run for each stream that is due and has none; fails runs whose heart has stopped.

    A destination whose number of lanes has changed in the settings gets other streams before that.
    """
    settings = platform.settings()
    thresholds = platform.thresholds(settings)
    count_to = max(threshold.batch_size for threshold in thresholds.values())
    staging = platform.staging(settings)
    try:
        for destination in settings.destinations:
            staging.split(destination.name, destination.lanes)
        in_flight = drains_in_flight(context.instance, staging)
        started = time.monotonic()
        while not (streams := due(staging.streams(thresholds, count_to), thresholds, in_flight, time.time())):
            if time.monotonic() - started > LONG_POLL or platform.is_stopping(settings):
                break
            time.sleep(POLL)
    finally:
        staging.close()
    now = time.time()
    affordable = [stream for stream in streams if has_budget(starts_of_a_day(context.instance, *stream, now), now)]
    return dg.SensorResult(run_requests=[request(*stream) for stream in affordable])


def request(destination: str, stream: str = LIVE) -> dg.RunRequest:
    """A run of the destination's stream; those of live delivery leave Dagster's queue first."""
    is_history = stream.startswith(REDELIVERY)
    return dg.RunRequest(
        tags={
            DESTINATION_TAG: destination,
            STREAM_TAG: lease_on(destination, stream),
            **({PRIORITY_TAG: "-1"} if is_history else {}),
        },
        run_config={"ops": {"deliver": {"config": {"destination": destination, "stream": stream}}}},
    )


def starts_of_a_day(instance: dg.DagsterInstance, destination: str, stream: str, now: float) -> list[float]:
    """When the stream's drains of the last day were requested, in seconds since the epoch."""
    wanted = dg.RunsFilter(
        job_name=delivery.name,
        tags={STREAM_TAG: lease_on(destination, stream)},
        created_after=datetime.fromtimestamp(now, UTC) - timedelta(days=1),
    )
    records = instance.get_run_records(wanted)
    return [each.create_timestamp.timestamp() for each in records if is_drain(each.dagster_run)]


def drains_in_flight(instance: dg.DagsterInstance, staging: Staging) -> Counter[Stream]:
    """How many drains each stream has in flight, once the orphans among all runs are marked failed."""
    records = instance.get_run_records(dg.RunsFilter(job_name=delivery.name, statuses=IN_FLIGHT))
    lost = orphans(records, staging, time.time())
    counts: Counter[Stream] = Counter()
    for record in records:
        run = record.dagster_run
        if run.run_id in lost:
            instance.report_run_failed(run, "Its worker is gone, or it never got one. Delivery goes on by itself.")
        elif is_drain(run):
            counts[stream_of(run)] += 1
    return counts


def stream_of(run: dg.DagsterRun) -> Stream:
    """What a drain drains; one that an earlier version has requested bears no tag of its stream."""
    destination = run.tags.get(DESTINATION_TAG, "")
    return destination, run.tags.get(STREAM_TAG, live(destination)).removeprefix(f"{destination}/")


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
