"""Which streams get a run now."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from analytics_platform.delivery.patience import is_ahead, wait_after
from analytics_platform.staging.base import StreamState

START_SECONDS = 3.0
"""A run takes about so long to start, so it is asked for before the flush interval is over."""


BURST = 48
"""Runs that a stream may start at once, such as while somebody tries things out."""

AN_HOUR = 10
"""Runs an hour that it may start beyond these, however vendors flap and workers crash: under 300 a day."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """When pending events are due."""

    batch_size: int
    flush_interval: float  # seconds


Stream = tuple[str, str]
"""A destination, and the name of one of its streams."""

LATE_SECONDS = 5.0
"""An event that waits for so long beyond the flush interval shows that live delivery does not get on."""


def due(
    states: Collection[StreamState],
    thresholds: Mapping[str, Threshold],
    in_flight: Mapping[Stream, int],
    now: float,
) -> list[Stream]:
    """The streams that need a run: a first one, or the successor that the one in flight has asked for.

    `in_flight` counts the drains that have been requested and have not ended; `now` is in seconds since the epoch.
    A redelivery gets its first run only while live delivery to the destination gets on.
    """
    late = {each.destination for each in states if is_behind(each, thresholds[each.destination].flush_interval, now)}
    return [
        (state.destination, state.stream)
        for state in states
        if _needs_a_run(state, thresholds[state.destination], in_flight, now)
        and (state.is_live or state.destination not in late)
    ]


def is_behind(state: StreamState, flush_interval: float, now: float) -> bool:
    """Whether it is live delivery, and does not get on: it backs off, or an event has waited for too long.

    `flush_interval` is in seconds.
    """
    if not state.is_live:
        return False
    is_late = state.oldest_at is not None and now - state.oldest_at > flush_interval + LATE_SECONDS
    return is_late or (state.health.retry_at is not None and is_ahead(state.health.retry_at, now))


def _needs_a_run(state: StreamState, threshold: Threshold, in_flight: Mapping[Stream, int], now: float) -> bool:
    running = in_flight.get((state.destination, state.stream), 0)
    if state.leased:
        return state.successor_wanted and running <= 1
    return running == 0 and _is_due(state, threshold, now) and not _backs_off(state, now)


def _is_due(state: StreamState, threshold: Threshold, now: float) -> bool:
    if state.held_until is not None and not is_ahead(state.held_until, now):
        return True
    if state.oldest_at is None:
        return False
    waited = now - state.oldest_at
    # Waited less than nothing: the clock has been set back since.
    return state.pending >= threshold.batch_size or not 0 <= waited < threshold.flush_interval - START_SECONDS


def _backs_off(state: StreamState, now: float) -> bool:
    """Whether the stream waits after a failure; a run whose heart has stopped counts as one more."""
    if state.died_at is not None and state.health.failures:
        return is_ahead(state.died_at + wait_after(state.health.failures, None, 0.5), now)
    return state.health.retry_at is not None and is_ahead(state.health.retry_at, now)


def has_budget(starts: Iterable[float], now: float) -> bool:
    """Whether a stream may start one more run; `starts` are those of the last day, in seconds since the epoch."""
    budget = float(BURST)
    last: float | None = None
    for start in sorted(start for start in starts if start <= now):  # a later one: the clock has been set back
        earned = (start - last) / 3600 * AN_HOUR if last is not None else 0.0
        budget, last = max(min(budget + earned, BURST) - 1, 0.0), start
    return last is None or budget + (now - last) / 3600 * AN_HOUR >= 1
