"""How long does a failure make us wait?"""

from itertools import accumulate, count, takewhile

import pytest

from analytics_platform.delivery.patience import LONGEST_WAIT, hold_after, is_ahead, wait_after

EVEN = 0.5  # the middle of the jitter


def test_waits_grow_to_an_hour() -> None:
    """1, 5, 15, 30 and 60 minutes, then hourly."""
    minutes = [wait_after(failures, None, EVEN) / 60 for failures in range(1, 8)]

    assert minutes == pytest.approx([1, 5, 15, 30, 60, 60, 60])


def test_three_days_of_outage_are_at_most_100_failed_runs() -> None:
    """Whatever the jitter says: here it is always the shortest wait."""
    times = accumulate(wait_after(failures, None, 0.0) for failures in count(1))

    assert len([*takewhile(lambda at: at < 3 * 86400, times)]) <= 100


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_waits_are_spread_by_a_tenth(chance: float) -> None:
    """So that destinations that failed together do not come back together."""
    assert wait_after(1, None, chance) == pytest.approx(60 * (0.9 + 0.2 * chance))


def test_a_vendor_may_ask_for_more_but_not_for_less() -> None:
    """Its wait is a lower bound."""
    assert wait_after(1, 1800.0, EVEN) == 1800.0
    assert wait_after(1, 5.0, EVEN) == 60.0


def test_a_user_is_held_longer_each_time_but_not_for_long() -> None:
    """Others go on meanwhile; half a minute is enough."""
    assert [hold_after(alone) for alone in range(1, 8)] == [2, 4, 8, 16, 32, 32, 32]


def test_a_moment_that_no_wait_explains_is_not_ahead() -> None:
    """It was written under a clock that has been set back since; waiting for it could take for ever."""
    assert is_ahead(1060.0, now=1000.0)
    assert not is_ahead(1000.0, now=1000.0)
    assert not is_ahead(1000.0 + LONGEST_WAIT + 1, now=1000.0)
