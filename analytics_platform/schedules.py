"""When the snapshots are taken."""

import dagster as dg

snapshots = dg.define_asset_job("snapshots", selection=dg.AssetSelection.groups("snapshots"))

nightly_snapshots = dg.ScheduleDefinition(
    name="nightly_snapshots",
    job=snapshots,
    cron_schedule="0 1 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
