"""The one op, and the one job, of delivery."""

import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg

from analytics_platform.delivery.job import Surroundings
from analytics_platform.delivery.run import Attempt, Report, execute
from analytics_platform.metadata import describe, health, sentence
from analytics_platform.resources import Platform
from analytics_platform.settings import ConfigurationError
from analytics_platform.staging.base import LIVE, StagingError

RETRY = dg.RetryPolicy(max_retries=3, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""Tries for about a minute, in the same process, under the same lease; longer waits are the stream's `retry_at`."""

LONGEST_PAUSE = 60.0  # seconds between two tries of the op


class Deliver(dg.Config):
    """What a run delivers: a stream of a destination, or of a replay some letters."""

    destination: str
    stream: str = LIVE  # `live`, a lane of it, or a redelivery
    selection: str | None = None  # of dead letters, made by `analytics replay`; None drains
    rate: float = 0  # requests a second of a replay; 0 is as many as the destination is to have


@dg.op(retry_policy=RETRY)
def deliver(context: dg.OpExecutionContext, config: Deliver, platform: Platform) -> None:
    """Drain one destination; in a re-execution, deliver what the earlier runs buried or could not deliver."""
    attempt = Attempt(
        run_id=context.run_id,
        re_executes=[*ancestors(context.run, context.instance), *([config.selection] if config.selection else [])],
        is_last=context.retry_number >= RETRY.max_retries,
        pause=LONGEST_PAUSE,
        stream=config.stream,
    )
    outcome = try_once(config.destination, attempt, platform, config.rate, context.log.info)
    if isinstance(outcome, dg.Failure):
        if outcome.metadata and not outcome.allow_retries:
            context.log_event(health(config.destination, outcome.metadata))
        raise outcome
    metadata = describe(outcome)
    context.log_event(health(config.destination, metadata))
    context.add_output_metadata({**metadata})


@dg.job(executor_def=dg.in_process_executor)
def delivery() -> None:
    """Delivers to one destination."""
    deliver()


def try_once(
    destination: str,
    attempt: Attempt,
    platform: Platform,
    rate: float = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> Report | dg.Failure:
    """One try of a run, at no more than `rate` requests a second; a failure says in a sentence what there is to do.

    `tell` is told how far the run is, if that takes long.

    An error's own words stay out of it, since they could quote an event.
    """
    try:
        report = _execute(destination, attempt, platform, rate, tell)
    except ConfigurationError as error:
        return dg.Failure(f"{error}.", allow_retries=False)
    except StagingError as error:
        return dg.Failure(f"{destination}: {error}. Nothing is sent until the store is back.")
    except Exception as error:  # noqa: BLE001  whatever it is, the run fails with it
        return dg.Failure(
            f"{destination}: an error of ours, {type(error).__name__} at {place(error)}. Nothing is lost."
        )
    if not report.is_failure:
        return report
    again = report.ending is None
    return dg.Failure(sentence(destination, report), metadata={**describe(report)}, allow_retries=again)


def _execute(
    destination: str, attempt: Attempt, platform: Platform, rate: float, tell: Callable[[str], None]
) -> Report:
    settings = platform.settings()
    job = replace(platform.job(settings, destination), rate=rate)
    staging = platform.staging(settings)
    world = Surroundings(
        staging,
        time.time,
        time.sleep,
        lambda: None,
        lambda: platform.is_stopping(settings),
        suppressed=platform.suppressed(settings, staging).among,
        tell=tell,
    )
    try:
        return execute(job, attempt, world)
    finally:
        staging.close()


def place(error: Exception) -> str:
    """The files and lines that led to an error."""
    return " > ".join(
        f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
    )


def ancestors(run: dg.DagsterRun, instance: dg.DagsterInstance) -> list[str]:
    """The runs that this one re-executes, nearest first; empty for a run that the sensor started."""
    chain: list[str] = []
    parent = run.parent_run_id
    while parent:
        chain.append(parent)
        earlier = instance.get_run_by_id(parent)
        parent = earlier.parent_run_id if earlier else None
    return chain
