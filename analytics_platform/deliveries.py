"""Puts together what a delivery works on: the settings of its destination, the adapter, and what the plan says."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analytics_platform.delivery.job import Job
from analytics_platform.destinations import build
from analytics_platform.destinations.filters import filter_of
from analytics_platform.settings import ConfigurationError, Settings

if TYPE_CHECKING:
    from event_registry.registry import Registry


def job_of(settings: Settings, name: str) -> Job:
    """What a run of this destination works on; raises ConfigurationError for a name that is not configured."""
    from event_registry.registry import default  # noqa: PLC0415  the plan is loaded by whoever delivers alone

    found = next((destination for destination in settings.destinations if destination.name == name), None)
    if found is None:
        raise ConfigurationError(f"{name} is not one of the configured destinations: add it to the settings again")
    job = Job(
        name=name,
        kind=found.type,
        destination=build(found, settings.data_dir, lambda: datetime.now(UTC)),
        batch_size=found.batch_size,
        flush_interval=found.flush_interval,
        concurrency=found.concurrency,
        give_up_after=found.give_up_after_hours * 3600,
        rate_limit=found.rate_limit,
        filter=filter_of(found),
    )
    return by_the_plan(job, default())


def by_the_plan(job: Job, plan: "Registry") -> Job:
    """The job without the events that the plan sends elsewhere."""
    return replace(job, elsewhere=plan.kept_from(job.names))
