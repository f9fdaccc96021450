"""How does a drain tell a vendor that is down from an event that the vendor cannot digest?"""

from dataclasses import replace
from itertools import pairwise

import pytest

from analytics_platform.delivery.job import End
from analytics_platform.delivery.patience import ALONE_LIMIT
from analytics_platform.delivery.throttle import LIMIT
from tests.fakes.destination import FORBIDDEN, UNAVAILABLE, throttled
from tests.simulation import HOUR, MINUTE, Simulation, in_order, names
from tests.stores import pending_ids

pytest_plugins = ["tests.delivery_fixtures"]

DRAINED = End("drained")


def test_a_vendor_that_is_down_gets_a_batch_and_a_few_probes(simulation: Simulation) -> None:
    """A batch that fails shrinks to single events of three users; when they fail too, the run ends."""
    simulation.accept(*names(40))
    simulation.vendor.will_answer(UNAVAILABLE)

    end = simulation.drain()

    assert end == End("down", "HTTP 503")
    assert [len(request) for request in simulation.vendor.requests] == [10, 1, 1, 1]
    assert simulation.dead() == []
    assert pending_ids(simulation.staging) == names(40)


def test_requests_grow_again_once_the_vendor_is_back(simulation: Simulation) -> None:
    """From single events to full batches."""
    lease = simulation.lose_lease("run-0")
    simulation.staging.back_off(lease, simulation.clock() + 60, "HTTP 503")
    simulation.staging.end_run("run-0", "down")
    simulation.accept(*names(60))

    simulation.drain()

    assert [len(request) for request in simulation.vendor.requests] == [1, 1, 1, *[4] * 4, *[10] * 4, 1]
    assert sorted(simulation.vendor.delivered) == sorted(names(60))


def test_a_killed_runs_successor_starts_with_probes(simulation: Simulation) -> None:
    """Its death counts as a failure: something it sent may have killed it."""
    simulation.lose_lease("killed")
    simulation.clock.advance(MINUTE)
    simulation.accept(*names(20))

    simulation.drain()

    assert [len(request) for request in simulation.vendor.requests[:4]] == [1, 1, 1, 4]


@pytest.mark.parametrize("concurrency", [1, 2, 4])
def test_an_event_that_fails_alone_becomes_a_dead_letter_and_blocks_nobody(
    simulation: Simulation, concurrency: int
) -> None:
    """It is tried six times, longer apart each time, while all others are delivered within seconds."""
    simulation.job = replace(simulation.job, concurrency=concurrency)
    simulation.accept(*names(40))
    simulation.vendor.will_choke_on("e0")
    simulation.every(5.0, lambda: simulation.accept(f"later-{simulation.elapsed:g}"), times=20)
    others = names(40)[1:]
    delivered_early: list[bool] = []
    simulation.after(10.0, lambda: delivered_early.append({*others} <= {*simulation.vendor.delivered}))

    end = simulation.drain()

    assert end == DRAINED
    assert simulation.dead() == [("e0", f"HTTP 503, {ALONE_LIMIT} times while others succeeded")]
    assert delivered_early == [True]
    assert len(simulation.vendor.delivered) == len({*simulation.vendor.delivered}) >= 50


def test_a_handful_of_events_that_fail_look_like_no_outage(simulation: Simulation) -> None:
    """The probes are not neighbours: three bad events at the head do not stop the others."""
    simulation.accept(*names(40))
    simulation.vendor.will_choke_on("e0", "e1", "e2", "e3")
    simulation.every(5.0, lambda: simulation.accept(f"later-{simulation.elapsed:g}"), times=40)

    end = simulation.drain()

    assert end == DRAINED
    assert [name for name, _ in simulation.dead()] == ["e0", "e1", "e2", "e3"]
    assert {*names(40)[4:]} <= {*simulation.vendor.delivered}


def test_a_user_whose_event_fails_waits_alone_and_in_order(simulation: Simulation) -> None:
    """With more calls pending than a flush reads; the others go past, and afterwards all arrive in order."""
    held, others = names(200, "held-"), names(20, "other-")
    simulation.accept(*held, userId="held")
    simulation.accept(*others)
    simulation.vendor.will_choke_on("held-0")
    delivered_early: list[bool] = []
    simulation.after(10.0, lambda: delivered_early.append({*others} <= {*simulation.vendor.delivered}))
    simulation.every(5.0, lambda: simulation.accept(f"later-{simulation.elapsed:g}"), times=40)

    simulation.drain()

    assert delivered_early == [True]
    assert [name for name, _ in simulation.dead()] == ["held-0"]
    assert in_order(simulation.vendor.delivered, *held[1:])


def test_an_outage_buries_nothing_before_its_time(simulation: Simulation) -> None:
    """Not even an event that has failed alone before: nobody else succeeds while the vendor is down."""
    simulation.accept(*names(10))
    simulation.vendor.will_choke_on("e0")
    simulation.after(7.0, lambda: simulation.vendor.will_answer(UNAVAILABLE))
    simulation.every(15.0, lambda: simulation.accept(f"later-{simulation.elapsed:g}"), times=100)

    ends = [simulation.drain(f"run-{number}").ending for number in range(20)]

    assert ends == ["down"] * 20
    assert simulation.dead(*(f"run-{number}" for number in range(20))) == []


def test_an_outage_with_nothing_else_pending_fails_its_run_in_the_end(simulation: Simulation) -> None:
    """One event alone does not tell whether it or the vendor is to blame; it is neither buried nor passed over."""
    simulation.accept(*names(10))
    simulation.vendor.will_choke_on("e0")
    simulation.after(7.0, lambda: simulation.vendor.will_answer(UNAVAILABLE))
    simulation.drain("run-1")

    end = simulation.drain("run-2")

    assert end.ending == "down"
    assert simulation.dead("run-1", "run-2") == []
    assert simulation.staging.counts("vendor").pending == 1


def test_events_are_given_up_by_age_since_their_first_attempt(simulation: Simulation) -> None:
    """Those that were never tried have lost no time yet."""
    simulation.vendor.will_answer(UNAVAILABLE)
    simulation.accept("tried")
    simulation.drain("run-1")
    simulation.clock.advance(96 * HOUR)
    simulation.accept("new")

    end = simulation.drain("run-2")

    assert end.ending == "down"
    assert simulation.dead("run-1", "run-2") == [("tried", "HTTP 503, given up after 96 h")]
    assert pending_ids(simulation.staging) == ["new"]


def test_halt_ends_the_run_and_buries_nothing(simulation: Simulation) -> None:
    """401 and 403 are ours to mend, however old an event is."""
    simulation.vendor.will_answer(FORBIDDEN)
    simulation.accept(*names(40))
    simulation.drain("run-1")
    simulation.clock.advance(100 * HOUR)

    end = simulation.drain("run-2")

    assert end == End("halted", "HTTP 401")
    assert len(simulation.vendor.requests) == 2
    assert simulation.dead("run-1", "run-2") == []
    assert pending_ids(simulation.staging) == names(40)


def test_a_short_wait_that_the_vendor_asks_for_is_waited_in_the_run(simulation: Simulation) -> None:
    """Nothing is sent before it is over, and then batches are as large as before."""
    simulation.accept(*names(20))
    sent_at: list[float] = []
    simulation.vendor.will(lambda _: throttled(20.0) if simulation.elapsed < 20 else None)
    simulation.vendor.will(lambda _: sent_at.append(simulation.elapsed))

    end = simulation.drain()

    assert end == DRAINED
    assert sent_at == [0.0, 20.0, 20.0]
    assert [len(request) for request in simulation.vendor.requests] == [10, 10, 10]
    assert simulation.vendor.delivered == names(20)


def test_a_long_wait_that_the_vendor_asks_for_ends_the_run(simulation: Simulation) -> None:
    """The stream's `retry_at` waits, not a process."""
    simulation.accept(*names(10))
    simulation.vendor.will_answer(throttled(600.0))

    end = simulation.drain()

    assert end == End("down", "HTTP 429", wait=600.0)
    assert simulation.elapsed < 1


def test_a_vendor_that_goes_on_asking_for_patience_ends_the_run(simulation: Simulation) -> None:
    """After five waits without any success, the later ones with probes."""
    simulation.accept(*names(10))
    simulation.vendor.will_answer(throttled(20.0))

    end = simulation.drain()

    assert end == End("down", "HTTP 429", wait=20.0)
    assert [len(request) for request in simulation.vendor.requests] == [10, 10, *[1, 1, 1] * (LIMIT - 1)]
    assert simulation.dead() == []


def test_a_vendor_that_takes_some_between_its_waits_is_not_down(simulation: Simulation) -> None:
    """A rate limit slows a drain and does not fail it."""
    simulation.accept(*names(100))
    simulation.vendor.will(lambda _: throttled(5.0) if len(simulation.vendor.requests) % 2 else None)

    end = simulation.drain()

    assert end == DRAINED
    assert simulation.vendor.delivered == names(100)


def test_an_event_that_is_throttled_alone_is_held_and_never_buried(simulation: Simulation) -> None:
    """A limit per user says nothing against the user's events; the others go on, the wait is kept."""
    simulation.accept("limited")
    simulation.vendor.will_choke_on("limited", outcome=throttled(40.0))
    sent_at: list[float] = []
    simulation.vendor.will(lambda request: sent_at.append(simulation.elapsed) if request == ["limited"] else None)
    simulation.every(2.0, lambda: simulation.accept(f"later-{simulation.elapsed:g}"), times=300)

    simulation.drain()

    assert simulation.dead() == []
    assert len(sent_at) > 5
    assert min(later - earlier for earlier, later in pairwise(sent_at)) >= 40.0
    assert len(simulation.vendor.delivered) > 250
