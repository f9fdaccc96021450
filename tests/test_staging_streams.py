"""Does each destination keep its own place in the log?

A part of the suite that every staging store must pass.
"""

import pytest

from analytics_platform.staging.base import (
    Burial,
    Counts,
    Health,
    LeaseLost,
    Settlement,
    Staging,
    Trouble,
    live,
)
from tests.fakes.clock import Clock
from tests.stores import append, entry, pending_ids, take

pytest_plugins = ["tests.staging_fixtures"]


def test_a_new_destination_starts_at_the_end_of_the_log(staging: Staging) -> None:
    """A destination gets what is accepted after it was registered."""
    append(staging, "before")

    staging.register(["new"])
    append(staging, "after")

    assert pending_ids(staging, "new") == ["after"]


def test_registering_again_changes_nothing(staging: Staging) -> None:
    """Every process registers every destination when it starts."""
    append(staging, "a")

    staging.register(["vendor", "other"])

    assert pending_ids(staging) == ["a"]


def test_pending_events_come_in_order_up_to_the_limit(staging: Staging) -> None:
    """Reading takes the oldest first."""
    append(staging, "a", "b", "c")

    assert [event.message_id for event in staging.pending("vendor", 2)] == ["a", "b"]
    assert staging.pending("vendor", 0) == []


def test_settling_moves_the_cursor(staging: Staging) -> None:
    """What is delivered, skipped or dead is settled; the cursor stands before the first event that is not."""
    a, b, c, _ = append(staging, "a", "b", "c", "d")
    lease = take(staging, "run-1")

    staging.settle(lease, Settlement(delivered=[a], skipped=[b], dead=[Burial(c, "HTTP 400")]))

    assert staging.cursor("vendor") == 3
    assert pending_ids(staging) == ["d"]


def test_events_beyond_the_cursor_may_be_settled_first(staging: Staging) -> None:
    """Lanes overtake each other; pending leaves out what is settled, and the cursor catches up."""
    events = append(staging, *"abcdefgh")
    lease = take(staging, "run-1")

    staging.settle(lease, Settlement(delivered=[events[6], events[2], events[3]]))

    assert (staging.cursor("vendor"), pending_ids(staging)) == (0, [*"abefh"])
    assert [event.message_id for event in staging.pending("vendor", 3)] == [*"abe"]

    staging.settle(lease, Settlement(delivered=events[:2]))

    assert (staging.cursor("vendor"), pending_ids(staging)) == (4, [*"efh"])


@pytest.mark.parametrize(
    ("answers", "cursor", "left"),
    [
        pytest.param(["abc"], 3, "de", id="the next ones"),
        pytest.param(["abc", "de"], 5, "", id="one answer after the other"),
        pytest.param(["cab"], 3, "de", id="in another order"),
        pytest.param(["aec"], 1, "bd", id="with holes that their number hides"),
        pytest.param(["bc"], 0, "ade", id="not the first ones"),
        pytest.param(["bc", "a"], 3, "de", id="before what is settled already"),
        pytest.param(["d", "abc"], 4, "e", id="up to what is settled already"),
    ],
)
def test_exactly_what_is_delivered_is_settled(staging: Staging, answers: list[str], cursor: int, left: str) -> None:
    """However the vendor's answers come, and in whatever order an answer names its events."""
    events = dict(zip("abcde", append(staging, *"abcde"), strict=True))
    lease = take(staging, "run-1")

    for answer in answers:
        staging.settle(lease, Settlement(delivered=[events[name] for name in answer]))

    assert staging.cursor("vendor") == cursor
    assert pending_ids(staging) == [*left]
    assert staging.counts("vendor") == Counts(delivered=5 - len(left), skipped=0, pending=len(left), dead=0)


def test_what_is_settled_twice_moves_nothing_back(staging: Staging) -> None:
    """An event at or before the cursor says nothing new to it."""
    events = append(staging, "a", "b", "c")
    lease = take(staging, "run-1")
    staging.settle(lease, Settlement(delivered=events[:2]))

    staging.settle(lease, Settlement(delivered=events[:1]))

    assert (staging.cursor("vendor"), pending_ids(staging)) == (2, ["c"])


def test_destinations_do_not_share_a_cursor(staging: Staging) -> None:
    """What one destination has settled is still pending for the others."""
    events = append(staging, "a", "b")
    lease = take(staging, "run-1")

    staging.settle(lease, Settlement(delivered=events))

    assert pending_ids(staging, "other") == ["a", "b"]
    assert staging.counts("other") == Counts(delivered=0, skipped=0, pending=2, dead=0)


def test_a_run_that_lost_its_lease_settles_nothing(staging: Staging, clock: Clock) -> None:
    """The token of the lease fences off whoever had it before: all of the settlement is refused."""
    a, b, c = append(staging, "a", "b", "c")
    lost = take(staging, "run-1")
    clock.advance(60)
    take(staging, "run-2")

    with pytest.raises(LeaseLost):
        staging.settle(lost, Settlement(delivered=[a], dead=[Burial(b, "HTTP 400")], failed=[c]))
    with pytest.raises(LeaseLost):
        staging.back_off(lost, clock() + 60, "HTTP 503")
    with pytest.raises(LeaseLost):
        staging.want_successor(lost)

    assert staging.counts("vendor") == Counts(delivered=0, skipped=0, pending=3, dead=0)
    assert staging.troubles("vendor", [a, b, c]) == {}
    assert staging.health("vendor").retry_at is None


def test_a_run_that_has_ended_settles_nothing(staging: Staging) -> None:
    """Ending gives the lease back, also when nobody has taken it since."""
    events = append(staging, "a")
    lease = take(staging, "run-1")
    staging.end_run("run-1", "drained")

    with pytest.raises(LeaseLost):
        staging.settle(lease, Settlement(delivered=events))

    assert pending_ids(staging) == ["a"]


def test_a_failed_event_stays_pending_and_is_remembered(staging: Staging, clock: Clock) -> None:
    """The first attempt keeps its time; only failures beside successes count as the event's own."""
    a, b, c = append(staging, "a", "b", "c")
    lease = take(staging, "run-1")
    began = clock()

    staging.settle(lease, Settlement(failed=[a, b]))
    clock.advance(100)
    staging.settle(lease, Settlement(failed=[b], failed_alone=True))

    assert pending_ids(staging) == ["a", "b", "c"]
    assert staging.troubles("vendor", [c, b, a]) == {a.seq: Trouble(began, 0), b.seq: Trouble(began, 1)}
    assert staging.troubles("vendor", [c, a]) == {a.seq: Trouble(began, 0)}
    assert staging.troubles("vendor", []) == {}
    assert staging.troubles("other", [a, b]) == {}


def test_a_settled_event_has_no_trouble_left(staging: Staging) -> None:
    """Troubles are about pending events."""
    a, b = append(staging, "a", "b")
    lease = take(staging, "run-1")
    staging.settle(lease, Settlement(failed=[a, b]))

    staging.settle(lease, Settlement(delivered=[b]))

    assert list(staging.troubles("vendor", [a, b])) == [a.seq]


def test_failures_add_up_until_there_is_progress(staging: Staging, clock: Clock) -> None:
    """Each back-off counts; one event that is delivered ends the series, one that is given up does not."""
    a, b = append(staging, "a", "b")
    lease = take(staging, "run-1")

    staging.back_off(lease, clock() + 60, "HTTP 503")
    staging.back_off(lease, clock() + 300, "ConnectTimeout")
    down = staging.health("vendor")
    staging.settle(lease, Settlement(skipped=[a], failed=[b]))
    still_down = staging.health("vendor")
    staging.settle(lease, Settlement(delivered=[b]))

    assert down == still_down == Health(failures=2, retry_at=clock() + 300, last_error="ConnectTimeout")
    assert staging.health("vendor") == Health(failures=0, retry_at=None, last_error=None)
    assert staging.health("other") == Health(failures=0, retry_at=None, last_error=None)


def test_a_stream_says_what_decides_on_its_next_run(staging: Staging) -> None:
    """How much is pending, up to a number; since when; how it fares; whether somebody works on it."""
    staging.append([entry("a", received_at=1000.0), entry("b", received_at=1001.0), entry("c", received_at=1002.0)])
    take(staging, "run-1")

    vendor, other = staging.streams(["vendor", "other"], count_to=2)

    assert (vendor.destination, vendor.pending, vendor.oldest_at, vendor.leased) == ("vendor", 2, 1000.0, True)
    assert (other.destination, other.pending, other.oldest_at, other.leased) == ("other", 2, 1000.0, False)
    assert (vendor.health, vendor.died_at, vendor.successor_wanted) == (Health(0, None, None), None, False)


def test_a_stream_says_when_its_run_has_died(staging: Staging, clock: Clock) -> None:
    """A lease whose holder's heart has stopped is free, and since when is known until somebody takes it."""
    take(staging, "run-1")
    staging.heartbeat("run-1", 30)
    stopped = clock() + 30
    clock.advance(40)

    (dead,) = staging.streams(["vendor"], 1)
    take(staging, "run-2")
    (taken,) = staging.streams(["vendor"], 1)

    assert (dead.leased, dead.died_at) == (False, stopped)
    assert (taken.leased, taken.died_at) == (True, None)


def test_nothing_pending_has_no_age(staging: Staging) -> None:
    """An empty stream has no oldest event."""
    (vendor,) = staging.streams(["vendor"], count_to=10)

    assert (vendor.pending, vendor.oldest_at) == (0, None)


def test_the_lease_on_letters_is_not_the_lease_on_the_stream(staging: Staging) -> None:
    """A replay beside a drain does not make the stream look busy."""
    staging.start_run("run-1", "vendor")
    staging.acquire("vendor/replay", "run-1")

    (vendor,) = staging.streams(["vendor"], 1)

    assert not vendor.leased
    assert staging.acquire(live("vendor"), "run-1") is not None
