"""Does everything stay in its place when a destination is split into lanes?

A part of the suite that every staging store must pass. Which lane a user is in is not the store's to know.
"""

import pytest

from analytics_platform.staging.base import (
    Burial,
    Counts,
    LeaseLost,
    Parked,
    Settlement,
    Staging,
    StreamState,
    lease_on,
)
from analytics_platform.staging.retention import Expired, Horizons
from analytics_platform.staging.streams import REACH, Part
from tests.fakes.clock import Clock
from tests.stores import OpenStore, append, entry, ids, take, take_stream

pytest_plugins = ["tests.staging_fixtures"]

USER = b"u" * 16


def states(staging: Staging, destination: str = "vendor") -> list[StreamState]:
    """The streams of a destination that may have something pending."""
    return staging.streams([destination], 1000)


def names(staging: Staging) -> list[str]:
    """Their names."""
    return [state.stream for state in states(staging)]


def pending_of(staging: Staging, stream: str) -> list[str]:
    """The messageIds of what a stream has pending."""
    return ids(staging.pending("vendor", 1000, stream))


def test_a_destination_has_one_stream_at_first(staging: Staging) -> None:
    """It is all of the log, from where the destination was registered."""
    append(staging, "a")
    staging.register(["late"])

    assert names(staging) == ["live"]
    assert (staging.part("vendor", "live"), staging.part("late", "live")) == (Part(first=0), Part(first=1))
    assert staging.part("vendor", "lane-1-of-2") is None
    assert staging.is_over("vendor", "lane-1-of-2")
    assert staging.pending("vendor", 10, "lane-1-of-2") == []


def test_a_destination_with_nothing_pending_is_split_at_once(staging: Staging) -> None:
    """Each lane gets all that is accepted from then on: which part of it is its own, who reads it decides."""
    assert staging.split("vendor", 3)
    append(staging, "a", "b")

    lanes = [f"lane-{number}-of-3" for number in (1, 2, 3)]
    assert names(staging) == lanes
    assert [staging.part("vendor", lane) for lane in lanes] == [Part(0, lane=n, lanes=3) for n in (1, 2, 3)]
    assert [pending_of(staging, lane) for lane in lanes] == [["a", "b"]] * 3
    assert staging.is_over("vendor", "live")
    assert names_of_other(staging) == ["live"]


def names_of_other(staging: Staging) -> list[str]:
    """The streams of a destination that nobody has split."""
    return [state.stream for state in states(staging, "other")]


def test_lanes_have_nothing_pending_before_the_stream_of_before_has_settled_all_up_to_their_beginning(
    staging: Staging,
) -> None:
    """So that a user's later call cannot overtake an earlier one."""
    a, b, _ = append(staging, "a", "b", "c")
    lease = take(staging, "run-1")
    staging.settle(lease, Settlement(delivered=[b]))

    assert staging.split("vendor", 2)
    append(staging, "d")

    assert (names(staging), pending_of(staging, "live")) == (["live"], ["a", "c"])
    assert pending_of(staging, "lane-1-of-2") == []
    staging.settle(lease, Settlement(delivered=[a]))
    assert (names(staging), pending_of(staging, "lane-2-of-2")) == (["live"], [])
    staging.settle(lease, Settlement(dead=[Burial(staging.pending("vendor", 1)[0], "HTTP 400")]))
    assert (names(staging), pending_of(staging, "lane-2-of-2")) == (["lane-1-of-2", "lane-2-of-2"], ["d"])
    assert staging.is_over("vendor", "live")


def test_what_is_parked_counts_as_not_settled(staging: Staging) -> None:
    """A user who is held back has calls that come first."""
    (a,) = append(staging, "a")
    lease = take(staging, "run-1")
    staging.settle(lease, Settlement(parked=[Parked(a, USER, 100.0)]))

    staging.split("vendor", 2)

    assert names(staging) == ["live"]
    staging.settle(lease, Settlement(skipped=[a]))
    assert names(staging) == ["lane-1-of-2", "lane-2-of-2"]


def test_lanes_settle_each_for_itself(staging: Staging) -> None:
    """Their cursors, parked events, troubles and failures are their own; what is another lane's is passed."""
    staging.split("vendor", 2)
    append(staging, "a", "b", "c")
    one, two = (take_stream(staging, f"run-{n}", f"lane-{n}-of-2") for n in (1, 2))
    a, b, c = staging.pending("vendor", 10, one.stream)

    staging.settle(one, Settlement(delivered=[a], passed=[b], failed=[c], parked=[Parked(c, USER, 100.0)]))
    staging.back_off(two, 500.0, "HTTP 503")

    assert (staging.cursor("vendor", one.stream), staging.cursor("vendor", two.stream)) == (2, 0)
    assert (pending_of(staging, one.stream), pending_of(staging, two.stream)) == ([], ["a", "b", "c"])
    assert (ids(staging.parked("vendor", USER, 9, one.stream)), staging.parked("vendor", USER, 9, two.stream)) == (
        ["c"],
        [],
    )
    assert [len(staging.held_back("vendor", lease.stream)) for lease in (one, two)] == [1, 0]
    assert [len(staging.troubles("vendor", [c], lease.stream)) for lease in (one, two)] == [1, 0]
    assert [staging.health("vendor", lease.stream).failures for lease in (one, two)] == [0, 1]
    assert [(state.pending, state.held_until) for state in states(staging)] == [(0, 100.0), (3, None)]


def test_each_lane_has_a_lease_of_its_own(staging: Staging) -> None:
    """Their runs work side by side."""
    staging.split("vendor", 2)

    one, two = (take_stream(staging, f"run-{n}", f"lane-{n}-of-2") for n in (1, 2))

    assert one.name != two.name
    assert [state.leased for state in states(staging)] == [True, True]


@pytest.mark.parametrize(("before", "after"), [(2, 5), (3, 1), (2, 1)])
def test_the_number_changes_again_once_the_change_before_is_done(staging: Staging, before: int, after: int) -> None:
    """Until then it has to wait: whoever wants it asks again."""
    append(staging, "a")
    staging.split("vendor", before)
    assert not staging.split("vendor", after)
    assert staging.split("vendor", before)
    lease = take(staging, "run-1")
    staging.settle(lease, Settlement(delivered=staging.pending("vendor", 1)))

    assert staging.split("vendor", after)

    streams = ["live"] if after == 1 else [f"lane-{n}-of-{after}" for n in range(1, after + 1)]
    assert names(staging) == streams
    append(staging, "b")
    assert [pending_of(staging, stream) for stream in streams] == [["b"]] * after


def test_nothing_changes_for_who_is_not_registered(staging: Staging) -> None:
    """There is no stream to split."""
    assert not staging.split("unknown", 2)
    assert states(staging, "unknown") == []


def test_the_totals_stay_whatever_the_number(staging: Staging) -> None:
    """A destination has delivered what its streams have, whichever these were; each event is pending once."""
    append(staging, *"abcdef")
    live = take(staging, "run-0")
    events = staging.pending("vendor", 10)
    staging.settle(live, Settlement(delivered=events[:3], skipped=[events[3]]))
    staging.split("vendor", 2)
    during = staging.counts("vendor")
    staging.settle(live, Settlement(delivered=events[4:]))
    append(staging, "g", "h", "i", "j")
    between = staging.counts("vendor")
    for lane in (1, 2):
        lease = take_stream(staging, f"run-{lane}", f"lane-{lane}-of-2")
        mine = staging.pending("vendor", 10, lease.stream)
        staging.settle(lease, Settlement(delivered=mine[lane - 1 :: 2], passed=mine[2 - lane :: 2]))
    staging.split("vendor", 3)

    assert during == Counts(delivered=3, skipped=1, pending=2, dead=0)
    assert between == Counts(delivered=5, skipped=1, pending=4, dead=0)
    assert staging.counts("vendor") == Counts(delivered=9, skipped=1, pending=0, dead=0)


def test_a_replay_counts_for_the_destination_whatever_its_streams(staging: Staging) -> None:
    """What it delivers is delivered."""
    (a,) = append(staging, "a")
    staging.settle(take(staging, "run-1"), Settlement(dead=[Burial(a, "HTTP 400")]))
    staging.split("vendor", 2)

    staging.settle_letters(take_stream(staging, "run-2", "replay"), Settlement(delivered=[a]))

    assert staging.counts("vendor") == Counts(delivered=1, skipped=0, pending=0, dead=0)


def test_a_change_outlasts_the_process(staging: Staging, open_store: OpenStore) -> None:
    """It is one transaction: whoever is killed after it finds it done, and half of it is never there."""
    append(staging, "a")
    staging.split("vendor", 2)
    staging.close()

    again = open_store()

    assert names(again) == ["live"]
    again.settle(take(again, "run-1"), Settlement(delivered=again.pending("vendor", 1)))
    assert names(again) == ["lane-1-of-2", "lane-2-of-2"]


def test_a_run_of_a_stream_that_is_over_settles_nothing_in_its_namesake(staging: Staging, clock: Clock) -> None:
    """One that was taken for dead and wakes up after two changes, when `live` is another stream."""
    a, b = append(staging, "a", "b")
    lost = take(staging, "run-1")
    clock.advance(60)
    staging.settle(take(staging, "run-2"), Settlement(delivered=[a, b]))
    staging.end_run("run-2", "drained")
    staging.split("vendor", 2)
    staging.split("vendor", 1)
    append(staging, "c")

    with pytest.raises(LeaseLost):
        staging.settle(lost, Settlement(delivered=[a, b]))
    assert (staging.part("vendor", "live"), pending_of(staging, "live")) == (Part(first=2), ["c"])


def test_a_run_whose_stream_is_forgotten_settles_nothing(staging: Staging) -> None:
    """It still has the lease, but there is nothing any more that it were for."""
    staging.split("vendor", 2)
    lease = take_stream(staging, "run-1", "lane-1-of-2")
    staging.split("vendor", 3)
    staging.split("vendor", 4)
    staging.append([entry("a")])

    with pytest.raises(LeaseLost):
        staging.settle(lease, Settlement(delivered=staging.logged(None, 0, 1)))


def test_a_backlog_does_not_put_a_split_off_for_long(staging: Staging) -> None:
    """Nobody can have sent what is further beyond a cursor than REACH: there the lanes begin, and not at the end."""
    staging.append([entry(f"m-{number}") for number in range(REACH + 10)])

    staging.split("vendor", 2)

    assert staging.part("vendor", "live") == Part(first=0, last=REACH)
    assert staging.part("vendor", "lane-2-of-2") == Part(first=REACH, lane=2, lanes=2)


def test_nothing_is_pending_beyond_a_streams_reach(staging: Staging) -> None:
    """However many are asked for: by that a split knows where nothing has been sent yet."""
    staging.append([entry(f"m-{number}") for number in range(REACH + 10)])
    events = staging.pending("vendor", REACH + 5)

    assert (len(events), events[-1].seq) == (REACH, REACH)
    staging.settle(take(staging, "run-1"), Settlement(passed=events[:4]))
    assert staging.pending("vendor", REACH + 5)[-1].seq == REACH + 4


def test_a_lane_has_its_own_successor_and_its_own_deaths(staging: Staging, clock: Clock) -> None:
    """What one asks for, and how it fails, says nothing of the other; a crash loop slows down its own lane alone."""
    staging.split("vendor", 2)
    one, two = (take_stream(staging, f"run-{n}", f"lane-{n}-of-2") for n in (1, 2))
    staging.want_successor(two)
    wanted = [state.successor_wanted for state in states(staging)]
    clock.advance(10)
    staging.heartbeat("run-2")
    clock.advance(25)
    alive = [state.leased for state in states(staging)]
    take_stream(staging, "run-3", one.stream)

    assert (wanted, alive) == ([False, True], [False, True])
    assert [staging.health("vendor", lease.stream).failures for lease in (one, two)] == [1, 0]


# Beside other promises of the store


def test_the_log_is_kept_for_the_slowest_lane_and_for_no_stream_that_is_over(staging: Staging, clock: Clock) -> None:
    """The old streams stand where they have ended, for ever."""
    events = append(staging, "a")
    for name in ("vendor", "other"):
        staging.settle(take(staging, f"run-{name}", name), Settlement(delivered=events))
        staging.split(name, 2)
    clock.advance(86400.0)
    append(staging, "b")
    purge(staging, clock)
    clock.advance(31 * 86400.0)

    purge(staging, clock)
    kept = ids(staging.logged(None, 0, 10))
    for name in ("vendor", "other"):
        for lane in (1, 2):
            lease = take_stream(staging, f"run-{name}-{lane}", f"lane-{lane}-of-2", name)
            staging.settle(lease, Settlement(passed=staging.pending(name, 10, lease.stream)))
    purge(staging, clock)

    assert (kept, ids(staging.logged(None, 0, 10))) == (["b"], [])


def purge(staging: Staging, clock: Clock) -> None:
    """Take away what is over thirty days old."""
    at = clock() - 30 * 86400.0
    staging.purge(Horizons(at, at, at, at), 100)


def test_what_expires_while_lanes_wait_is_counted_once(staging: Staging, clock: Clock) -> None:
    """The old stream loses what was up to its end, each lane its share of the rest; then the lanes go on."""
    append(staging, "a", "b")
    staging.split("vendor", 2)
    append(staging, "c", "d", "e", "f")
    purge(staging, clock)
    clock.advance(91 * 86400.0)
    append(staging, "g")

    expired = staging.expire(clock() - 90 * 86400.0)

    assert sorted((each.stream, each.events) for each in expired if each.destination == "vendor") == [
        ("lane-1-of-2", 2),
        ("lane-2-of-2", 2),
        ("live", 2),
    ]
    assert Expired("other", "live", 6) in expired
    assert pending_of(staging, "lane-1-of-2") == ["g"]
    assert staging.counts("vendor") == Counts(delivered=0, skipped=0, pending=1, dead=0, expired=6)


def test_the_lease_on_a_stream_is_named_after_both() -> None:
    """By it Dagster tells the runs of a stream, too."""
    assert lease_on("vendor", "lane-1-of-2") == "vendor/lane-1-of-2"
