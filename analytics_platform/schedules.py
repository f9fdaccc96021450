"""When the snapshots are taken."""

import dagster as dg

from analytics_platform.assets import accounts

nightly_snapshots = dg.ScheduleDefinition(
    name="nightly_snapshots",
    target=[accounts],
    cron_schedule="0 1 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
