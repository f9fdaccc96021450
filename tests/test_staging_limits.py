"""Do all who send to a destination share the time in which it may get requests?

A part of the suite that every staging store must pass.
"""

from analytics_platform.staging.base import Staging
from tests.fakes.clock import Clock
from tests.stores import OpenStore

pytest_plugins = ["tests.staging_fixtures"]


def test_one_begins_where_the_other_ends(staging: Staging, open_store: OpenStore, clock: Clock) -> None:
    """Whoever asks; each destination has a time of its own."""
    start = clock()

    begins = [staging.reserve("vendor", 2.0), open_store().reserve("vendor", 1.0), staging.reserve("vendor", 1.0)]

    assert begins == [start, start + 2.0, start + 3.0]
    assert staging.reserve("other", 1.0) == start


def test_time_that_nobody_has_used_is_gone(staging: Staging, clock: Clock) -> None:
    """After a pause there is no burst."""
    staging.reserve("vendor", 1.0)
    clock.advance(60)

    assert [staging.reserve("vendor", 1.0), staging.reserve("vendor", 1.0)] == [clock(), clock() + 1.0]


def test_whoever_wants_only_unused_time_waits_for_everybody_else(staging: Staging, clock: Clock) -> None:
    """None while somebody has it, and until it has stood unused for so long; asking costs nothing."""
    staging.reserve("vendor", 2.0)
    asked = [staging.reserve("vendor", 1.0, unused=0.5)]
    clock.advance(2.25)
    asked.append(staging.reserve("vendor", 1.0, unused=0.5))
    clock.advance(0.25)
    asked.append(staging.reserve("vendor", 1.0, unused=0.5))

    assert asked == [None, None, clock()]
    assert staging.reserve("vendor", 1.0) == clock() + 1.0


def test_the_first_one_finds_it_unused(staging: Staging, clock: Clock) -> None:
    """Nobody has ever sent anything there."""
    assert staging.reserve("vendor", 1.0, unused=3600.0) == clock()


def test_a_clock_that_is_set_back_holds_up_nobody_for_long(staging: Staging, clock: Clock) -> None:
    """What was reserved a day ahead was reserved under another clock; ten slow requests are a day, too."""
    staging.reserve("vendor", 1.0)
    clock.advance(-86400)

    assert staging.reserve("vendor", 1.0) == clock()
    assert [staging.reserve("other", 86400.0), staging.reserve("other", 86400.0)] == [clock(), clock() + 86400.0]
