"""How does a run notice that it may not send any more?"""

from collections import deque

import pytest

from analytics_platform.delivery.heart import SAFE_SECONDS, Heart
from analytics_platform.staging.base import LEASE_SECONDS, LeaseLost, Staging
from tests.fakes.clock import Clock
from tests.stores import OpenStore, take

pytest_plugins = ["tests.staging_fixtures"]

OFTEN = 0.001  # seconds between two beats, so that a test does not wait
NEVER = 3600.0


def beats(staging: Staging, clock: Clock, count: int) -> None:
    """Wait until the store has seen so many beats, each at a later time."""
    for _ in range(count):
        clock.advance(1)
        while staging.runs(["run-1"])[0].alive_until < clock() + LEASE_SECONDS:
            pass


def test_a_beating_heart_keeps_the_lease(staging: Staging, open_store: OpenStore, clock: Clock) -> None:
    """For as long as the block runs, whatever the time that passes."""
    take(staging, "run-1")

    with Heart(staging, "run-1", clock, OFTEN) as heart:
        beats(open_store(), clock, 100)
        heart.guard()

    assert staging.streams(["vendor"], 1)[0].leased


def test_a_heart_stops_with_its_run(staging: Staging, clock: Clock) -> None:
    """What is left of the lease is what the last beat gave."""
    take(staging, "run-1")

    with Heart(staging, "run-1", clock, OFTEN):
        beats(staging, clock, 3)
    clock.advance(LEASE_SECONDS)

    assert not staging.streams(["vendor"], 1)[0].leased


def test_nothing_may_be_sent_when_beats_are_missing(staging: Staging) -> None:
    """The guard closes before the lease has run out, so that whoever takes over sends nothing twice."""
    time = Clock()
    take(staging, "run-1")

    with Heart(staging, "run-1", time, NEVER) as heart:
        time.advance(SAFE_SECONDS)
        heart.guard()
        time.advance(1)

        with pytest.raises(LeaseLost, match="the heartbeat of run run-1 could not be written"):
            heart.guard()

    assert SAFE_SECONDS < LEASE_SECONDS


def test_nothing_may_be_sent_once_the_store_counts_the_run_as_ended(staging: Staging, clock: Clock) -> None:
    """Somebody took over while the heart could not beat; the next beat tells."""
    take(staging, "run-1")
    staging.end_run("run-1", "died")

    with Heart(staging, "run-1", clock, OFTEN) as heart, pytest.raises(LeaseLost):
        deque(iter(heart.guard, "never"), maxlen=0)


def test_a_heart_outlives_a_store_that_is_away(open_store: OpenStore, staging: Staging) -> None:
    """It does not break off the run: the guard does, when the beats have been missing for too long."""
    time = Clock()
    take(staging, "run-1")
    mine = open_store()

    with Heart(mine, "run-1", time, OFTEN) as heart:
        mine.close()
        heart.guard()
        time.advance(SAFE_SECONDS + 1)

        with pytest.raises(LeaseLost):
            heart.guard()
