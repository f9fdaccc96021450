"""The metrics of the staging store, and of the destinations, as it has them at the moment."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client.metrics_core import Metric

from analytics_platform.staging.base import Counts, Staging, StreamState
from ingest_api.metrics.families import Values, counters, gauge, gauges
from ingest_api.room import Bounds

DESTINATION = ("destination",)


def of_store(staging: Staging, bounds: Bounds) -> Iterator[Metric]:
    """How large it is. Raises StagingError."""
    usage = staging.usage()
    yield gauge("analytics_store_used_bytes", "Bytes that the contents of the store take.", usage.used)
    yield gauge("analytics_store_disk_bytes", "Bytes that the files of the store take.", usage.on_disk)
    help_text = "Bytes of contents from which on events are refused; 0 is never."
    yield gauge("analytics_store_limit_bytes", help_text, bounds.most_used)
    if usage.free is not None:
        yield gauge("analytics_store_free_bytes", "Bytes that are left on the disk of the store.", usage.free)


def of_destinations(staging: Staging, destinations: Sequence[str], now: float) -> Iterator[Metric]:
    """How far each is; `now` is in seconds since the epoch. Raises StagingError."""
    live: dict[str, list[StreamState]] = {}  # of each destination, its one stream or its lanes; never a redelivery
    for state in staging.streams(destinations, 1):
        if state.is_live:
            live.setdefault(state.destination, []).append(state)
    found = [(name, states, staging.counts(name)) for name, states in live.items()]

    def values(of: Callable[[list[StreamState], Counts], float]) -> Values:
        return [((name,), of(states, counts)) for name, states, counts in found]

    def age(states: list[StreamState], _counts: Counts) -> float:
        return max((now - state.oldest_at for state in states if state.oldest_at is not None), default=0.0)

    def failures(states: list[StreamState], _counts: Counts) -> float:
        return max(state.health.failures for state in states)

    for name, help_text, of in (
        ("pending_events", "Events that wait to be delivered.", lambda _, counts: counts.pending),
        ("dead_letters", "Open dead letters.", lambda _, counts: counts.dead),
        ("oldest_pending_seconds", "Age of the oldest event that waits; 0 when none does.", age),
        ("failures", "Runs in a row that ended without progress.", failures),
    ):
        yield gauges(f"analytics_destination_{name}", help_text, DESTINATION, values(of))
    for name, help_text, of in (
        ("delivered", "Events that the destination has confirmed.", lambda _, counts: counts.delivered),
        ("skipped", "Events that do not go there.", lambda _, counts: counts.skipped),
        ("expired", "Events that it has not got in all their time.", lambda _, counts: counts.expired),
    ):
        yield counters(f"analytics_destination_{name}", help_text, DESTINATION, values(of))
