"""Spaces the requests of a run, so that a vendor gets no more of them a second than the configuration says."""

import threading
from collections.abc import Callable


class Rate:
    """Gives each request its time; shared by the lanes of a run."""

    def __init__(self, per_second: float, monotonic: Callable[[], float], wait: Callable[[float], None]) -> None:
        """`per_second` is in requests, 0 is no limit; `wait` takes seconds."""
        self._interval = 1 / per_second if per_second else 0.0
        self._monotonic = monotonic
        self._wait = wait
        self._next = monotonic()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Return when the next request may leave."""
        if not self._interval:
            return
        with self._lock:
            now = self._monotonic()
            mine = max(self._next, now)
            self._next = mine + self._interval
        if mine > now:
            self._wait(mine - now)
