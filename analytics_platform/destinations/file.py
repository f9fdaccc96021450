"""The built-in destination: JSON lines in a folder, one file a day."""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from analytics_platform.destinations.base import DELIVERED, Outcome, Outgoing
from analytics_platform.destinations.posting import Terms

MAX_BYTES = 256 * 1024 * 1024
"""What the folder may hold; beyond it the oldest days go, and a day that alone is larger begins anew."""

BUILT_IN = "file"
TAIL_BYTES = 65536


class File:
    """Appends each call as one line to `YYYY-MM-DD.jsonl`, named after the day (UTC) of delivery."""

    def __init__(self, folder: Path, max_events: int, now: Callable[[], datetime], max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._now = now

    def cut(self, events: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
        """See Destination.cut."""
        for start in range(0, len(events), self._max_events):
            yield events[start : start + self._max_events]

    def send(self, request: Sequence[Outgoing]) -> Outcome:
        """See Destination.send; a disk that is full or read-only is a vendor that is down."""
        lines = "".join(f"{outgoing.event.payload}\n" for outgoing in request).encode()
        path = self._folder / f"{self._now():%Y-%m-%d}.jsonl"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _locked(self._folder):
                self._make_room(len(lines), path)
                _append(path, lines)
        except OSError as error:
            return Outcome("retry", f"{path}: {error.strerror}")
        return DELIVERED

    def _make_room(self, more: int, today: Path) -> None:
        files = sorted(self._folder.glob("????-??-??.jsonl"))
        total = sum(file.stat().st_size for file in files) + more
        for file in files:
            if total <= self._max_bytes or (file == today and today.stat().st_size == 0):
                break
            total -= file.stat().st_size
            file.unlink()


def build(terms: Terms) -> File:
    """The destination named `file` writes into the folder itself, any other into one of its own below it."""
    folder = terms.folder if terms.name == BUILT_IN else terms.folder / terms.name
    return File(folder, terms.max_events, terms.now)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The folder for one writer alone: lanes are threads, and a replay beside the drain is another process."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _append(path: Path, lines: bytes) -> None:
    """Write whole lines, or nothing: what a full disk has cut off is taken back."""
    with path.open("ab+", buffering=0) as file:
        file.truncate(start := _end_of_lines(file.fileno()))
        try:
            while lines:
                lines = lines[file.write(lines) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(start)
            raise


def _end_of_lines(file: int) -> int:
    """Where the last whole line ends: what a killed writer left behind it was never confirmed, and comes again."""
    end = os.fstat(file).st_size
    while end:
        start = max(0, end - TAIL_BYTES)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
