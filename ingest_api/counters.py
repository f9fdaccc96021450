"""Counts what a process does, in plain numbers that cost nearly nothing."""

from bisect import bisect_left
from collections.abc import Sequence

import msgspec

from ingest_api.intake import Intake

ANSWER_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
COMMIT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
COMMIT_EVENTS = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 2000.0)


class Histogram(msgspec.Struct):
    """How many values were up to each bound, and above the last one."""

    bounds: tuple[float, ...]
    counts: list[int]
    total: float = 0.0  # of all values

    @classmethod
    def of(cls, bounds: tuple[float, ...]) -> "Histogram":
        """An empty one."""
        return cls(bounds, [0] * (len(bounds) + 1))

    def observe(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Gauges(msgspec.Struct):
    """What a process holds at a moment."""

    at: float = 0.0  # seconds since the epoch
    queue_events: int = 0
    queue_bytes: int = 0
    connections: int = 0
    body_bytes: int = 0


class Counters(msgspec.Struct):
    """All that one process counts. No key is a client's to choose: paths are groups, sources are configured.

    Each number is changed by one thread only: those of commits by the writer's, all others by the event loop's.
    """

    requests: dict[tuple[str, int], int] = {}  # by group of paths, and status
    refusals: dict[str, int] = {}  # by code
    events: dict[tuple[str, str], int] = {}  # by source, and outcome
    suppressed: dict[str, int] = {}  # events, by source; they are among the accepted, as their senders are told
    answer_seconds: dict[str, Histogram] = {}  # by group of paths
    commit_seconds: Histogram = msgspec.field(default_factory=lambda: Histogram.of(COMMIT_SECONDS))
    commit_events: Histogram = msgspec.field(default_factory=lambda: Histogram.of(COMMIT_EVENTS))
    failed_commits: int = 0
    starts: int = 0  # of the process, over all its restarts
    gauges: Gauges = msgspec.field(default_factory=Gauges)

    @classmethod
    def resumed(cls, note: bytes | None) -> "Counters":
        """Those that a process has noted before it died, for the one that takes its place; empty ones for the first."""
        counters = cls() if note is None else msgspec.msgpack.decode(note, type=cls)
        counters.starts += 1
        return counters

    def note(self, gauges: Gauges) -> bytes:
        """All of it with what the process holds now, for `resumed` and for whoever shows it."""
        self.gauges = gauges
        return msgspec.msgpack.encode(self)

    def answered(self, group: str, status: int) -> None:
        """Count a request to a group of paths that was answered with a status."""
        key = (group, status)
        self.requests[key] = self.requests.get(key, 0) + 1

    def timed(self, group: str, seconds: float) -> None:
        """Count how long an answer took."""
        histogram = self.answer_seconds.get(group)
        if histogram is None:
            histogram = self.answer_seconds[group] = Histogram.of(ANSWER_SECONDS)
        histogram.observe(seconds)

    def refused(self, code: str) -> None:
        """Count a request that was refused with a code."""
        self.refusals[code] = self.refusals.get(code, 0) + 1

    def judged(self, source: str, intake: Intake, stored: Sequence[bool]) -> None:
        """Count the events of a request, each with what became of it; one in quarantine is that whenever it came."""
        quarantined = len(intake.quarantined)
        known = 0
        if not all(stored):
            known = sum(not new for new, each in zip(stored, intake.entries, strict=True) if each.problems is None)
        self._count(source, "accepted", len(intake.entries) - quarantined - known)
        if known:
            self._count(source, "duplicate", known)
        if quarantined:
            self._count(source, "quarantined", quarantined)
        if intake.rejected:
            self._count(source, "rejected", len(intake.rejected))

    def _count(self, source: str, outcome: str, events: int) -> None:
        key = (source, outcome)
        self.events[key] = self.events.get(key, 0) + events
