"""Does a vendor get no more requests a second than it is to have?"""

import pytest

from analytics_platform.delivery.rate import Rate
from tests.simulation import Simulation, names

pytest_plugins = ["tests.delivery_fixtures"]


class Time:
    """Seconds that pass when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def wait(self, seconds: float) -> None:
        """Let them pass."""
        self.now += seconds


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
