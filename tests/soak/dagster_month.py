"""Lives a month in Dagster's storage: a day's runs and the purge at its end, one day after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from analytics_platform.purging import Ages, purge

KEPT_WELL, KEPT_FAILED, KEPT_FILES = 7, 14, 2  # days
FAILING = 20  # one run of so many fails
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # at the terminal, not in the storage


@dg.op
def deliver(context: dg.OpExecutionContext) -> None:
    """Does what a run of delivery does in Dagster: an observation of its asset, metadata, success or failure."""
    figures = {name: dg.MetadataValue.int(1) for name in ("delivered", "skipped", "buried", "requests", "bytes")}
    context.log_event(dg.AssetObservation(["destinations", "steady"], metadata=figures))
    if context.run.tags.get("fails"):
        raise dg.Failure("events were refused", metadata=figures, allow_retries=False)
    context.add_output_metadata(figures)


@dg.job(executor_def=dg.in_process_executor)
def delivery() -> None:
    """Delivers nothing."""
    deliver()


@dataclass(frozen=True)
class Evening:
    """What there is at the end of a day."""

    day: int
    runs: int  # that Dagster knows
    bytes: int


def days(instance: dg.DagsterInstance, count: int, runs: int, size: Callable[[], int]) -> Iterator[Evening]:
    """So many days with so many runs each; a day lasts as long as its runs take, and ages are in these days."""
    mornings: list[datetime] = []
    for day in range(1, count + 1):
        mornings.append(datetime.now(UTC))
        for number in range(runs):
            tags = {"destination": "steady"} | ({"fails": "yes"} if number % FAILING == 0 else {})
            delivery.execute_in_process(instance=instance, tags=tags, raise_on_error=False, run_config=SILENT)
        now = datetime.now(UTC)
        ages = Ages(*(_age(mornings, now, kept) for kept in (KEPT_WELL, KEPT_FAILED, KEPT_FILES)))
        purge(instance, ages, now, lambda _: False)
        yield Evening(day, instance.get_runs_count(), size())


def _age(mornings: list[datetime], now: datetime, kept: int) -> timedelta:
    """What is so many simulated days old began before this; of a younger month nothing is."""
    return now - mornings[-kept] if len(mornings) >= kept else timedelta(days=1)
