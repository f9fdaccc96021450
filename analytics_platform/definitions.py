"""Everything that Dagster runs."""

import dagster as dg

from analytics_platform.assets import accounts
from analytics_platform.ops import delivery
from analytics_platform.resources import Platform
from analytics_platform.schedules import nightly_snapshots
from analytics_platform.sensors import due_deliveries

defs = dg.Definitions(
    assets=[accounts],
    jobs=[delivery],
    schedules=[nightly_snapshots],
    sensors=[due_deliveries],
    resources={"platform": Platform()},
    executor=dg.in_process_executor,
)
