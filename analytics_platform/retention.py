"""Lets go of what is old in the staging store, in small steps that leave room for everybody else."""

from collections.abc import Callable
from dataclasses import dataclass, field

from analytics_platform.staging.base import Staging
from analytics_platform.staging.retention import Expired, Horizons

STEP_ROWS = 500  # in one transaction: some tens of milliseconds in which nobody else can write
STEP_PAGES = 250  # the same, a megabyte
REST = 3.0  # times as long as a step took is waited after it
LONGEST_SECONDS = 1800.0  # of one round; the next one goes on
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Keep:
    """How long things are kept, in seconds."""

    events: float  # that every destination has settled; dead letters after their end; the quarantine; runs
    backlog: float  # events that some destination has not settled


@dataclass(slots=True)
class Round:
    """What one round of housekeeping has done."""

    purged: int = 0
    expired: list[Expired] = field(default_factory=list)
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Time:
    """The clocks of a round."""

    clock: Callable[[], float]  # seconds since the epoch
    monotonic: Callable[[], float]  # seconds
    wait: Callable[[float], None]


def keep_house(staging: Staging, keep: Keep, time: Time, stop: Callable[[], bool]) -> Round:
    """Take away what is old until nothing is left of it, half an hour has passed or `stop` says so.

    Raises StagingError.
    """
    done, now, started = Round(), time.clock(), time.monotonic()
    old = now - keep.events
    horizons = Horizons(events=old, letters=old, quarantine=old, runs=old)

    def rest(since: float) -> bool:
        """Give the store to the others for a while; whether the round goes on."""
        time.wait(REST * (time.monotonic() - since))
        return not stop() and time.monotonic() - started < LONGEST_SECONDS

    at = time.monotonic()
    done.expired = staging.expire(now - keep.backlog)
    while purged := staging.purge(horizons, STEP_ROWS):
        done.purged += purged
        if not rest(at):
            return done
        at = time.monotonic()
    while staging.compact(STEP_PAGES):
        if not rest(at):
            return done
        at = time.monotonic()
    done.is_complete = True
    return done
