"""What a backlog costs who reads the next flush, and what a destination more costs the store."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from analytics_platform.staging.base import Settlement, Staging, live
from tests.benchmarks import stored

SMALL = 10_000  # events
LARGE = 5_000_000
FLUSH = 1700  # events: what four lanes of a hundred events a request read
READS = 200
EVENTS = 50_000
SETTLED = 100  # events by one answer


def measure(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the table."""
    yield from _reading(f"sqlite:///{folder}/small.db", f"sqlite:///{folder}/large.db")
    one, four = (_bytes(folder / f"{count}.db", [f"sink-{n}" for n in range(count)]) for count in (1, 4))
    yield (
        "an event in the store once delivered to four destinations, bytes",
        f"{four:.0f}",
        f"{one:.0f}, to one",
        (f"{four / one:.2f}"),
    )


def _reading(small: str, large: str) -> Iterator[tuple[str, str, str, str]]:
    """The row of the next flush; the addresses say which stores: any that `open_staging` takes."""
    with stored.backlog(small, SMALL) as few, stored.backlog(large, LARGE) as many:
        for each in (few, many):
            each.pending("sink", FLUSH)  # what was just written is not read from the disk anyway
        short, long = [], []
        for _ in range(READS):  # in turn, so that the machine's moods are shared
            short.append(_seconds(few))
            long.append(_seconds(many))
    what = f"the next flush of {FLUSH} events is read at a backlog of {LARGE:,} events, ms"
    yield (
        what,
        f"{median(long) * 1000:.2f}",
        f"{median(short) * 1000:.2f}, of {SMALL:,}",
        f"{median(long) / median(short):.2f}",
    )


def _seconds(staging: Staging) -> float:
    started = time.process_time()
    staging.pending("sink", FLUSH)
    return time.process_time() - started


def _bytes(path: Path, destinations: list[str]) -> float:
    """The bytes of an event in a store that has delivered all of them to these destinations."""
    with stored.backlog(f"sqlite:///{path}", EVENTS, destinations) as staging:
        for name in destinations:
            staging.start_run(name, name)
            lease = staging.acquire(live(name), name)
            if lease is None:
                raise RuntimeError("a new stream has no lease to give")
            while events := staging.pending(name, SETTLED):
                staging.settle(lease, Settlement(delivered=events))
            staging.checkpoint()
        return staging.usage().used / EVENTS
