"""Everything that Dagster runs."""

import os
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from analytics_platform.assets import broken_asset, lineage, snapshot_asset
from analytics_platform.housekeeping import hourly_housekeeping, housekeeping
from analytics_platform.ops import delivery
from analytics_platform.resources import Platform
from analytics_platform.run_failures import killed_deliveries
from analytics_platform.schedules import snapshot_job, snapshot_schedule
from analytics_platform.sensors import due_deliveries
from analytics_platform.settings import ConfigurationError, load
from analytics_platform.settings.snapshots import CHECKOUT
from analytics_platform.snapshots.declaration import read_all
from event_registry import registry


def definitions(environ: Mapping[str, str], cwd: Path) -> dg.Definitions:
    """What there is to run; delivery goes on, whatever is wrong with the settings or a snapshot's declaration."""
    try:
        settings = load(environ, cwd)
        folder, destinations = settings.snapshots, [each.name for each in settings.destinations]
    except ConfigurationError:  # each run says it again, where it is read
        folder, destinations = CHECKOUT, []
    snapshots, broken = read_all(folder, registry.default())
    jobs = [snapshot_job(each) for each in snapshots]
    return dg.Definitions(
        assets=[
            *map(snapshot_asset, snapshots),
            *(broken_asset(name, fault) for name, fault in broken.items()),
            *lineage(snapshots, destinations),
        ],
        jobs=[delivery, housekeeping, *jobs],
        schedules=[
            hourly_housekeeping,
            *(snapshot_schedule(each, job) for each, job in zip(snapshots, jobs, strict=True)),
        ],
        sensors=[due_deliveries, killed_deliveries],
        resources={"platform": Platform()},
        executor=dg.in_process_executor,
    )


defs = definitions(os.environ, Path.cwd())
