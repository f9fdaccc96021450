"""Which events does a span of time have to deliver again?

A part of the suite that every staging store must pass.
"""

import pytest

from analytics_platform.staging.base import Parked, Settlement, Staging, StagingError
from analytics_platform.staging.retention import Horizons
from tests.fakes.clock import Clock
from tests.stores import entry, take, take_stream

pytest_plugins = ["tests.staging_fixtures"]

DAY = 86400.0


@pytest.fixture
def week(staging: Staging, clock: Clock) -> Staging:
    """A store with an event of each of seven days, all of them settled; the first was received at the clock's time."""
    for day in range(7):
        staging.append([entry(f"day-{day}", received_at=clock())])
        clock.advance(DAY)
    staging.settle(take(staging, "live-run"), Settlement(delivered=staging.pending("vendor", 10)))
    return staging


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, (1, 7)),
        (0.0, None, (1, 7)),
        (0.5, None, (2, 7)),
        (2.0, 4.0, (3, 4)),
        (None, 1.0, (1, 1)),
        (6.0, 9.0, (7, 7)),
        (6.5, None, None),
        (None, 0.0, None),
        (2.2, 2.8, None),
    ],
)
@pytest.mark.parametrize("is_marked", [False, True])
def test_a_span_is_found_by_time(
    week: Staging,
    clock: Clock,
    since: float | None,
    until: float | None,
    expected: tuple[int, int] | None,
    is_marked: bool,  # noqa: FBT001  a column
) -> None:
    """From the first moment on, before the second; also when the store has noted how far the log was."""
    start = clock() - 7 * DAY
    if is_marked:
        at = clock() - 30 * DAY
        week.purge(Horizons(at, at, at, at), 100)
        clock.advance(DAY)
    moments = [None if day is None else start + day * DAY for day in (since, until)]

    assert week.span("vendor", *moments) == expected


def test_a_span_ends_where_live_delivery_is(week: Staging, clock: Clock) -> None:
    """What it has not settled is on its way: it would arrive twice. Whoever has lanes is where the last of them is."""
    week.append([entry("today", received_at=clock()), entry("now", received_at=clock())])
    today, _ = week.pending("vendor", 2)
    lease = take(week, "live-run")

    before = week.span("vendor", None, None)
    week.settle(lease, Settlement(parked=[Parked(today, b"u" * 16, 100.0)], delivered=week.pending("vendor", 2)[1:]))
    parked = week.span("vendor", None, None)
    week.settle(lease, Settlement(delivered=[today]))
    week.split("vendor", 2)
    week.append([entry("later", received_at=clock())])
    one = take_stream(week, "run-1", "lane-1-of-2")
    week.settle(one, Settlement(delivered=week.pending("vendor", 10, one.stream)))

    assert (before, parked, week.span("vendor", None, None)) == ((1, 7), (1, 7), (1, 9))


def test_what_was_released_late_is_in_the_span_of_when_it_was_received(week: Staging, clock: Clock) -> None:
    """It stands further down in the log than its neighbours in time."""
    week.append([entry("late", received_at=clock() - 5 * DAY)])
    week.settle(take(week, "live-run"), Settlement(delivered=week.pending("vendor", 10)))

    assert week.span("vendor", clock() - 5.5 * DAY, clock() - 4.5 * DAY) == (3, 8)


def test_nobody_who_is_not_registered_gets_anything_again(staging: Staging) -> None:
    """Whoever asks has misspelled it."""
    with pytest.raises(StagingError, match="unknown has no stream"):
        staging.span("unknown", None, None)
