"""Who is held back, for how long, and does it tell against the event or the vendor?"""

import json

import pytest

from analytics_platform.delivery.flush import Failure, Flush
from analytics_platform.delivery.holds import Holds, key_of
from analytics_platform.delivery.patience import LONGEST_WAIT, PARKED_AT_MOST
from analytics_platform.delivery.tally import Tally
from analytics_platform.destinations.base import Outgoing, opened
from analytics_platform.staging.base import Event, HeldBack
from tests.fakes.clock import Clock
from tests.fakes.destination import UNAVAILABLE, Obedient


def call(seq: int, user: str) -> Outgoing:
    """A user's call."""
    return opened(Event(seq, "web", f"{user}-{seq}", 0.0, json.dumps({"userId": user})))


BAD, LATER, OTHER = call(1, "bad"), call(2, "bad"), call(3, "other")
USER = key_of(BAD)
FAILURE = Failure([BAD], UNAVAILABLE)


@pytest.fixture
def holds(clock: Clock) -> Holds:
    """One user is held back for two seconds, with two events."""
    return Holds(clock, [HeldBack(USER, clock() + 2.0, 2)])


def flushed(*lanes: list[Outgoing], fails: str = "") -> Flush:
    """A flush of these lanes in which one event fails."""
    vendor = Obedient()
    vendor.will_choke_on(fails)
    flush = Flush(vendor, lambda _: None, lambda: None, lambda: False, Tally())
    flush.run(lanes, 10, at_once=1)
    return flush


def test_a_held_user_waits_with_all_calls_and_the_others_go_on(holds: Holds) -> None:
    """A later call of the same user must not overtake the one that failed."""
    assert holds.is_held(LATER)
    assert not holds.is_held(OTHER)


def test_a_user_is_ready_once_the_time_has_come(holds: Holds, clock: Clock) -> None:
    """Not before; a time that is too far away was written before the clock was set back."""
    before = holds.ready(10)
    clock.advance(2.0)

    assert (before, holds.ready(10)) == ([], [USER])
    clock.advance(-2 * LONGEST_WAIT)
    assert holds.ready(10) == [USER]


def test_those_who_have_waited_longest_are_first(clock: Clock) -> None:
    """When there are more than can be tried at once."""
    late, early = HeldBack(b"late", clock() - 1, 1), HeldBack(b"early", clock() - 2, 1)

    assert Holds(clock, [late, early]).ready(1) == [b"early"]


def test_followers_wait_as_long_as_the_one_before_them(holds: Holds, clock: Clock) -> None:
    """They are tried after it, in order."""
    (parked,) = holds.followers([LATER])

    assert (parked.event, parked.user, parked.until) == (LATER.event, USER, clock() + 2.0)


def test_no_more_is_parked_than_there_is_room_for(clock: Clock) -> None:
    """What stays in the stream holds it up, and memory and disk stay bounded."""
    holds = Holds(clock, [HeldBack(USER, clock(), PARKED_AT_MOST - 1)])

    assert [parked.event for parked in holds.followers([BAD, LATER])] == [BAD.event]


def test_a_user_of_whom_one_event_is_taken_has_proven_well(holds: Holds, clock: Clock) -> None:
    """The rest may travel together."""
    holds.note(flushed([BAD]), [HeldBack(USER, clock(), 1)])

    assert holds.is_proven(USER)


def test_a_user_whose_events_were_not_sent_has_proven_nothing(holds: Holds, clock: Clock) -> None:
    """A lane may have ended before it came to them."""
    holds.note(flushed([OTHER]), [HeldBack(USER, clock(), 2)])

    assert holds.is_held(BAD)
    assert not holds.is_proven(USER)


def test_a_user_who_fails_again_has_to_prove_well_again(holds: Holds, clock: Clock) -> None:
    """Although an earlier event was taken in the same flush."""
    holds.note(flushed([BAD], [LATER], fails="bad-2"), [HeldBack(USER, clock() + 4.0, 1)])

    assert not holds.is_proven(USER)


def test_a_user_without_parked_events_is_free(holds: Holds) -> None:
    """The next calls travel with everybody else's."""
    holds.note(flushed([BAD, LATER]), [])

    assert not holds


def test_a_failure_beside_a_success_tells_against_the_event(holds: Holds) -> None:
    """The vendor is there, and digests others."""
    assert holds.others_succeeded(FAILURE, flushed([BAD], [OTHER], fails="bad-1"))
    assert not holds.others_succeeded(FAILURE, flushed([BAD], fails="bad-1"))


def test_a_success_since_the_last_failure_tells_against_the_event_once(holds: Holds, clock: Clock) -> None:
    """After it, a vendor that is down looks the same as an event that is bad."""
    alone, still_held = flushed([BAD], fails="bad-1"), [HeldBack(USER, clock(), 2)]
    holds.parked([BAD], 2.0)
    holds.note(flushed([OTHER]), still_held)

    assert holds.others_succeeded(FAILURE, alone)
    holds.parked([BAD], 2.0)
    assert not holds.others_succeeded(FAILURE, alone)
