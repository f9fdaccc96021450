"""Who is held back when the first call of a user fails alone?"""

from analytics_platform.delivery.flush import Failure, Flush, Tally
from analytics_platform.delivery.holds import Holds
from analytics_platform.destinations.base import Outgoing
from analytics_platform.staging.base import Event
from tests.fakes.clock import Clock
from tests.fakes.destination import UNAVAILABLE, Obedient


def call(seq: int, user: str) -> Outgoing:
    """A call of a user."""
    return Outgoing(Event(seq, "web", f"{user}-{seq}", 0.0, "{}"), {"userId": user})


BAD, LATER, OTHER = call(1, "bad"), call(2, "bad"), call(3, "other")
FAILURE = Failure([BAD], UNAVAILABLE)


def flushed(*lanes: list[Outgoing], fails: str = "") -> Flush:
    """A flush of these lanes in which one event fails."""
    vendor = Obedient()
    vendor.will_choke_on(fails)
    flush = Flush(vendor, lambda _: None, lambda: None, lambda: False, Tally())
    flush.run(lanes, 10, at_once=1)
    return flush


def test_a_held_user_waits_with_all_calls_and_the_others_go_on() -> None:
    """A later call of the same user must not overtake the one that failed."""
    clock = Clock()
    holds = Holds(clock)

    holds.hold(FAILURE, 2.0)

    assert holds.without_waiting([BAD, LATER, OTHER]) == [OTHER]
    clock.advance(2.0)
    assert holds.without_waiting([BAD, LATER, OTHER]) == [BAD, LATER, OTHER]


def test_a_user_whose_wait_is_over_still_travels_alone() -> None:
    """In a request with others it could fail them all."""
    clock = Clock()
    holds = Holds(clock)
    holds.hold(FAILURE, 2.0)

    clock.advance(2.0)

    assert holds
    assert holds.is_held(BAD)
    assert not holds.is_held(OTHER)


def test_a_success_releases_the_user() -> None:
    """The next calls travel with everybody else's."""
    holds = Holds(Clock())
    holds.hold(FAILURE, 2.0)

    holds.note(flushed([OTHER]), [[OTHER]])
    assert holds.is_held(BAD)
    holds.note(flushed([BAD]), [[BAD]])

    assert not holds


def test_a_failure_beside_a_success_tells_against_the_event() -> None:
    """The vendor is there, and digests others."""
    holds = Holds(Clock())

    assert holds.others_succeeded(FAILURE, flushed([BAD], [OTHER], fails="bad-1"))
    assert not holds.others_succeeded(FAILURE, flushed([BAD], fails="bad-1"))


def test_a_success_since_the_last_failure_tells_against_the_event_once() -> None:
    """After it, a vendor that is down looks the same as an event that is bad."""
    holds, alone = Holds(Clock()), flushed([BAD], fails="bad-1")
    holds.hold(FAILURE, 2.0)
    holds.note(flushed([OTHER]), [[OTHER]])

    assert holds.others_succeeded(FAILURE, alone)
    holds.hold(FAILURE, 2.0)
    assert not holds.others_succeeded(FAILURE, alone)
