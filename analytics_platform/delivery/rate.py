"""Spaces the requests of a run, so that a vendor gets no more of them a second than the configuration says."""

import threading
from collections.abc import Callable

LOOK_SECONDS = 0.5  # between two looks at whether to stop


class Rate:
    """Gives each request its time; shared by the lanes of a run."""

    def __init__(
        self,
        per_second: float,
        monotonic: Callable[[], float],
        wait: Callable[[float], None],
        stop: Callable[[], bool],
    ) -> None:
        """`per_second` is in requests, 0 is no limit; `wait` takes seconds; `stop` says that nobody need wait more."""
        self._interval = 1 / per_second if per_second else 0.0
        self._monotonic = monotonic
        self._wait = wait
        self._stop = stop
        self._next = monotonic()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Return when the next request may leave, or when the run is told to stop."""
        if not self._interval:
            return
        with self._lock:
            now = self._monotonic()
            mine = max(self._next, now)
            self._next = mine + self._interval
        while (left := mine - self._monotonic()) > 0 and not self._stop():
            self._wait(min(LOOK_SECONDS, left))

    def before(self, guard: Callable[[], None]) -> Callable[[], None]:
        """What to call before each request: it returns when that may leave, and `guard` raises when none may."""

        def wait_and_guard() -> None:
            self.take()
            guard()

        return wait_and_guard
