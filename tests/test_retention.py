"""Does housekeeping take away what is old, and leave room for everybody else meanwhile?"""

from pathlib import Path

import pytest

from analytics_platform.retention import DAY, LONGEST_SECONDS, REST, Keep, Round, Time, keep_house
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Settlement, Staging
from analytics_platform.staging.retention import Expired
from tests.fakes.clock import Clock
from tests.stores import append, pending_ids, take

KEEP = Keep(events=30 * DAY, backlog=90 * DAY)


class World:
    """A store whose every step takes the same simulated time, and what is waited between the steps."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.clock = clock
        self.staging = open_staging(f"sqlite:///{folder}/staging.db", clock)
        self.staging.register(["vendor"])
        self.step = 0.01
        self.elapsed = 0.0
        self.waited: list[float] = []
        self.is_stopping = False

    def monotonic(self) -> float:
        """Each look at the clock is half a step later."""
        self.elapsed += self.step / 2
        return self.elapsed

    def wait(self, seconds: float) -> None:
        """Note how long was waited."""
        self.waited.append(seconds)
        self.elapsed += seconds

    def keep_house(self) -> Round:
        """One round."""
        return keep_house(self.staging, KEEP, Time(self.clock, self.monotonic, self.wait), lambda: self.is_stopping)


@pytest.fixture
def world(tmp_path: Path, clock: Clock) -> World:
    """A store with 2,000 events that were delivered 31 days ago."""
    world = World(tmp_path, clock)
    deliver(world.staging, 2000)
    world.keep_house()
    clock.advance(31 * DAY)
    world.waited.clear()
    return world


def deliver(staging: Staging, events: int) -> None:
    """Have so many events accepted and delivered."""
    append(staging, *(f"m-{number}" for number in range(events)))
    lease = take(staging, "run-1")
    staging.settle(lease, Settlement(delivered=staging.pending("vendor", events)))
    staging.end_run("run-1", "drained")


def test_a_round_takes_away_all_that_is_old(world: World) -> None:
    """And says how much that was; the next one finds nothing."""
    done = world.keep_house()

    assert (done.purged, done.expired, done.is_complete) == (2001, [], True)  # with the run that delivered them
    assert world.staging.logged(None, 0, 10) == []
    assert world.keep_house() == Round(is_complete=True)


def test_it_works_in_small_steps_and_rests_after_each(world: World) -> None:
    """Three times as long as the step took: whoever appends has the store for most of the time."""
    world.keep_house()

    assert len(world.waited) >= 4
    assert world.waited == pytest.approx([REST * world.step / 2] * len(world.waited))


def test_a_round_that_is_told_to_stop_does(world: World) -> None:
    """After the step that it is in; the next round goes on."""
    world.is_stopping = True

    done = world.keep_house()

    assert (done.purged, done.is_complete) == (500, False)
    world.is_stopping = False
    assert world.keep_house().is_complete
    assert world.staging.logged(None, 0, 10) == []


def test_a_round_ends_after_half_an_hour(world: World) -> None:
    """So that its run is no orphan, and shows what it has done."""
    world.step = LONGEST_SECONDS / 3

    done = world.keep_house()

    assert not done.is_complete
    assert 0 < done.purged < 2000


def test_what_waits_for_a_destination_expires_in_the_end(world: World) -> None:
    """And then leaves the log in the same round."""
    append(world.staging, "late")
    world.keep_house()
    world.clock.advance(89 * DAY)
    assert world.keep_house().expired == []
    assert pending_ids(world.staging) == ["late"]
    world.clock.advance(2 * DAY)

    done = world.keep_house()

    assert done.expired == [Expired("vendor", "live", 1)]
    assert world.staging.logged(None, 0, 10) == []
