"""Measures the commits of the writer."""

from collections.abc import Callable, Collection, Sequence
from time import perf_counter

from analytics_platform.staging.base import Entry
from ingest_api.counters import Counters


class Commits:
    """An `append` for the writer that counts each commit with its size and how long it took."""

    def __init__(self, append: Callable[[Sequence[Entry]], list[bool]], counters: Counters) -> None:
        self._append = append
        self._counters = counters

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """Append, as Staging.append does."""
        started = perf_counter()
        try:
            stored = self._append(entries)
        except BaseException:
            self._counters.failed_commits += 1
            raise
        self._counters.commit_seconds.observe(perf_counter() - started)
        self._counters.commit_events.observe(len(entries))
        return stored


def count_suppressed(counters: Counters, dropped: Collection[Entry]) -> None:
    """Count events that were not stored, since they name somebody on the suppression list."""
    for entry in dropped:
        counters.suppressed[entry.source] = counters.suppressed.get(entry.source, 0) + 1
