"""Does a store keep what is needed, and only that?"""

import pytest

from analytics_platform.staging.aside import Aside
from analytics_platform.staging.base import Burial, Counts, Dead, Parked, Settlement, Staging, replay
from analytics_platform.staging.retention import Expired, Horizons
from tests.fakes.clock import Clock
from tests.stores import OpenStore, append, entry, ids, pending_ids, take

pytest_plugins = ["tests.staging_fixtures"]

DAY = 86400.0


def purge(staging: Staging, clock: Clock, days: float = 30, limit: int = 100) -> int:
    """Take away, in one go, what is over so many days old."""
    at = clock() - days * DAY
    return staging.purge(Horizons(at, at, at, at), limit)


def logged(staging: Staging) -> list[str]:
    """The messageIds of what is in the log."""
    return ids(staging.logged(None, 0, 1000))


def deliver_all(staging: Staging, run_id: str = "run-1") -> None:
    """Have both destinations settle everything."""
    for destination in ("vendor", "other"):
        lease = take(staging, f"{run_id}-{destination}", destination)
        staging.settle(lease, Settlement(delivered=staging.pending(destination, 1000)))
        staging.end_run(lease.run_id, "drained")


# The log


def test_an_event_leaves_the_log_when_it_is_old_and_settled(staging: Staging, clock: Clock) -> None:
    """What is younger stays; nothing of it is delivered again, and new events go on from there."""
    append(staging, "m-1", "m-2")
    deliver_all(staging)
    purge(staging, clock)
    clock.advance(29 * DAY)
    append(staging, "m-3")
    purge(staging, clock)
    assert logged(staging) == ["m-1", "m-2", "m-3"]

    clock.advance(2 * DAY)

    assert purge(staging, clock) > 0
    assert logged(staging) == ["m-3"]
    assert pending_ids(staging) == ["m-3"]
    assert append(staging, "m-4")[-1].seq == 4


def test_an_event_that_a_destination_has_not_settled_stays_however_old_it_is(staging: Staging, clock: Clock) -> None:
    """Whatever the others have done: the slowest cursor counts, not what is settled beyond it."""
    for name in ("m-1", "m-2", "m-3"):
        append(staging, name)
        purge(staging, clock)
        clock.advance(DAY)
    deliver_all_of_other = take(staging, "run-1", "other")
    staging.settle(deliver_all_of_other, Settlement(delivered=staging.pending("other", 10)))
    events = staging.pending("vendor", 10)
    staging.settle(take(staging, "run-2"), Settlement(delivered=[events[0], events[2]]))

    clock.advance(1000 * DAY)
    while purge(staging, clock):
        pass

    assert logged(staging) == ["m-2", "m-3"]
    assert pending_ids(staging) == ["m-2"]


def test_its_age_counts_from_the_append(staging: Staging, clock: Clock) -> None:
    """What was received long ago and released from quarantine today is new in the log."""
    staging.append([entry("q-1", problems="[]", received_at=clock() - 29 * DAY)])
    purge(staging, clock)
    staging.release_quarantined({staging.quarantined(Aside(), 0, 10)[0].id: "{}"})
    deliver_all(staging)

    clock.advance(20 * DAY)
    purge(staging, clock)

    assert logged(staging) == ["q-1"]


def test_a_purge_takes_no_more_than_its_limit(staging: Staging, clock: Clock) -> None:
    """So that whoever appends meanwhile waits for a moment; the oldest go first, and 0 says that nothing is left."""
    calls = [entry(f"q-{number}", problems="[]", received_at=clock()) for number in range(25)]
    staging.append(calls)
    clock.advance(31 * DAY)

    assert [purge(staging, clock, limit=10) for _ in range(4)] == [10, 10, 5, 0]


def test_a_message_id_is_known_for_a_week_at_least_and_no_longer_than_its_event(staging: Staging, clock: Clock) -> None:
    """A week is the shortest retention, too."""
    append(staging, "m-1")
    deliver_all(staging)
    purge(staging, clock)
    clock.advance(7 * DAY)
    purge(staging, clock)
    assert staging.append([entry("m-1")]) == [False]

    clock.advance(24 * DAY)
    purge(staging, clock)

    assert staging.append([entry("m-1")]) == [True]


def test_without_any_destination_age_alone_counts(open_store: OpenStore, clock: Clock) -> None:
    """Nobody waits for it."""
    staging = open_store()
    staging.append([entry("m-1")])
    purge(staging, clock)
    clock.advance(31 * DAY)

    purge(staging, clock)

    assert logged(staging) == []


def test_a_clock_that_was_wrong_for_a_while_stops_nothing(staging: Staging, clock: Clock) -> None:
    """A year ahead, then right again: what was appended meanwhile leaves with what came after it."""
    append(staging, "m-1")
    clock.advance(365 * DAY)
    purge(staging, clock)
    clock.advance(-365 * DAY)
    append(staging, "m-2")
    purge(staging, clock)
    deliver_all(staging)

    clock.advance(31 * DAY)
    purge(staging, clock)

    assert logged(staging) == []


# What nobody has settled in all the time that there is


def test_what_is_unsettled_for_too_long_expires_and_is_counted(staging: Staging, clock: Clock) -> None:
    """The cursor passes it, so that it may leave the log; what was settled already, or came later, is untouched."""
    events = append(staging, "m-1", "m-2", "m-3", "m-4")
    staging.settle(take(staging, "run-1"), Settlement(delivered=[events[2]], failed=[events[0]]))
    purge(staging, clock)
    clock.advance(DAY)
    append(staging, "m-5")
    purge(staging, clock)
    clock.advance(89.5 * DAY)

    expired = staging.expire(clock() - 90 * DAY)

    assert sorted(expired, key=lambda each: each.destination) == [
        Expired("other", "live", 4),
        Expired("vendor", "live", 3),
    ]
    assert pending_ids(staging) == ["m-5"]
    assert staging.counts("vendor") == Counts(delivered=1, skipped=0, pending=1, dead=0, expired=3)
    assert staging.troubles("vendor", events) == {}
    assert staging.expire(clock() - 90 * DAY) == []
    purge(staging, clock)
    assert logged(staging) == ["m-5"]


def test_what_is_settled_right_behind_it_is_passed_as_well(staging: Staging, clock: Clock) -> None:
    """A cursor stands before something that is unsettled, or at the end."""
    append(staging, "m-1")
    purge(staging, clock)
    clock.advance(DAY)
    events = append(staging, "m-2", "m-3")
    staging.settle(take(staging, "run-1"), Settlement(delivered=[events[1]]))
    clock.advance(89.5 * DAY)

    staging.expire(clock() - 90 * DAY)

    assert staging.cursor("vendor") == 2
    assert staging.counts("vendor") == Counts(delivered=1, skipped=0, pending=1, dead=0, expired=1)


def test_nothing_expires_before_its_time(staging: Staging, clock: Clock) -> None:
    """Nor when nobody has noted how far the log was."""
    append(staging, "m-1")
    clock.advance(100 * DAY)
    assert staging.expire(clock() - 90 * DAY) == []
    purge(staging, clock)
    clock.advance(89 * DAY)

    assert staging.expire(clock() - 90 * DAY) == []
    assert pending_ids(staging) == ["m-1"]


def test_a_run_that_settles_what_has_expired_meanwhile_does_no_harm(staging: Staging, clock: Clock) -> None:
    """Its events are counted as delivered, too; the cursor never goes back."""
    (event,) = append(staging, "m-1")
    purge(staging, clock)
    clock.advance(91 * DAY)
    lease = take(staging, "run-1")
    staging.expire(clock() - 90 * DAY)
    append(staging, "m-2")

    staging.settle(lease, Settlement(delivered=[event]))

    assert (staging.cursor("vendor"), pending_ids(staging)) == (1, ["m-2"])


def test_what_is_parked_is_not_in_the_logs_way_and_outlives_it(staging: Staging, clock: Clock) -> None:
    """It has a copy of its own."""
    events = append(staging, "m-1")
    staging.settle(take(staging, "run-1"), Settlement(parked=[Parked(events[0], b"u" * 16, clock() + 60)]))
    staging.settle(take(staging, "run-2", "other"), Settlement(delivered=events))
    purge(staging, clock)
    clock.advance(31 * DAY)

    purge(staging, clock)

    assert logged(staging) == []
    assert ids(staging.parked("vendor", b"u" * 16, 10)) == ["m-1"]


# Beside the log


def test_an_open_dead_letter_never_leaves(staging: Staging, clock: Clock) -> None:
    """It has its own copy of the event, and its run stays known."""
    events = append(staging, "m-1")
    staging.settle(take(staging, "run-1"), Settlement(dead=[Burial(events[0], "HTTP 400")]))
    staging.settle(take(staging, "run-2", "other"), Settlement(delivered=events))
    staging.end_run("run-1", "buried")
    staging.end_run("run-2", "drained")
    purge(staging, clock)

    clock.advance(1000 * DAY)
    while purge(staging, clock):
        pass

    (letter,) = staging.dead_letters(Dead(), 0, 10)
    assert (letter.event, letter.run_id) == (events[0], "run-1")
    assert logged(staging) == []
    assert [record.run_id for record in staging.runs(["run-1", "run-2"])] == ["run-1"]


@pytest.mark.parametrize("how", ["delivered", "discarded"])
def test_a_dead_letter_leaves_some_time_after_it_was_settled(staging: Staging, clock: Clock, how: str) -> None:
    """The time counts from its end, not from its burial."""
    events = append(staging, "m-1")
    staging.settle(take(staging, "run-1"), Settlement(dead=[Burial(events[0], "HTTP 400")]))
    clock.advance(100 * DAY)
    if how == "discarded":
        staging.discard_letters(Dead())
    else:
        staging.start_run("run-2", "vendor")
        lease = staging.acquire(replay("vendor"), "run-2")
        assert lease is not None
        staging.settle_letters(lease, Settlement(delivered=events))

    clock.advance(29 * DAY)
    assert purge(staging, clock) == 0
    clock.advance(2 * DAY)
    assert purge(staging, clock) == 1


def test_a_quarantined_call_leaves_when_it_is_old(staging: Staging, clock: Clock) -> None:
    """Its time counts from when it was received."""
    old, new = clock() - 31 * DAY, clock() - 29 * DAY
    staging.append([entry("q-1", problems="[]", received_at=old), entry("q-2", problems="[]", received_at=new)])

    assert purge(staging, clock) == 1

    assert [call.message_id for call in staging.quarantined(Aside(), 0, 10)] == ["q-2"]


def test_a_run_is_forgotten_some_time_after_its_end(staging: Staging, clock: Clock) -> None:
    """Also one that died without an end; one that is alive, or was the last to hold a lease, stays."""
    for run_id in ("ended", "died", "alive"):
        staging.start_run(run_id, "vendor")
    take(staging, "holder")
    staging.end_run("ended", "drained")
    clock.advance(31 * DAY)
    staging.heartbeat("alive")

    assert purge(staging, clock) == 2

    known = staging.runs(["ended", "died", "alive", "holder"])
    assert sorted(record.run_id for record in known) == ["alive", "holder"]


def test_the_parts_of_a_store_have_horizons_of_their_own(staging: Staging, clock: Clock) -> None:
    """Each is asked about its own alone."""
    append(staging, "m-1")
    deliver_all(staging)
    staging.append([entry("q-1", problems="[]", received_at=clock())])
    purge(staging, clock)
    clock.advance(10 * DAY)
    old, new = clock() - 20 * DAY, clock() - 5 * DAY

    staging.purge(Horizons(events=old, letters=old, quarantine=new, runs=old), 100)
    assert (logged(staging), staging.count_quarantined(Aside())) == (["m-1"], 0)
    staging.purge(Horizons(events=new, letters=old, quarantine=old, runs=old), 100)
    assert logged(staging) == []


def test_compacting_an_empty_store_is_nothing(staging: Staging) -> None:
    """There is nothing to give back, and whoever asks until there is no more ends."""
    assert staging.compact(100) is False
