"""Who may work on a stream, and until when?

A part of the suite that every staging store must pass.
"""

import pytest

from analytics_platform.staging.base import LEASE_SECONDS, Lease, LeaseLost, RunRecord, Speed, Staging, live, replay
from tests.fakes.clock import Clock
from tests.stores import OpenStore, take

pytest_plugins = ["tests.staging_fixtures"]

LIVE = live("vendor")


def test_a_lease_has_one_holder(staging: Staging, open_store: OpenStore) -> None:
    """While a living run holds the lease, no other run gets it, in whichever process it is."""
    take(staging, "run-1")

    other = open_store()
    other.start_run("run-2", "vendor")

    assert other.acquire(LIVE, "run-2") is None


def test_leases_are_independent(staging: Staging) -> None:
    """A replay runs beside a drain, and destinations beside each other."""
    take(staging, "run-1")
    staging.start_run("run-2", "vendor")

    assert staging.acquire(replay("vendor"), "run-2") == Lease("vendor/replay", "run-2", 1)
    assert take(staging, "run-3", "other").destination == "other"


def test_a_run_enters_its_lease_again(staging: Staging) -> None:
    """The op's own retries keep the lease, with the token it had."""
    first = take(staging, "run-1")

    assert take(staging, "run-1") == first


def test_a_lease_is_free_when_its_run_has_ended(staging: Staging) -> None:
    """The next holder has a higher token."""
    first = take(staging, "run-1")
    staging.end_run("run-1", "drained")

    second = take(staging, "run-2")

    assert second.token > first.token
    assert staging.health("vendor").failures == 0


def test_a_heartbeat_keeps_the_lease(staging: Staging, clock: Clock) -> None:
    """A run counts as alive for LEASE_SECONDS after each beat, or for as long as the beat says."""
    take(staging, "run-1")
    staging.start_run("run-2", "vendor")

    clock.advance(LEASE_SECONDS - 1)
    assert staging.heartbeat("run-1")
    clock.advance(LEASE_SECONDS - 1)
    assert staging.acquire(LIVE, "run-2") is None

    assert staging.heartbeat("run-1", 90)
    clock.advance(89)
    assert staging.acquire(LIVE, "run-2") is None


def test_a_dead_runs_lease_is_taken_over(staging: Staging, clock: Clock) -> None:
    """A heart that stops without an ending is a failure of the stream, so that a crash loop slows down."""
    first = take(staging, "run-1")
    stopped = clock() + LEASE_SECONDS
    clock.advance(LEASE_SECONDS + 1)

    second = take(staging, "run-2")

    assert second.token > first.token
    assert staging.health("vendor").failures == 1
    assert staging.runs(["run-1"]) == [
        RunRecord("run-1", "vendor", stopped - LEASE_SECONDS, stopped, ending="died", ended_at=stopped)
    ]


def test_a_late_heart_that_nobody_has_replaced_beats_on(staging: Staging, clock: Clock) -> None:
    """A machine that slept wakes up with its lease when no other run has taken it."""
    first = take(staging, "run-1")
    clock.advance(3600)

    assert staging.heartbeat("run-1")
    assert staging.acquire(LIVE, "run-1") == first


def test_a_run_that_was_replaced_is_told(staging: Staging, clock: Clock) -> None:
    """It gets neither a heartbeat nor a lease any more, not even when it starts again under its old id."""
    take(staging, "run-1")
    clock.advance(60)
    take(staging, "run-2")

    staging.start_run("run-1", "vendor")

    assert not staging.heartbeat("run-1")
    with pytest.raises(LeaseLost):
        staging.acquire(LIVE, "run-1")
    with pytest.raises(LeaseLost):
        staging.acquire(replay("vendor"), "run-1")
    with pytest.raises(LeaseLost):
        staging.succeed(LIVE, "run-1")


def test_only_a_run_that_has_started_has_a_heart(staging: Staging) -> None:
    """A heartbeat of an unknown or an ended run says so."""
    staging.start_run("run-1", "vendor")
    staging.end_run("run-1", "drained")

    assert not staging.heartbeat("run-1")
    assert not staging.heartbeat("unknown")


def test_the_first_ending_stands(staging: Staging, clock: Clock) -> None:
    """A run that counts as dead does not end a second time."""
    staging.start_run("run-1", "vendor")
    ended = clock()
    staging.end_run("run-1", "halted")
    clock.advance(5)

    staging.end_run("run-1", "drained")

    (record,) = staging.runs(["run-1"])
    assert (record.ending, record.ended_at) == ("halted", ended)


def test_an_ending_gives_all_of_the_runs_leases_back(staging: Staging) -> None:
    """The stream, the letters and a place as successor are free at once."""
    take(staging, "run-1")
    staging.acquire(replay("vendor"), "run-1")
    take(staging, "run-2", "other")
    staging.succeed(live("other"), "run-1")

    staging.end_run("run-1", "stopped")

    staging.start_run("run-3", "vendor")
    assert staging.acquire(LIVE, "run-3") is not None
    assert staging.acquire(replay("vendor"), "run-3") is not None
    assert staging.succeed(live("other"), "run-3")


def test_one_run_waits_for_a_lease(staging: Staging) -> None:
    """A second one is sent away while the first successor lives."""
    take(staging, "run-1")
    staging.start_run("run-2", "vendor")
    staging.start_run("run-3", "vendor")

    assert staging.succeed(LIVE, "run-2")
    assert staging.succeed(LIVE, "run-2")
    assert not staging.succeed(LIVE, "run-3")


def test_the_successor_comes_first(staging: Staging) -> None:
    """A free lease goes to the run that waits for it."""
    take(staging, "run-1")
    staging.start_run("run-2", "vendor")
    staging.start_run("run-3", "vendor")
    staging.succeed(LIVE, "run-2")
    staging.end_run("run-1", "drained")

    assert staging.acquire(LIVE, "run-3") is None
    assert staging.acquire(LIVE, "run-2") is not None
    assert staging.succeed(LIVE, "run-3")


def test_a_dead_successor_blocks_nobody(staging: Staging, clock: Clock) -> None:
    """Its place is free when its heart has stopped, and the holder may ask for another."""
    lease = take(staging, "run-1")
    staging.start_run("run-2", "vendor")
    staging.succeed(LIVE, "run-2")
    clock.advance(LEASE_SECONDS - 1)
    staging.heartbeat("run-1")
    clock.advance(2)

    staging.want_successor(lease)

    (stream,) = staging.streams(["vendor"], 1)
    staging.start_run("run-3", "vendor")
    assert stream.successor_wanted
    assert staging.succeed(LIVE, "run-3")
    staging.end_run("run-1", "drained")
    assert staging.acquire(LIVE, "run-3") is not None


def test_a_successor_is_wanted_until_one_is_there(staging: Staging) -> None:
    """The wish is seen by whoever starts runs, and is granted once."""
    lease = take(staging, "run-1")

    staging.want_successor(lease)
    (asked,) = staging.streams(["vendor"], 1)
    staging.start_run("run-2", "vendor")
    staging.succeed(LIVE, "run-2")
    staging.want_successor(lease)
    (granted,) = staging.streams(["vendor"], 1)

    assert (asked.successor_wanted, granted.successor_wanted) == (True, False)


def test_a_wish_ends_with_the_run(staging: Staging, clock: Clock) -> None:
    """Neither a run that has ended nor one that has died wants a successor."""
    staging.want_successor(take(staging, "run-1"))
    staging.end_run("run-1", "drained")
    (ended,) = staging.streams(["vendor"], 1)
    staging.want_successor(take(staging, "run-2"))
    clock.advance(60)
    (died,) = staging.streams(["vendor"], 1)

    assert (ended.successor_wanted, died.successor_wanted) == (False, False)


def test_a_clock_that_is_set_back_holds_no_lease_for_ever(staging: Staging, clock: Clock) -> None:
    """A heartbeat far in the future was written under another clock: its run counts as dead."""
    take(staging, "run-1")
    staging.start_run("run-2", "vendor")
    staging.succeed(LIVE, "run-2")
    clock.advance(-86400)

    take(staging, "run-3")

    assert not staging.heartbeat("run-1")


def test_starting_again_is_a_heartbeat(staging: Staging, clock: Clock) -> None:
    """A retry of the same run keeps the time of its first start."""
    staging.start_run("run-1", "vendor")
    started = clock()
    clock.advance(20)

    staging.start_run("run-1", "vendor")

    assert staging.runs(["run-1"]) == [RunRecord("run-1", "vendor", started, clock() + LEASE_SECONDS, None, None)]


def test_unknown_runs_have_no_record(staging: Staging) -> None:
    """Records come in the order asked for."""
    staging.start_run("run-1", "vendor")
    staging.start_run("run-2", "vendor")

    assert [record.run_id for record in staging.runs(["run-2", "unknown", "run-1"])] == ["run-2", "run-1"]


def test_endings_are_counted_by_destination_kind_and_time(staging: Staging, clock: Clock) -> None:
    """How often a destination's runs have ended in a certain way lately."""
    staging.start_run("old", "vendor")
    staging.end_run("old", "buried")
    clock.advance(100)
    since = clock()
    for run_id, destination in [("run-1", "vendor"), ("run-2", "vendor"), ("run-3", "other")]:
        staging.start_run(run_id, destination)
        staging.end_run(run_id, "buried")
    staging.start_run("run-4", "vendor")
    staging.end_run("run-4", "drained")

    assert staging.endings_since("vendor", "buried", since) == 2
    assert staging.endings_since("vendor", "buried", since - 100) == 3
    assert staging.endings_since("other", "down", 0) == 0


def test_what_is_learnt_of_a_vendors_speed_goes_with_the_lease(staging: Staging, open_store: OpenStore) -> None:
    """Whoever gets it next has it, and so has the run itself when it tries again; None forgets it."""
    learnt = Speed(2.5, 0.125, 1_800_000_000.5)
    first = take(staging, "run-1")
    staging.hand_over(first, learnt)

    assert first.speed is None
    assert take(staging, "run-1").speed == learnt
    staging.end_run("run-1", "drained")
    second = take(open_store(), "run-2")
    assert second.speed == learnt
    staging.hand_over(second, None)
    assert take(staging, "run-2").speed is None


def test_who_has_lost_the_lease_hands_over_nothing(staging: Staging, clock: Clock) -> None:
    """It is the other one that knows the vendor now; each lease has its own."""
    lost = take(staging, "run-1")
    clock.advance(60)
    take(staging, "run-2")

    with pytest.raises(LeaseLost):
        staging.hand_over(lost, Speed(2.5, 0.125, 0.0))

    assert take(staging, "run-2").speed is None
