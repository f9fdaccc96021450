"""Does a user whom the vendor holds back hold up nobody else, and stay in order?"""

from dataclasses import replace
from itertools import pairwise

import pytest

from analytics_platform.delivery.job import End
from tests.fakes.destination import UNAVAILABLE
from tests.simulation import HOUR, Simulation, names
from tests.stores import pending_ids

pytest_plugins = ["tests.delivery_fixtures"]


def throttle(simulation: Simulation, prefix: str, until: float, seconds: float = 30.0) -> None:
    """Have the vendor throttle the events whose names begin so, up to a time."""
    simulation.vendor.will_throttle(*names(5000, prefix), seconds=seconds)
    simulation.after(until, simulation.vendor.recovers)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_throttled_user_holds_up_nobody_and_arrives_in_order(simulation: Simulation, concurrency: int) -> None:
    """With thousands of calls, old and new; every other call is delivered within seconds."""
    simulation.job = replace(simulation.job, concurrency=concurrency)
    throttle(simulation, "held-", until=100.0)
    simulation.accept(*names(2000, "held-"), userId="held")
    simulation.accept(*names(50, "other-"))
    simulation.after(50.0, lambda: simulation.accept(*names(2020, "held-")[2000:], userId="held"))
    delivered_early: list[bool] = []
    simulation.after(10.0, lambda: delivered_early.append({*names(50, "other-")} <= {*simulation.vendor.delivered}))

    end = simulation.drain()

    assert end == End("drained")
    assert delivered_early == [True]
    assert simulation.dead() == []
    assert [name for name in simulation.vendor.delivered if name.startswith("held-")] == names(2020, "held-")
    assert len(simulation.vendor.delivered) == len({*simulation.vendor.delivered}) == 2070


def test_the_wait_that_the_vendor_asks_for_is_kept(simulation: Simulation) -> None:
    """One request each time, of one event."""
    simulation.vendor.will_throttle("held-0", seconds=40.0)
    tried: list[tuple[float, int]] = []
    simulation.vendor.will(lambda request: tried.append((simulation.elapsed, len(request))))
    simulation.accept(*names(3, "held-"), userId="held")

    simulation.drain()

    times = [at for at, _ in tried]
    assert len(times) > 5
    assert min(later - earlier for earlier, later in pairwise(times)) >= 40.0
    assert {size for _, size in tried[1:]} == {1}
    assert simulation.dead() == []


def test_the_next_run_goes_on_with_those_who_are_held_back(simulation: Simulation) -> None:
    """What is parked is in the store; a later call still waits for the earlier ones."""
    simulation.vendor.will_throttle("held-0", "held-1", seconds=1000.0)
    simulation.accept(*names(2, "held-"), userId="held")
    simulation.drain("run-1")
    simulation.vendor.recovers()
    simulation.accept("held-2", userId="held")
    simulation.accept("other")
    simulation.after(1000.0, lambda: simulation.accept("later"))

    simulation.drain("run-2")
    early = [*simulation.vendor.delivered]
    simulation.clock.advance(1000.0)
    simulation.drain("run-3")

    assert early == ["other"]
    assert simulation.vendor.delivered == ["other", "held-0", "held-1", "held-2"]


def test_a_user_who_is_throttled_for_days_is_given_up_by_age(simulation: Simulation) -> None:
    """As any other event is; it cannot wait for ever."""
    simulation.vendor.will_throttle("held", seconds=1000.0)
    simulation.accept("held")
    simulation.drain("run-1")
    simulation.clock.advance(96 * HOUR)

    simulation.drain("run-2")

    assert simulation.dead("run-2") == [("held", "HTTP 429, given up after 96 h")]


def test_a_person_on_the_suppression_list_is_not_waited_for(simulation: Simulation) -> None:
    """What is parked is looked at again before it is sent."""
    simulation.vendor.will_throttle("held", seconds=60.0)
    simulation.accept("held")
    simulation.after(30.0, simulation.vendor.recovers)
    simulation.after(31.0, lambda: simulation.suppress("held"))

    simulation.drain()

    assert simulation.vendor.delivered == []
    assert simulation.staging.counts("vendor").skipped == 1
    assert simulation.staging.held_back("vendor") == []


def test_a_drain_up_to_a_point_is_not_done_while_something_before_it_is_parked(simulation: Simulation) -> None:
    """A re-execution never ends green without having done its work."""
    simulation.vendor.will_throttle("held", seconds=60.0)
    simulation.accept("held", "other")
    simulation.after(30.0, simulation.vendor.recovers)

    end = simulation.drain(until=simulation.staging.head())

    assert end == End("drained")
    assert simulation.elapsed >= 60.0
    assert sorted(simulation.vendor.delivered) == ["held", "other"]


def test_a_vendor_that_goes_down_meanwhile_buries_nobody(simulation: Simulation) -> None:
    """Neither the one who is held back nor the others."""
    simulation.vendor.will_throttle("held", seconds=30.0)
    simulation.accept("held")
    simulation.after(20.0, lambda: simulation.vendor.will_answer(UNAVAILABLE))
    simulation.after(21.0, lambda: simulation.accept(*names(20)))

    end = simulation.drain()

    assert end.ending == "down"
    assert simulation.dead() == []
    assert pending_ids(simulation.staging) == names(20)
