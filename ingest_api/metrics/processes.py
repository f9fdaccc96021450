"""The metrics of the processes that take requests, all of them together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from prometheus_client.metrics_core import Metric

from ingest_api.counters import Counters
from ingest_api.metrics.families import NONE, counter, counters, gauge, histograms

SILENT_SECONDS = 5.0  # after which a process that has noted nothing counts as gone

Key = TypeVar("Key", str, tuple[str, str], tuple[str, int])


def of_processes(found: Sequence[Counters], now: float) -> Iterator[Metric]:
    """What they hold and what they have counted; `now` is in seconds since the epoch."""
    yield from _held(found, now)
    yield from _counted(found)
    yield from _timed(found)


def _held(found: Sequence[Counters], now: float) -> Iterator[Metric]:
    alive = [each.gauges for each in found if now - each.gauges.at < SILENT_SECONDS]
    yield gauge("analytics_workers", "Processes that take requests.", len(alive))
    starts = sum(each.starts for each in found)
    yield counter("analytics_worker_starts", "Times that such a process has been started.", starts)
    waiting = sum(each.queue_events for each in alive)
    yield gauge("analytics_queue_events", "Events that wait for their commit.", waiting)
    yield gauge("analytics_queue_bytes", "Bytes of these events.", sum(each.queue_bytes for each in alive))
    yield gauge("analytics_connections", "Open connections.", sum(each.connections for each in alive))
    yield gauge("analytics_body_bytes", "Bytes held of unanswered requests.", sum(each.body_bytes for each in alive))


def _counted(found: Sequence[Counters]) -> Iterator[Metric]:
    requests = _sums(each.requests for each in found)
    by_status = [((group, str(status)), count) for (group, status), count in requests]
    yield counters("analytics_requests", "Requests, by group of paths and status.", ("paths", "status"), by_status)
    refusals = [((code,), count) for code, count in _sums(each.refusals for each in found)]
    yield counters("analytics_refusals", "Requests of which nothing was taken, by code.", ("code",), refusals)
    suppressed = _sums(each.suppressed for each in found)
    events = _sums(each.events for each in found)
    events += [((source, "suppressed"), count) for source, count in suppressed]
    yield counters("analytics_events", "Events, by what became of them.", ("source", "outcome"), events)
    failed = sum(each.failed_commits for each in found)
    yield counter("analytics_commit_failures", "Commits that the store has not made.", failed)


def _timed(found: Sequence[Counters]) -> Iterator[Metric]:
    answers = (((group,), histogram) for each in found for group, histogram in each.answer_seconds.items())
    help_text = "Time from the head of a request with calls to its answer."
    yield histograms("analytics_answer_seconds", help_text, ("paths",), answers)
    commits = ((NONE, each.commit_seconds) for each in found)
    yield histograms("analytics_commit_seconds", "Time that a commit took, with its fsync.", NONE, commits)
    sizes = ((NONE, each.commit_events) for each in found)
    yield histograms("analytics_commit_events", "Events that a commit wrote.", NONE, sizes)


def _sums(counts: Iterable[Mapping[Key, int]]) -> list[tuple[Key, int]]:
    sums: dict[Key, int] = {}
    for each in counts:
        for key, count in each.items():
            sums[key] = sums.get(key, 0) + count
    return sorted(sums.items())
