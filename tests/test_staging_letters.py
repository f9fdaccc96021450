"""What becomes of events that a destination will not take?

A part of the suite that every staging store must pass.
"""

import pytest

from analytics_platform.staging.base import (
    Burial,
    Counts,
    DeadLetter,
    Event,
    Lease,
    LeaseLost,
    Settlement,
    Staging,
    replay,
)
from tests.fakes.clock import Clock
from tests.stores import append, pending_ids, take

pytest_plugins = ["tests.staging_fixtures"]


def bury(staging: Staging, run_id: str, *events: Event) -> None:
    """Have a run bury events, and end."""
    lease = take(staging, run_id)
    staging.settle(lease, Settlement(dead=[Burial(event, "HTTP 400", "the vendor's words") for event in events]))
    staging.end_run(run_id, "buried")


def take_letters(staging: Staging, run_id: str) -> Lease:
    """Start a run that gets the lease on the dead letters."""
    staging.start_run(run_id, "vendor")
    lease = staging.acquire(replay("vendor"), run_id)
    assert lease is not None
    return lease


def open_ids(staging: Staging, *run_ids: str) -> list[str]:
    """The messageIds of the open letters of these runs."""
    return [letter.event.message_id for letter in staging.open_letters("vendor", run_ids, 0, 1000)]


def test_a_dead_letter_says_what_why_and_by_whom(staging: Staging, clock: Clock) -> None:
    """It keeps a copy of the event, the reason, the vendor's words, the run and the time."""
    (event,) = append(staging, "a")

    bury(staging, "run-1", event)

    (letter,) = staging.open_letters("vendor", ["run-1"], 0, 10)
    assert letter == DeadLetter(
        letter.id, "vendor", event, "HTTP 400", "the vendor's words", "run-1", buried_at=clock(), state="dead"
    )
    assert pending_ids(staging) == []


def test_letters_belong_to_the_run_that_buried_them(staging: Staging) -> None:
    """A re-execution of a run is about that run's letters, and those of the runs before it."""
    a, b, c = append(staging, "a", "b", "c")
    bury(staging, "run-1", a)
    bury(staging, "run-2", b, c)

    assert (open_ids(staging, "run-1"), open_ids(staging, "run-2")) == (["a"], ["b", "c"])
    assert open_ids(staging, "run-2", "run-1") == ["a", "b", "c"]
    assert open_ids(staging) == []
    assert staging.count_open_letters("vendor", ["run-1", "run-2"]) == 3
    assert staging.count_open_letters("vendor", ["run-2", "unknown"]) == 2
    assert staging.count_open_letters("other", ["run-1", "run-2"]) == 0


def test_letters_are_read_in_order_from_where_one_was(staging: Staging) -> None:
    """A reader asks for so many letters beyond the last one that it has seen."""
    events = append(staging, *"abcd")
    bury(staging, "run-1", *reversed(events))

    first = staging.open_letters("vendor", ["run-1"], 0, 2)
    rest = staging.open_letters("vendor", ["run-1"], first[-1].event.seq, 10)

    assert [letter.event.message_id for letter in first + rest] == [*"abcd"]


def test_a_replay_settles_what_it_delivers(staging: Staging) -> None:
    """A letter that is delivered is open no more, and counts as delivered."""
    a, b = append(staging, "a", "b")
    bury(staging, "run-1", a, b)

    staging.settle_letters(take_letters(staging, "run-2"), Settlement(delivered=[a]))

    assert open_ids(staging, "run-1") == ["b"]
    assert staging.counts("vendor") == Counts(delivered=1, skipped=0, pending=0, dead=1)


def test_a_letter_is_delivered_once(staging: Staging) -> None:
    """Settling a letter again changes nothing."""
    (event,) = append(staging, "a")
    bury(staging, "run-1", event)
    lease = take_letters(staging, "run-2")
    staging.settle_letters(lease, Settlement(delivered=[event]))

    staging.settle_letters(lease, Settlement(delivered=[event]))
    staging.settle_letters(lease, Settlement(dead=[Burial(event, "HTTP 410")]))

    assert staging.counts("vendor") == Counts(delivered=1, skipped=0, pending=0, dead=0)


def test_a_letter_that_is_rejected_again_stays_with_its_run(staging: Staging) -> None:
    """It gets the new reason; re-executing the first run once more still finds it."""
    (event,) = append(staging, "a")
    bury(staging, "run-1", event)

    staging.settle_letters(take_letters(staging, "run-2"), Settlement(dead=[Burial(event, "HTTP 422", "no")]))

    (letter,) = staging.open_letters("vendor", ["run-1"], 0, 10)
    assert (letter.reason, letter.answer, letter.run_id) == ("HTTP 422", "no", "run-1")


def test_a_letter_that_fails_in_a_replay_stays_as_it_is(staging: Staging) -> None:
    """A vendor that is down says nothing about the letter."""
    (event,) = append(staging, "a")
    bury(staging, "run-1", event)

    staging.settle_letters(take_letters(staging, "run-2"), Settlement(failed=[event]))

    assert open_ids(staging, "run-1") == ["a"]


def test_a_replay_that_lost_its_lease_settles_nothing(staging: Staging, clock: Clock) -> None:
    """Another replay has the letters now."""
    (event,) = append(staging, "a")
    bury(staging, "run-1", event)
    lost = take_letters(staging, "run-2")
    clock.advance(60)
    take_letters(staging, "run-3")

    with pytest.raises(LeaseLost):
        staging.settle_letters(lost, Settlement(delivered=[event]))

    assert open_ids(staging, "run-1") == ["a"]


def test_a_replay_leaves_the_stream_alone(staging: Staging, clock: Clock) -> None:
    """A replay that works, or dies, is no sign of how the stream fares."""
    event, _ = append(staging, "a", "b")
    bury(staging, "run-1", event)
    drain = take(staging, "run-2")
    staging.back_off(drain, clock() + 60, "HTTP 503")
    staging.settle_letters(take_letters(staging, "run-3"), Settlement(delivered=[event]))
    clock.advance(60)

    take_letters(staging, "run-4")

    assert staging.health("vendor").failures == 1
    assert (staging.cursor("vendor"), pending_ids(staging)) == (1, ["b"])
