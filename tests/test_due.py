"""When does a destination get a run?"""

from dataclasses import replace

import pytest

from analytics_platform.delivery.due import AN_HOUR, BURST, Threshold, due, has_budget
from analytics_platform.staging.base import Health, StreamState

NOW = 1_800_000_000.0
THRESHOLDS = {"vendor": Threshold(batch_size=50, flush_interval=5.0)}
IDLE = StreamState("vendor", 0, None, Health(0, None, None), leased=False, died_at=None, successor_wanted=False)
FULL = replace(IDLE, pending=50, oldest_at=NOW)
DRAINING = replace(FULL, leased=True)
FAILED = replace(FULL, health=Health(1, NOW + 60, "HTTP 503"))


def is_due(state: StreamState, in_flight: int = 0, now: float = NOW) -> bool:
    """Whether the destination gets a run."""
    return due([state], THRESHOLDS, {("vendor", "live"): in_flight}, now) == [("vendor", "live")]


def test_nothing_pending_needs_no_run() -> None:
    """A quiet hour is free."""
    assert not is_due(IDLE)


def test_a_full_batch_is_due_at_once() -> None:
    """It need not wait for the flush interval."""
    assert is_due(FULL)
    assert not is_due(replace(FULL, pending=49))


@pytest.mark.parametrize(("waited", "expected"), [(1.9, False), (2.1, True), (5.0, True)])
def test_the_oldest_event_waits_for_the_flush_interval(waited: float, expected: bool) -> None:  # noqa: FBT001  a column
    """Less the time that a run takes to start."""
    assert is_due(replace(IDLE, pending=1, oldest_at=NOW - waited)) is expected


@pytest.mark.parametrize(("held_until", "expected"), [(NOW + 1, False), (NOW, True), (NOW + 1e6, True)])
def test_a_held_back_user_is_due_in_time(held_until: float, expected: bool) -> None:  # noqa: FBT001  a column
    """With nothing else pending, too; a time that is too far away was written before the clock was set back."""
    assert is_due(replace(IDLE, held_until=held_until)) is expected


def test_an_event_from_the_future_is_due() -> None:
    """The clock has been set back by two hours since it came; it does not wait for them to pass again."""
    assert is_due(replace(IDLE, pending=1, oldest_at=NOW + 7200))


def test_a_run_on_its_way_is_enough() -> None:
    """It has been requested and has not taken the lease yet."""
    assert not is_due(FULL, in_flight=1)


def test_a_living_drain_is_enough() -> None:
    """Even when Dagster does not know of it: a re-execution that drains is not counted among the drains."""
    assert not is_due(DRAINING, in_flight=1)
    assert not is_due(DRAINING, in_flight=0)


def test_a_drain_gets_the_successor_that_it_asks_for() -> None:
    """One: the second run in flight is the answer to the wish."""
    wanted = replace(DRAINING, successor_wanted=True)

    assert is_due(wanted, in_flight=1)
    assert not is_due(wanted, in_flight=2)


def test_a_successor_is_started_whether_or_not_anything_is_pending() -> None:
    """Between two batches of a busy destination nothing may be pending for a moment."""
    assert is_due(replace(DRAINING, pending=0, oldest_at=None, successor_wanted=True), in_flight=1)


def test_a_destination_that_backs_off_gets_no_run() -> None:
    """Until its time has come."""
    assert not is_due(FAILED)
    assert is_due(FAILED, now=NOW + 60)


def test_a_run_that_died_is_followed_at_once() -> None:
    """A kill is no sign of trouble with the vendor."""
    assert is_due(replace(FULL, died_at=NOW - 1))


def test_a_crash_loop_slows_down() -> None:
    """A run that died after others had failed counts as one more failure."""
    died = replace(FULL, died_at=NOW, health=Health(2, None, None))

    assert not is_due(died, now=NOW + 299)
    assert is_due(died, now=NOW + 301)


@pytest.mark.parametrize(
    "state",
    [
        replace(FULL, health=Health(4, NOW + 9000, "HTTP 503")),
        replace(FULL, health=Health(4, None, None), died_at=NOW + 7200),
    ],
)
def test_a_wait_written_before_the_clock_was_set_back_does_not_count(state: StreamState) -> None:
    """Nothing waits two hours more because of a clock."""
    assert is_due(state)


def test_a_destination_beside_a_dead_one_is_not_delayed() -> None:
    """Promise 5: each destination is judged by itself."""
    thresholds = {**THRESHOLDS, "other": THRESHOLDS["vendor"]}

    assert due([FAILED, replace(FULL, destination="other")], thresholds, {}, NOW) == [("other", "live")]


REDELIVERY = replace(FULL, stream="redelivery-1", is_live=False)


def are_due(*states: StreamState) -> list[str]:
    """The streams of these that get a run."""
    return [stream for _, stream in due(states, THRESHOLDS, {}, NOW)]


def test_a_redelivery_is_a_stream_beside_the_live_one() -> None:
    """Each gets its run."""
    assert are_due(FULL, REDELIVERY) == ["live", "redelivery-1"]
    assert are_due(DRAINING, REDELIVERY) == ["redelivery-1"]
    assert are_due(IDLE, replace(REDELIVERY, health=FAILED.health)) == []


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (IDLE, True),
        (replace(DRAINING, oldest_at=NOW - 9.9), True),
        (replace(DRAINING, oldest_at=NOW - 10.1), False),
        (FAILED, False),
        (replace(FAILED, health=Health(1, NOW - 1, "HTTP 503")), True),
    ],
)
def test_a_redelivery_waits_while_live_delivery_does_not_get_on(live: StreamState, expected: bool) -> None:  # noqa: FBT001  a column
    """It backs off, or an event has waited for the flush interval and five seconds more; any lane counts."""
    lane = replace(IDLE, stream="lane-2-of-2")

    assert ("redelivery-1" in are_due(live, REDELIVERY)) is expected
    assert ("redelivery-1" in are_due(lane, live, REDELIVERY)) is expected


def test_live_delivery_waits_for_no_redelivery() -> None:
    """However long that has been waiting."""
    assert are_due(FULL, replace(REDELIVERY, oldest_at=NOW - 1e6, health=FAILED.health)) == ["live"]


def test_the_first_runs_of_a_day_start_at_once() -> None:
    """Somebody who tries things out, or restarts often, waits for nothing."""
    starts = [NOW - 60 + number for number in range(BURST - 1)]

    assert has_budget([], NOW)
    assert has_budget(starts, NOW)
    assert not has_budget([*starts, NOW - 1], NOW)


def test_after_these_a_run_is_earned_every_few_minutes() -> None:
    """Neither at once, nor never again."""
    starts = [NOW - number for number in range(BURST)]

    assert not has_budget(starts, NOW + 3600 / AN_HOUR - 60)
    assert has_budget(starts, NOW + 3600 / AN_HOUR + 60)


def test_a_worker_that_dies_at_once_every_time_starts_under_300_runs_a_day() -> None:
    """Bounded, whatever the pattern: here a run could start every sixteen seconds."""
    starts: list[float] = []

    for tick in range(0, 86_400, 16):
        starts += [NOW + tick] * has_budget(starts, NOW + tick)

    assert BURST < len(starts) < 300


def test_runs_from_the_future_do_not_count() -> None:
    """The clock has been set back since."""
    assert has_budget([NOW + 7200] * BURST, NOW)
