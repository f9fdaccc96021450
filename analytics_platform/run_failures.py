"""Says under a delivery that ended without a word what has become of its events."""

import time
from collections.abc import Callable

import dagster as dg

from analytics_platform.ops import delivery
from analytics_platform.sensors import is_drain

LOOK_SECONDS = 15
BUDGET_SECONDS = 5.0  # of one look; the rest waits for the next
MOST_AT_ONCE = 1000

CONFIRMED = (
    "What was confirmed is not sent again, but for a request that was on its way: "
    "that one the vendor knows by its deduplication key."
)
OF_A_DRAIN = (
    "The worker of this run was killed, or never started. That loses no event, and there is nothing to do: "
    f"what was not delivered yet still waits, and the next run takes it. {CONFIRMED} "
    "If events were rejected before the end, re-executing this run delivers them."
)
OF_A_REPLAY = (
    "The worker of this run was killed, or never started. That loses no event: "
    f"the dead letters that it had not delivered yet are still there, and re-executing it takes them. {CONFIRMED}"
)


@dg.sensor(minimum_interval_seconds=LOOK_SECONDS, default_status=dg.DefaultSensorStatus.RUNNING)
def killed_deliveries(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Tells what there is to know of a run whose op had no time to fail; Dagster says only that it died.

    The daemon may find hundreds of them when it is back from an outage. Dagster's own sensor for failed runs looks at
    five in a tick, and at no more once it has met one that says itself why it failed.
    """
    if not (context.cursor or "").isdecimal():
        context.update_cursor(str(_newest(context.instance)))
        return dg.SkipReason("what fails from now on is looked at")
    looked_at, seen = explain(context.instance, int(context.cursor or 0), time.monotonic)
    context.update_cursor(str(seen))
    return dg.SkipReason(f"{looked_at} more runs have failed" if looked_at else "no run has failed since")


def explain(instance: dg.DagsterInstance, seen: int, monotonic: Callable[[], float]) -> tuple[int, int]:
    """Look at the failures after the one with this id, as far as the time allows: how many, and the last one's id."""
    wanted = dg.RunStatusChangeRecordsFilter(dg.DagsterEventType.RUN_FAILURE, after_storage_id=seen)
    deadline = monotonic() + BUDGET_SECONDS
    looked_at = 0
    for record in instance.fetch_run_status_changes(wanted, limit=MOST_AT_ONCE, ascending=True).records:
        if monotonic() > deadline:
            break
        _explain(instance, record.run_id)
        looked_at, seen = looked_at + 1, record.storage_id
    return looked_at, seen


def _explain(instance: dg.DagsterInstance, run_id: str) -> None:
    run = instance.get_run_by_id(run_id)
    if run is None or run.job_name != delivery.name:
        return  # purged meanwhile, or none of ours
    if not instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE, limit=1).records:
        instance.report_engine_event(OF_A_DRAIN if is_drain(run) else OF_A_REPLAY, run)


def _newest(instance: dg.DagsterInstance) -> int:
    newest = instance.fetch_run_status_changes(dg.DagsterEventType.RUN_FAILURE, limit=1).records
    return newest[0].storage_id if newest else 0
