"""Does a vendor get no more requests a second than it is to have?"""

import pytest

from analytics_platform.delivery.rate import SLOWEST, Rate
from analytics_platform.destinations.base import DELIVERED, Outcome
from analytics_platform.staging.base import Speed
from tests.simulation import Simulation, names

pytest_plugins = ["tests.delivery_fixtures"]


TOO_FAST = Outcome("retry", "HTTP 429", is_too_fast=True)


class Time:
    """Seconds that pass when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def wait(self, seconds: float) -> None:
        """Let them pass."""
        self.now += seconds


def requests_in(seconds: float, rate: Rate, time: Time) -> int:
    """How many requests leave in so many seconds, all of which the vendor takes."""
    count, end = 0, time.now + seconds
    while time.now < end:
        rate.take()
        rate.heed(DELIVERED)
        count += 1
    return count


@pytest.mark.parametrize(("per_second", "took"), [(4.0, 1.0), (0.5, 8.0), (0, 0.0)])
def test_requests_leave_at_even_times(per_second: float, took: float) -> None:
    """The first at once, the others an interval apart; 0 is no limit."""
    time = Time()
    rate = Rate(per_second, lambda: time.now, time.wait, lambda: False)

    left = []
    for _ in range(5):
        rate.take()
        left.append(time.now)

    assert (left[0], left[-1]) == (100.0, 100.0 + took)


def test_time_without_requests_is_not_saved_up() -> None:
    """After a pause there is no burst."""
    time = Time()
    rate = Rate(1.0, lambda: time.now, time.wait, lambda: False)
    rate.take()
    time.now += 60

    rate.take()
    rate.take()

    assert time.now == 161.0


def test_too_fast_halves_the_speed_and_successes_win_it_back() -> None:
    """By a twentieth of what was too fast in each second, so that the vendor seldom has to say it again."""
    time = Time()
    rate = Rate(0, lambda: time.now, time.wait, lambda: False)
    for _ in range(20):
        rate.take()
        time.now += 0.1  # ten a second

    rate.heed(TOO_FAST)
    slow = requests_in(10.0, rate, time)
    later = requests_in(10.0, rate, time)

    assert 50 <= slow <= 80
    assert 95 <= later <= 130


def test_the_speed_never_rises_above_what_is_configured() -> None:
    """However well it goes."""
    time = Time()
    rate = Rate(4.0, lambda: time.now, time.wait, lambda: False)
    for _ in range(8):
        rate.take()
    rate.heed(TOO_FAST)

    requests_in(60.0, rate, time)

    assert requests_in(10.0, rate, time) == pytest.approx(40, abs=1)


def test_a_run_goes_on_at_the_speed_that_the_one_before_has_learnt() -> None:
    """And what would have been won back since, as if all had gone well; never above what is configured."""
    time = Time()
    rate = Rate(20.0, lambda: time.now, time.wait, lambda: False)
    rate.resume(Speed(2.0, 0.5, at=1000.0), now=1004.0)

    assert rate.learnt(1004.0) == Speed(4.0, 0.5, 1004.0)
    assert 4 <= requests_in(1.0, rate, time) <= 6
    rate.resume(Speed(2.0, 0.5, at=1000.0), now=2000.0)
    assert rate.learnt(2000.0) is None


def test_a_clock_that_was_set_back_takes_nothing_from_the_speed() -> None:
    """It is the one that was learnt."""
    rate = Rate(0, lambda: 0.0, lambda _: None, lambda: False)

    rate.resume(Speed(2.0, 0.5, at=1000.0), now=500.0)

    assert rate.learnt(500.0) == Speed(2.0, 0.5, 500.0)


def test_several_lanes_that_are_told_at_once_slow_down_once() -> None:
    """They were sent at the same speed."""
    time = Time()
    rate = Rate(8.0, lambda: time.now, time.wait, lambda: False)
    for _ in range(20):
        rate.take()

    for _ in range(4):
        rate.heed(TOO_FAST)

    assert 35 <= requests_in(10.0, rate, time) <= 60


def test_it_never_comes_to_a_standstill() -> None:
    """A vendor that says nothing else is asked every few seconds."""
    time = Time()
    rate = Rate(0, lambda: time.now, time.wait, lambda: False)
    for _ in range(100):
        rate.take()
        rate.heed(TOO_FAST)
        time.now += 1
    before = time.now

    rate.take()

    assert time.now - before <= 1 / SLOWEST


def test_a_run_that_is_told_to_stop_waits_no_more_and_sends_nothing_more(simulation: Simulation) -> None:
    """A slow rate must not hold up the end of everything."""
    simulation.limit_rate(1 / 3600)
    simulation.accept(*names(30))
    simulation.after(60, simulation.stop)

    end = simulation.drain()

    assert end.ending == "stopped"
    assert [len(request) for request in simulation.vendor.requests] == [10]
    assert simulation.elapsed < 65


def test_a_drain_keeps_to_the_rate_of_its_destination(simulation: Simulation) -> None:
    """Thirty events in requests of ten, one request in four seconds."""
    simulation.limit_rate(0.25)
    simulation.accept(*names(30))
    began = simulation.elapsed

    simulation.drain(until=30)

    assert [len(request) for request in simulation.vendor.requests] == [10, 10, 10]
    assert simulation.elapsed - began >= 8.0


def test_a_drain_hands_over_what_it_has_learnt(simulation: Simulation) -> None:
    """A vendor that was too slow for one run gets its requests from the next one spaced from the beginning."""
    simulation.vendor.will_answer(TOO_FAST)
    simulation.accept(*names(60))
    simulation.drain("run-1")
    simulation.vendor.recovers()
    began = simulation.elapsed

    simulation.drain("run-2", until=60)

    assert simulation.elapsed - began >= 5.0
    assert simulation.tally.delivered == 60


def test_a_replay_hands_over_what_it_has_learnt(simulation: Simulation) -> None:
    """The one after it goes on at that speed."""
    simulation.bury("run-1", *names(30))
    simulation.vendor.will_answer(TOO_FAST)
    simulation.run("run-2", "run-1")
    simulation.vendor.recovers()
    began = simulation.elapsed

    report = simulation.run("run-3", "run-2", "run-1")

    assert report.tally.delivered == 30
    assert simulation.elapsed - began >= 5.0
