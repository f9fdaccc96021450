"""The snapshot assets."""

import time

import dagster as dg

from analytics_platform.resources import Platform

SCHEDULED_TAG = "dagster/scheduled_execution_time"


@dg.asset(group_name="snapshots")
def accounts(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
    """Seats, plan and monthly recurring revenue of each account of the demo application, sent as group() calls."""
    from analytics_platform.snapshots import accounts as snapshot  # noqa: PLC0415  pandas would slow every other run
    from analytics_platform.snapshots.calls import entries, group_calls  # noqa: PLC0415  the same
    from event_registry import registry  # noqa: PLC0415  the same

    settings, now = platform.settings(), time.time()
    frame = snapshot.read(settings.data_dir / "demo.db")
    calls = group_calls(snapshot.NAME, frame.to_dict("records"), occasion(context.run), now)
    staging = platform.staging(settings)
    try:
        sent = sum(platform.suppressed(settings, staging).append(entries(calls, registry.default(), now)))
    finally:
        staging.close()
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(frame),
            "sent": sent,
            "seat_count": int(frame["seat_count"].sum()),
            "mrr": float(frame["mrr"].sum()),
        }
    )


def occasion(run: dg.DagsterRun) -> str:
    """What a reading is for: its scheduled time, or the run that somebody started; a re-execution is for the same."""
    return run.tags.get(SCHEDULED_TAG) or run.root_run_id or run.run_id
