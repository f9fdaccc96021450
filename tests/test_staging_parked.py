"""What becomes of the events of a user who is held back?

A part of the suite that every staging store must pass.
"""

from collections.abc import Sequence

from analytics_platform.staging.base import (
    Burial,
    Counts,
    Event,
    HeldBack,
    Parked,
    Settlement,
    Staging,
    Trouble,
)
from tests.fakes.clock import Clock
from tests.stores import OpenStore, append, ids, pending_ids, take

pytest_plugins = ["tests.staging_fixtures"]

USER, SOMEBODY = b"u" * 16, b"s" * 16


def parked(events: Sequence[Event], until: float, user: bytes = USER) -> Settlement:
    """What parks these events until a time."""
    return Settlement(parked=[Parked(event, user, until) for event in events])


def test_what_is_parked_lets_the_others_pass(staging: Staging) -> None:
    """It is pending no more, but still counts as pending, and as not settled."""
    a, b, c = append(staging, "a", "b", "c")
    lease = take(staging, "run-1")

    staging.settle(lease, parked([a, c], 100.0))
    staging.settle(lease, Settlement(delivered=[b]))

    assert pending_ids(staging) == []
    assert staging.cursor("vendor") == 0
    assert staging.counts("vendor") == Counts(delivered=1, skipped=0, pending=2, dead=0)


def test_parked_events_come_by_user_and_in_order(staging: Staging) -> None:
    """A later call of a user waits for the earlier ones."""
    a, b, c, d = append(staging, *"abcd")
    lease = take(staging, "run-1")

    staging.settle(lease, parked([d, a], 100.0))
    staging.settle(lease, parked([b], 200.0, SOMEBODY))
    staging.settle(lease, parked([c], 100.0))

    assert ids(staging.parked("vendor", USER, 10)) == ["a", "c", "d"]
    assert ids(staging.parked("vendor", USER, 2)) == ["a", "c"]
    assert staging.parked("other", USER, 10) == []
    assert sorted(staging.held_back("vendor"), key=lambda held: held.until) == [
        HeldBack(USER, 100.0, 3),
        HeldBack(SOMEBODY, 200.0, 1),
    ]


def test_what_becomes_of_a_parked_event_is_settled_as_of_any_other(staging: Staging) -> None:
    """Delivered, skipped or dead: it is parked no more."""
    a, b, c, _ = append(staging, *"abcd")
    lease = take(staging, "run-1")
    staging.settle(lease, parked([a, b, c], 100.0))

    staging.settle(lease, Settlement(delivered=[a], skipped=[b], dead=[Burial(c, "HTTP 400")]))

    assert staging.held_back("vendor") == []
    assert staging.cursor("vendor") == 3
    assert staging.counts("vendor") == Counts(delivered=1, skipped=1, pending=1, dead=1)


def test_a_parked_event_that_fails_again_waits_longer(staging: Staging, clock: Clock) -> None:
    """The time of the one that was tried counts for its user; what is known of its failures stays."""
    a, b = append(staging, "a", "b")
    lease = take(staging, "run-1")
    staging.settle(lease, Settlement(failed=[a], failed_alone=True))
    staging.settle(lease, parked([a, b], 100.0))

    staging.settle(lease, Settlement(failed=[a], failed_alone=True, parked=[Parked(a, USER, 300.0)]))

    assert staging.held_back("vendor") == [HeldBack(USER, 300.0, 2)]
    assert staging.troubles("vendor", [a]) == {a.seq: Trouble(clock(), 2)}


def test_the_sensor_sees_when_the_first_user_may_be_tried(staging: Staging) -> None:
    """A user whose first event was tried in vain waits as long as that one."""
    a, b, c = append(staging, "a", "b", "c")
    lease = take(staging, "run-1")
    before = staging.streams(["vendor"], 10)[0].held_until

    staging.settle(lease, parked([a, b], 100.0))
    staging.settle(lease, parked([c], 200.0, SOMEBODY))
    staging.settle(lease, parked([a], 300.0))

    assert before is None
    assert staging.streams(["vendor"], 10)[0].held_until == 200.0


def test_parked_events_outlast_the_process(staging: Staging, open_store: OpenStore) -> None:
    """The next run goes on where this one has ended."""
    events = append(staging, "a", "b")
    staging.settle(take(staging, "run-1"), parked(events, 100.0))

    again = open_store()

    assert again.parked("vendor", USER, 10) == events
    assert again.pending("vendor", 10) == []
