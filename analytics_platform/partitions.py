"""The partitions of a snapshot: its days or hours, in its time zone."""

from datetime import UTC, datetime

import dagster as dg

from analytics_platform.settings import ConfigurationError
from analytics_platform.snapshots.declaration import Declaration
from analytics_platform.snapshots.period import Period


def partitions_of(declaration: Declaration) -> dg.TimeWindowPartitionsDefinition:
    """Dagster's definition of them.

    A query of the present is taken into the partition that is under way, which therefore exists; one that is asked
    about a time waits until the partition is over.
    """
    ahead = 0 if declaration.is_of_any_time else 1
    if declaration.partitions == "hourly":
        start = f"{declaration.start.isoformat()}-00:00"
        return dg.HourlyPartitionsDefinition(start, timezone=declaration.timezone, end_offset=ahead)
    return dg.DailyPartitionsDefinition(declaration.start.isoformat(), timezone=declaration.timezone, end_offset=ahead)


def period_of(declaration: Declaration, key: str) -> Period:
    """The stretch of time of a partition; raises ConfigurationError for a key that is none."""
    partitions = partitions_of(declaration)
    try:
        window = partitions.time_window_for_partition_key(key)
        canonical = partitions.get_partition_key_for_timestamp(window.start.timestamp())
    except ValueError:
        canonical = None
    if canonical != key:
        shape = "2026-11-24" if declaration.partitions == "daily" else "2026-11-24-13:00"
        raise ConfigurationError(f"{declaration.name} has no partition of this name; write one such as {shape}")
    return Period(key, window.start.astimezone(UTC), window.end.astimezone(UTC))


def key_at(declaration: Declaration, moment: datetime) -> str | None:
    """The partition that is taken at this moment: the one under way, or the last one that is over; None before both."""
    with dg.partition_loading_context(effective_dt=moment):
        return partitions_of(declaration).get_last_partition_key()
