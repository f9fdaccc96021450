"""The built-in destination: JSON lines in a folder, one file a day."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from analytics_platform.destinations.base import DELIVERED, Outcome, Outgoing

MAX_BYTES = 256 * 1024 * 1024
"""What the folder may hold; beyond it the oldest days go, and a day that alone is larger begins anew."""


class File:
    """Appends each call as one line to `YYYY-MM-DD.jsonl`, named after the day (UTC) of delivery."""

    def __init__(self, folder: Path, max_events: int, now: Callable[[], datetime], max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._now = now
        self._lock = threading.Lock()

    def cut(self, events: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
        """See Destination.cut."""
        for start in range(0, len(events), self._max_events):
            yield events[start : start + self._max_events]

    def send(self, request: Sequence[Outgoing]) -> Outcome:
        """See Destination.send; a disk that is full or read-only is a vendor that is down."""
        lines = "".join(f"{outgoing.event.payload}\n" for outgoing in request).encode()
        path = self._folder / f"{self._now():%Y-%m-%d}.jsonl"
        try:
            with self._lock:
                self._folder.mkdir(parents=True, exist_ok=True)
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


def _append(path: Path, lines: bytes) -> None:
    """Write whole lines, or nothing: what a full disk has cut off is taken back."""
    with path.open("ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # a replay beside the drain is another process
        start = file.seek(0, os.SEEK_END)
        try:
            while lines:
                lines = lines[file.write(lines) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(start)
            raise
