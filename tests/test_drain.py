"""What does a drain do with its time, and when does it end?"""

import threading
from dataclasses import replace

import pytest

from analytics_platform.delivery.drain import BURIED_AN_HOUR
from analytics_platform.delivery.job import End
from analytics_platform.staging.base import LeaseLost, StagingError
from tests.fakes.destination import throttled
from tests.simulation import HOUR, MINUTE, Simulation, names
from tests.stores import pending_ids

pytest_plugins = ["tests.delivery_fixtures"]

DRAINED = End("drained")


def test_everything_pending_is_delivered_in_batches(simulation: Simulation) -> None:
    """Of at most the batch size, in the order of the log."""
    simulation.accept(*names(25))

    end = simulation.drain()

    assert end == DRAINED
    assert [len(request) for request in simulation.vendor.requests] == [10, 10, 5]
    assert simulation.vendor.delivered == names(25)
    assert simulation.tally.delivered == 25


def test_what_is_routed_elsewhere_is_skipped(simulation: Simulation) -> None:
    """It never leaves, and the cursor passes it."""
    simulation.accept("for-others", integrations={"vendor": False})
    simulation.accept("for-us", integrations={"All": False, "Webhook": True})

    simulation.drain()

    assert simulation.vendor.delivered == ["for-us"]
    assert simulation.tally.skipped == 1
    assert pending_ids(simulation.staging) == []


def test_a_full_batch_goes_out_at_once(simulation: Simulation) -> None:
    """It need not wait for the flush interval."""
    sent_at: list[float] = []
    simulation.vendor.will(lambda _: sent_at.append(simulation.elapsed))
    simulation.after(60.0, lambda: simulation.accept(*names(10)))

    simulation.drain()

    assert sent_at == [60.0]


def test_a_lone_event_goes_out_after_the_flush_interval(simulation: Simulation) -> None:
    """So that thin traffic makes few requests."""
    sent_at: list[float] = []
    simulation.vendor.will(lambda _: sent_at.append(simulation.elapsed))
    simulation.after(60.0, lambda: simulation.accept("first"))
    simulation.after(63.0, lambda: simulation.accept("second"))

    simulation.drain()

    assert sent_at == [65.0]
    assert simulation.vendor.requests == [["first", "second"]]


def test_a_drain_lasts_at_least_five_minutes(simulation: Simulation) -> None:
    """So that thin traffic does not start a run for each event."""
    simulation.accept("only")

    simulation.drain()

    assert simulation.elapsed == 5 * MINUTE


def test_a_drain_ends_after_half_a_minute_without_events(simulation: Simulation) -> None:
    """Once it has lasted long enough."""
    simulation.after(5 * MINUTE - 10, lambda: simulation.accept("last"))

    simulation.drain()

    assert simulation.vendor.delivered == ["last"]
    assert 5 * MINUTE + 20 <= simulation.elapsed <= 5 * MINUTE + 30


def test_a_busy_drain_ends_within_its_window(simulation: Simulation) -> None:
    """However much comes in."""
    simulation.every(5.0, lambda: simulation.accept(f"e{simulation.elapsed}"), times=200)

    end = simulation.drain()

    assert end == DRAINED
    assert simulation.elapsed == 10 * MINUTE


def test_a_busy_drain_asks_for_its_successor_before_its_window_ends(simulation: Simulation) -> None:
    """A run takes seconds to start; the next one then waits at the door."""
    simulation.every(5.0, lambda: simulation.accept(f"e{simulation.elapsed}"), times=200)
    wanted: list[bool] = []
    simulation.after(10 * MINUTE - 16, lambda: wanted.append(simulation.state().successor_wanted))
    simulation.after(10 * MINUTE - 14, lambda: wanted.append(simulation.state().successor_wanted))

    simulation.drain()

    assert wanted == [False, True]


def test_an_idle_drain_asks_for_no_successor(simulation: Simulation) -> None:
    """The sensor starts a run when something comes."""
    simulation.job = replace(simulation.job, pace=replace(simulation.job.pace, shortest=10 * MINUTE))
    wanted: list[bool] = []
    simulation.after(10 * MINUTE - 1, lambda: wanted.append(simulation.state().successor_wanted))

    simulation.drain()

    assert wanted == [False]


def test_a_drain_up_to_a_point_ends_there(simulation: Simulation) -> None:
    """A re-execution answers for what was there when it began."""
    simulation.accept(*names(10))

    end = simulation.drain(until=simulation.staging.head())

    assert end == DRAINED
    assert simulation.elapsed < MINUTE


def test_a_drain_that_is_told_to_stop_ends_within_a_poll(simulation: Simulation) -> None:
    """Whatever is pending waits for the next one."""
    simulation.after(100.0, simulation.stop)

    end = simulation.drain()

    assert end == End("stopped")
    assert simulation.elapsed <= 100.0 + simulation.job.pace.poll


def test_a_drain_that_waits_for_a_vendor_can_be_stopped(simulation: Simulation) -> None:
    """Shutting down does not take as long as the vendor asks for."""
    simulation.accept(*names(10))
    simulation.vendor.will_answer(throttled(55.0))
    simulation.after(10.0, simulation.stop)

    end = simulation.drain()

    assert end == End("stopped")
    assert simulation.elapsed <= 10.5


def test_a_lost_lease_sends_nothing_more(simulation: Simulation) -> None:
    """What the first request delivered, the new owner may send again; the second is its alone."""
    simulation.accept(*names(30))

    def take_over(_: list[str]) -> None:
        simulation.lose_lease()

    simulation.vendor.will(take_over)
    with pytest.raises(LeaseLost, match="vendor/live belongs to another run now"):
        simulation.drain()

    assert len(simulation.vendor.requests) == 1


def test_a_store_that_is_away_sends_nothing_more(simulation: Simulation) -> None:
    """What cannot be settled is not sent."""
    simulation.accept(*names(30))
    simulation.vendor.will(lambda _: simulation.staging.close())

    with pytest.raises(StagingError):
        simulation.drain()

    assert len(simulation.vendor.requests) == 1


def test_a_run_that_has_buried_something_ends_once_nothing_is_pending(simulation: Simulation) -> None:
    """A person wants to see it soon."""
    simulation.accept(*names(10))
    simulation.vendor.will_refuse("e3")

    end = simulation.drain()

    assert end == DRAINED
    assert simulation.elapsed < 1
    assert [name for name, _ in simulation.dead()] == ["e3"]


def test_a_busy_run_that_has_buried_something_ends_within_a_minute(simulation: Simulation) -> None:
    """However much is pending all the time."""
    simulation.accept("poison")
    simulation.vendor.will_refuse("poison")
    simulation.every(0.5, lambda: simulation.accept(f"e{simulation.elapsed:g}"), times=1000)

    simulation.drain()

    assert simulation.elapsed <= MINUTE + 5.5


def test_a_steady_trickle_of_poison_ends_six_runs_an_hour_early(simulation: Simulation) -> None:
    """From then on a run lasts as long as any other, so that their number stays bounded."""
    simulation.vendor.will_refuse(*names(BURIED_AN_HOUR + 1, "poison-"))
    lasted: list[float] = []
    for number in range(BURIED_AN_HOUR + 1):
        simulation.accept(f"poison-{number}")
        started = simulation.elapsed
        simulation.drain(f"run-{number}")
        lasted.append(simulation.elapsed - started)

    assert max(lasted[:-1]) <= 10
    assert lasted[-1] >= 5 * MINUTE


def test_a_clock_that_is_set_back_lengthens_nothing(simulation: Simulation) -> None:
    """Neither the run, nor the flush interval, nor a wait."""
    simulation.accept(*names(3))
    simulation.vendor.will(lambda _: throttled(30.0) if len(simulation.vendor.requests) == 1 else None)
    simulation.after(1.0, lambda: simulation.clock.advance(-2 * HOUR))
    simulation.after(20.0, lambda: simulation.clock.advance(-2 * HOUR))

    end = simulation.drain()

    assert end == DRAINED
    assert simulation.vendor.delivered == names(3)
    assert simulation.elapsed == 5 * MINUTE


def test_a_backlog_goes_out_in_full_requests(simulation: Simulation) -> None:
    """What does not fill the last request of a lane waits for the next flush; the last flush takes everything."""
    simulation.job = replace(simulation.job, concurrency=3)
    simulation.accept(*names(400))

    simulation.drain(until=400)

    assert sorted(simulation.vendor.delivered) == sorted(names(400))
    assert sum(len(request) < 10 for request in simulation.vendor.requests) <= 3


@pytest.mark.parametrize("concurrency", [1, 3])
def test_so_many_requests_are_in_flight_as_the_destination_is_to_have(simulation: Simulation, concurrency: int) -> None:
    """All of them at once, and never one more; the fake holds each until the others are there, or a few seconds."""
    simulation.job = replace(simulation.job, concurrency=concurrency)
    simulation.accept(*names(10 * concurrency))
    all_there, lock, in_flight, most = threading.Barrier(concurrency), threading.Lock(), [0], [0]

    def hold(_: list[str]) -> None:
        with lock:
            in_flight[0] += 1
            most[0] = max(most[0], in_flight[0])
        all_there.wait(timeout=30)
        with lock:
            in_flight[0] -= 1

    simulation.vendor.will(hold)

    simulation.drain(until=10 * concurrency)

    assert most == [concurrency]
    assert len(simulation.vendor.requests) == concurrency
