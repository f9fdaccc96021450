"""Does a redelivery go its own way through the log, and leave live delivery alone?

A part of the suite that every staging store must pass.
"""

from analytics_platform.staging.base import (
    Burial,
    Counts,
    Dead,
    Event,
    Lease,
    Parked,
    Settlement,
    Staging,
    live,
)
from analytics_platform.staging.retention import Expired, Horizons
from analytics_platform.staging.streams import Part, Redelivery
from tests.fakes.clock import Clock
from tests.stores import OpenStore, append, ids, pending_ids, take, take_stream

pytest_plugins = ["tests.staging_fixtures"]

DAY = 86400.0


def deliver(staging: Staging, *message_ids: str) -> list[Event]:
    """Have these accepted, and delivered by the live stream of `vendor`."""
    events = append(staging, *message_ids)
    staging.settle(take(staging, f"live-run-{message_ids[0]}"), Settlement(delivered=events))
    staging.end_run(f"live-run-{message_ids[0]}", "drained")
    return events


def begin(staging: Staging, first: int, last: int, run_id: str = "again") -> tuple[Redelivery, Lease]:
    """Ask for what is in a part of the log once more, and start a run of it."""
    redelivery = staging.redeliver("vendor", Part(first, last), rate=5.0)
    return redelivery, take_stream(staging, run_id, redelivery.stream)


def settle_other(staging: Staging) -> None:
    """Have the other destination be done with everything."""
    staging.settle(take(staging, "other-run", "other"), Settlement(delivered=staging.pending("other", 10)))


def purge(staging: Staging, clock: Clock, days: float = 30) -> None:
    """Take away what is over so many days old."""
    at = clock() - days * DAY
    staging.purge(Horizons(at, at, at, at), 100)


def test_it_has_its_part_of_the_log_pending_and_the_live_stream_has_not(staging: Staging, clock: Clock) -> None:
    """From the event after `first` to `last`, whatever live delivery has settled, and whatever comes meanwhile."""
    deliver(staging, *"abcde")

    redelivery, _ = begin(staging, 1, 4)
    append(staging, "f")

    assert ids(staging.pending("vendor", 10, redelivery.stream)) == ["b", "c", "d"]
    assert pending_ids(staging) == ["f"]
    assert (redelivery.destination, redelivery.part, redelivery.rate) == ("vendor", Part(1, 4), 5.0)
    assert (redelivery.asked_at, redelivery.ended_at, redelivery.is_cancelled) == (clock(), None, False)
    assert staging.part("vendor", redelivery.stream) == redelivery.part


def test_it_remembers_what_was_asked_for(staging: Staging) -> None:
    """Whoever reads the stream leaves out the rest."""
    deliver(staging, *"abc")
    asked = Part(0, 3, since=1000.0, until=2000.5, event="report.created")

    redelivery = staging.redeliver("vendor", asked, 0)

    assert (redelivery.part, redelivery.rate) == (asked, 0)
    assert staging.part("vendor", redelivery.stream) == asked
    assert staging.redeliveries() == [redelivery]


def test_the_sensor_sees_it_beside_the_live_stream(staging: Staging) -> None:
    """With its own pending events, health and lease."""
    deliver(staging, *"abc")
    redelivery, lease = begin(staging, 0, 3)
    staging.back_off(lease, 500.0, "HTTP 503")

    usual, again = staging.streams(["vendor"], 10)

    assert (usual.stream, usual.is_live, usual.pending, usual.leased) == ("live", True, 0, False)
    assert (again.stream, again.is_live, again.pending, again.leased) == (redelivery.stream, False, 3, True)
    assert (usual.health.failures, again.health.failures) == (0, 1)
    assert [state.stream for state in staging.streams(["other"], 10)] == ["live"]


def test_it_ends_when_its_last_event_is_settled(staging: Staging, clock: Clock) -> None:
    """By itself; then it has nothing pending, and is known for a while."""
    events = deliver(staging, *"abcd")
    redelivery, lease = begin(staging, 0, 3)

    staging.settle(lease, Settlement(delivered=[events[1]], passed=[events[0]]))
    under_way = staging.redeliveries("vendor")[0]
    clock.advance(60)
    staging.settle(lease, Settlement(skipped=[events[2]]))

    ended = staging.redeliveries("vendor")[0]
    assert (round(under_way.progress, 3), under_way.ended_at) == (0.667, None)
    assert (ended.progress, ended.ended_at, ended.delivered, ended.skipped) == (1.0, clock(), 1, 1)
    assert not ended.is_cancelled
    assert staging.is_over("vendor", redelivery.stream)
    assert [state.stream for state in staging.streams(["vendor"], 10)] == ["live"]
    assert staging.redeliveries("other") == []


def test_it_does_not_end_while_somebody_of_it_is_held_back(staging: Staging) -> None:
    """What is parked is not settled."""
    events = deliver(staging, "a", "b")
    redelivery, lease = begin(staging, 0, 2)

    staging.settle(lease, Settlement(delivered=[events[1]], parked=[Parked(events[0], b"u" * 16, 100.0)]))

    assert not staging.is_over("vendor", redelivery.stream)
    assert staging.streams(["vendor"], 10)[1].held_until == 100.0
    staging.settle(lease, Settlement(delivered=[events[0]]))
    assert staging.is_over("vendor", redelivery.stream)


def test_an_empty_one_is_over_at_once(staging: Staging) -> None:
    """There is nothing to start a run for."""
    deliver(staging, "a")

    redelivery = staging.redeliver("vendor", Part(1, 1), 0)

    assert (redelivery.ended_at is not None, redelivery.progress) == (True, 1.0)
    assert len(staging.streams(["vendor"], 10)) == 1


def test_it_moves_nothing_of_the_live_stream(staging: Staging) -> None:
    """Neither cursor nor totals: what is delivered once more is still one accepted event."""
    events = deliver(staging, *"abc")
    before = staging.counts("vendor"), staging.cursor("vendor"), staging.health("vendor")
    _, lease = begin(staging, 0, 3)

    staging.settle(lease, Settlement(delivered=events[:2], failed=[events[2]]))
    staging.back_off(lease, 500.0, "HTTP 503")

    assert (staging.counts("vendor"), staging.cursor("vendor"), staging.health("vendor")) == before
    assert staging.troubles("vendor", events) == {}


def test_what_it_buries_is_a_dead_letter_as_any_other(staging: Staging) -> None:
    """Of the run that buried it, though it was delivered once before."""
    events = deliver(staging, "a")
    _, lease = begin(staging, 0, 1)

    staging.settle(lease, Settlement(dead=[Burial(events[0], "HTTP 400")]))

    assert [letter.run_id for letter in staging.open_letters("vendor", ["again"], 0, 10)] == ["again"]
    assert staging.counts("vendor").dead == 1


def test_what_it_delivers_is_no_dead_letter_any_more(staging: Staging) -> None:
    """So that no replay sends it a third time; it counts as delivered as if a replay had done it."""
    a, b = append(staging, "a", "b")
    staging.settle(take(staging, "live-run"), Settlement(dead=[Burial(a, "HTTP 400"), Burial(b, "HTTP 400")]))
    _, lease = begin(staging, 0, 2)

    staging.settle(lease, Settlement(delivered=[a]))

    assert [letter.event for letter in staging.dead_letters(Dead(), 0, 10)] == [b]
    assert staging.counts("vendor") == Counts(delivered=1, skipped=0, pending=0, dead=1)


def test_two_of_them_do_not_know_each_other(staging: Staging) -> None:
    """Each has its name, its place and its lease."""
    events = deliver(staging, "a", "b")
    one, lease = begin(staging, 0, 2, "run-1")
    two, _ = begin(staging, 1, 2, "run-2")

    staging.settle(lease, Settlement(delivered=events))

    assert one.stream != two.stream
    assert [staging.is_over("vendor", each.stream) for each in (one, two)] == [True, False]
    assert [each.stream for each in staging.redeliveries()] == [one.stream, two.stream]


def test_it_goes_on_after_a_restart(staging: Staging, open_store: OpenStore) -> None:
    """Where it was."""
    events = deliver(staging, "a", "b")
    redelivery, lease = begin(staging, 0, 2)
    staging.settle(lease, Settlement(delivered=[events[0]]))
    staging.close()

    again = open_store()

    assert ids(again.pending("vendor", 10, redelivery.stream)) == ["b"]


def test_it_goes_on_when_its_destination_is_split(staging: Staging) -> None:
    """Lanes are of live delivery."""
    deliver(staging, "a", "b")
    redelivery, _ = begin(staging, 0, 2)

    staging.split("vendor", 2)

    names = [state.stream for state in staging.streams(["vendor"], 10)]
    assert names == ["lane-1-of-2", "lane-2-of-2", redelivery.stream]
    assert ids(staging.pending("vendor", 10, redelivery.stream)) == ["a", "b"]


# Cancelling


def test_a_cancelled_one_is_over_where_it_is(staging: Staging, clock: Clock) -> None:
    """What it has not sent stays unsent; what it buried stays buried."""
    events = deliver(staging, *"abcd")
    redelivery, lease = begin(staging, 0, 4)
    staging.settle(lease, Settlement(delivered=[events[0]], parked=[Parked(events[2], b"u" * 16, 100.0)]))
    clock.advance(60)

    assert staging.cancel_redelivery(redelivery.stream)

    cancelled = staging.redeliveries()[0]
    assert (cancelled.is_cancelled, cancelled.ended_at, cancelled.delivered) == (True, clock(), 1)
    assert staging.is_over("vendor", redelivery.stream)
    assert staging.pending("vendor", 10, redelivery.stream) == []
    assert staging.held_back("vendor", redelivery.stream) == []
    assert not staging.cancel_redelivery(redelivery.stream)
    assert not staging.cancel_redelivery("redelivery-999")
    assert not staging.cancel_redelivery("live")


def test_a_run_of_a_cancelled_one_may_still_settle_what_it_has_sent(staging: Staging) -> None:
    """What the vendor has confirmed is confirmed; nothing of it is tried again."""
    events = deliver(staging, *"abc")
    redelivery, lease = begin(staging, 0, 3)
    staging.cancel_redelivery(redelivery.stream)

    staging.settle(lease, Settlement(delivered=[events[0]], failed=[events[2]]))
    staging.settle(lease, Settlement(parked=[Parked(events[1], b"u" * 16, 100.0)]))

    assert staging.redeliveries()[0].delivered == 1
    assert staging.is_over("vendor", redelivery.stream)
    assert staging.held_back("vendor", redelivery.stream) == []
    assert staging.troubles("vendor", events, redelivery.stream) == {}


# Beside other promises of the store


def test_the_log_is_kept_for_it_until_it_is_over(staging: Staging, clock: Clock) -> None:
    """However old its events are; what had left the log before it began is not waited for."""
    deliver(staging, "a", "b")
    settle_other(staging)
    purge(staging, clock)
    clock.advance(DAY)
    deliver(staging, "c", "d")
    settle_other(staging)
    purge(staging, clock)
    clock.advance(29.5 * DAY)
    purge(staging, clock)

    redelivery, lease = begin(staging, 0, 4)
    clock.advance(31 * DAY)
    purge(staging, clock)
    left = staging.pending("vendor", 10, redelivery.stream)
    staging.settle(lease, Settlement(delivered=left))
    purge(staging, clock)

    assert (redelivery.part, ids(left)) == (Part(2, 4), ["c", "d"])
    assert staging.is_over("vendor", redelivery.stream)
    assert staging.logged(None, 0, 10) == []


def test_one_whose_events_have_all_left_the_log_is_over_at_once(staging: Staging, clock: Clock) -> None:
    """Somebody was slow to ask."""
    deliver(staging, "a", "b")
    settle_other(staging)
    purge(staging, clock)
    clock.advance(31 * DAY)
    purge(staging, clock)

    redelivery = staging.redeliver("vendor", Part(0, 2), 0)

    assert redelivery.ended_at is not None


def test_what_it_does_not_get_round_to_expires(staging: Staging, clock: Clock) -> None:
    """As for any stream; then it is over."""
    deliver(staging, "a", "b")
    purge(staging, clock)
    redelivery, _ = begin(staging, 0, 1)
    append(staging, "c")
    clock.advance(91 * DAY)

    expired = staging.expire(clock() - 90 * DAY)

    assert Expired("vendor", redelivery.stream, 1) in expired
    assert staging.is_over("vendor", redelivery.stream)


def test_it_is_forgotten_some_time_after_its_end(staging: Staging, clock: Clock) -> None:
    """With its runs; its name is not given again."""
    events = deliver(staging, "a")
    over, lease = begin(staging, 0, 1)
    going_on, _ = begin(staging, 0, 1, "another")
    staging.settle(lease, Settlement(delivered=events))
    clock.advance(31 * DAY)

    purge(staging, clock)

    assert staging.redeliveries() == [going_on]
    assert staging.part("vendor", over.stream) is None
    staging.cancel_redelivery(going_on.stream)
    clock.advance(31 * DAY)
    purge(staging, clock)
    assert staging.redeliver("vendor", Part(0, 1), 0).stream not in (over.stream, going_on.stream)


def test_the_lease_on_a_redelivery_is_not_the_lease_on_the_live_stream(staging: Staging) -> None:
    """Their runs work side by side."""
    deliver(staging, "a")
    begin(staging, 0, 1)

    assert staging.acquire(live("vendor"), "again") is not None
