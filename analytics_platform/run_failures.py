"""Says under a delivery that ended without a word what has become of its events."""

import dagster as dg

from analytics_platform.ops import delivery
from analytics_platform.sensors import is_drain

LOOK_SECONDS = 15

CONFIRMED = (
    "What was confirmed is not sent again, but for a request that was on its way: "
    "that one the vendor knows by its deduplication key."
)
OF_A_DRAIN = (
    "The worker of this run was killed, or never started. Nothing is lost, and there is nothing to do: "
    f"what was not delivered yet still waits, and the next run takes it. {CONFIRMED} "
    "If events were rejected before the end, re-executing this run delivers them."
)
OF_A_REPLAY = (
    "The worker of this run was killed, or never started. Nothing is lost: "
    f"the dead letters that it had not delivered yet are still there, and re-executing it takes them. {CONFIRMED}"
)


@dg.run_failure_sensor(
    monitored_jobs=[delivery],
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=LOOK_SECONDS,
)
def killed_deliveries(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    """Tells what there is to know of a run whose op had no time to fail; Dagster says only that it died."""
    if context.get_step_failure_events():
        return dg.SkipReason("it says itself why it failed")  # without one, Dagster notes under it that we have acted
    run = context.dagster_run
    context.instance.report_engine_event(OF_A_DRAIN if is_drain(run) else OF_A_REPLAY, run)
    return None
