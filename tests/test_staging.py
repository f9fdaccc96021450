"""Does a staging store keep what it accepts, and each destination's place in it?

This and the other test_staging_*.py files are one suite that every store must pass; tests/stores.py lists the stores.
"""

import pytest

from analytics_platform.staging.base import (
    Burial,
    Counts,
    Entry,
    Health,
    LeaseLost,
    Settlement,
    Staging,
    StagingError,
    Trouble,
    live,
)
from tests.fakes.clock import Clock
from tests.stores import OpenStore, append, entry, pending_ids, take

pytest_plugins = ["tests.staging_fixtures"]


def test_an_accepted_call_is_an_event_in_the_log(staging: Staging) -> None:
    """What was appended is read back as it was, with its place in the log."""
    call = Entry("web", "m-1", 1234.5, '{"name": "Zoë \\u0000 日本 \'\\""}')

    assert staging.append([call]) == [True]

    (event,) = staging.pending("vendor", 10)
    assert (event.seq, event.source, event.message_id) == (1, "web", "m-1")
    assert (event.received_at, event.payload) == (1234.5, call.payload)


def test_a_message_id_is_accepted_once_for_each_source(staging: Staging) -> None:
    """A messageId that its source has used is a duplicate, in the same append and in any later one."""
    first = staging.append([entry("m-1"), entry("m-1"), entry("m-1", source="app")])
    second = staging.append([entry("m-1"), entry("m-2")])

    assert (first, second) == ([True, False, True], [False, True])
    assert pending_ids(staging) == ["m-1", "m-1", "m-2"]


def test_the_log_has_no_holes(staging: Staging) -> None:
    """Events are numbered from 1 in the order of their appends; duplicates take no number."""
    staging.append([entry("a"), entry("b"), entry("a")])
    staging.append([entry("b"), entry("c")])

    events = staging.pending("vendor", 10)

    assert [(event.seq, event.message_id) for event in events] == [(1, "a"), (2, "b"), (3, "c")]
    assert staging.head() == 3


def test_an_empty_append_is_nothing(staging: Staging) -> None:
    """Nothing in, nothing out."""
    assert staging.append([]) == []
    assert staging.head() == 0


def test_an_append_is_all_or_nothing(staging: Staging) -> None:
    """One entry that cannot be written takes its neighbours with it, so that the caller knows where it stands."""
    with pytest.raises(UnicodeEncodeError):
        staging.append([entry("good"), entry("lone surrogate \ud800")])

    assert staging.head() == 0
    assert append(staging, "next")[0].seq == 1


def test_a_call_with_problems_goes_to_quarantine(staging: Staging) -> None:
    """It is kept once, but it is no event."""
    broken = entry("m-1", problems='[{"code": "missing"}]')

    assert [staging.append([broken]), staging.append([broken])] == [[True], [False]]
    assert (staging.head(), pending_ids(staging)) == (0, [])


def test_a_quarantined_call_may_be_mended(staging: Staging) -> None:
    """The same messageId is accepted once the call keeps the plan."""
    staging.append([entry("m-1", problems="[]")])

    assert staging.append([entry("m-1")]) == [True]
    assert pending_ids(staging) == ["m-1"]


def test_everything_survives_a_restart(staging: Staging, open_store: OpenStore) -> None:
    """What one process wrote, the next one finds."""
    events = append(staging, "a", "b", "c")
    lease = take(staging, "run-1")
    staging.settle(lease, Settlement(delivered=events[:1], dead=[Burial(events[2], "HTTP 400")]))
    staging.close()

    reopened = open_store()

    assert pending_ids(reopened) == ["b"]
    assert reopened.counts("vendor") == Counts(delivered=1, skipped=0, pending=1, dead=1)
    assert reopened.append([entry("a"), entry("d")]) == [False, True]


def test_a_store_that_takes_writes_passes_its_check(staging: Staging) -> None:
    """Housekeeping and checks change nothing."""
    append(staging, "a")

    staging.check()
    staging.checkpoint()

    assert (staging.head(), pending_ids(staging)) == (1, ["a"])


def test_a_closed_store_refuses_everything(staging: Staging) -> None:
    """Closing twice is harmless; any use after it is a StagingError."""
    staging.close()
    staging.close()

    with pytest.raises(StagingError):
        staging.append([entry("a")])
    with pytest.raises(StagingError):
        staging.head()


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
    """Each back-off counts; one event that is delivered or dead ends the series."""
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
