"""How long does a run wait when a vendor asks for it?"""

from analytics_platform.delivery.throttle import LIMIT, MOMENT, Throttle
from tests.fakes.clock import Clock


def test_a_moment_is_waited_in_the_run() -> None:
    """All of it, and not much more."""
    clock = Clock(0.0)

    assert Throttle(clock, clock.advance, lambda: False).wait(MOMENT)
    assert clock() == MOMENT


def test_more_than_a_moment_is_left_to_the_next_run() -> None:
    """A process that waits for hours is in the way."""
    clock = Clock(0.0)

    assert not Throttle(clock, clock.advance, lambda: False).wait(MOMENT + 1)
    assert clock() == 0.0


def test_waiting_that_does_not_help_is_left_to_the_next_run() -> None:
    """Until the vendor takes something."""
    clock = Clock()
    throttle = Throttle(clock, clock.advance, lambda: False)

    assert [throttle.wait(1.0) for _ in range(LIMIT + 1)] == [True] * LIMIT + [False]
    throttle.reset()
    assert throttle.wait(1.0)


def test_a_run_that_is_told_to_stop_waits_no_longer() -> None:
    """Whatever the vendor has asked for."""
    clock = Clock(0.0)

    Throttle(clock, clock.advance, lambda: clock() >= 3).wait(MOMENT)

    assert clock() == 3.0
