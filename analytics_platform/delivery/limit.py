"""Keeps all that is sent to a destination, by whatever run, within the destination's rate limit."""

import threading
from collections import deque
from collections.abc import Callable

from analytics_platform.delivery.job import Surroundings

BLOCK_SECONDS = 0.1
"""For so long a run reserves requests in one go, so that a fast one does not write to the store for each."""

LOOK_SECONDS = 0.25  # between two looks at whether the limit stands unused, and whether to stop


class Limit:
    """The share of a destination's rate limit that a run has; its lanes share it again.

    Live delivery takes what comes next. A redelivery takes one request at a time, and only when nobody has used the
    limit for as long as a request takes of it: so a live stream that needs all of the limit has all of it.
    """

    def __init__(
        self, destination: str, per_second: float, world: Surroundings, stop: Callable[[], bool], *, is_live: bool
    ) -> None:
        """`per_second` is in requests, 0 is no limit; `stop` says that nobody need wait more."""
        self._destination = destination
        self._interval = 1 / per_second if per_second else 0.0
        self._world = world
        self._stop = stop
        self._is_live = is_live
        self._slots = deque[float]()  # reserved and not used, seconds since the epoch
        self._lock = threading.Lock()

    def take(self) -> None:
        """Return when the next request may leave, or when the run is told to stop.

        Raises StagingError when the store, in which all runs look this up, cannot be used.
        """
        if not self._interval:
            return
        with self._lock:
            mine = self._next()
        while mine is not None and (left := mine - self._world.clock()) > 0 and not self._stop():
            self._world.wait(min(LOOK_SECONDS, left))

    def _next(self) -> float | None:
        """The moment of the next request; None when the run was told to stop before it had one."""
        given_up = self._world.clock() - max(self._interval, BLOCK_SECONDS)
        while self._slots and self._slots[0] < given_up:
            self._slots.popleft()
        if not self._slots:
            self._slots.extend(self._reserve())
        return self._slots.popleft() if self._slots else None

    def _reserve(self) -> list[float]:
        staging = self._world.staging
        if self._is_live:
            count = max(int(BLOCK_SECONDS / self._interval), 1)
            begins = staging.reserve(self._destination, count * self._interval)
            assert begins is not None  # noqa: S101  as it is without `unused`
            return [begins + number * self._interval for number in range(count)]
        while (begins := staging.reserve(self._destination, self._interval, unused=self._interval)) is None:
            if self._stop():
                return []
            self._world.wait(LOOK_SECONDS)
        return [begins]

    def before(self, guard: Callable[[], None]) -> Callable[[], None]:
        """What to call before each request: it returns when that may leave, and `guard` raises when none may."""

        def wait_and_guard() -> None:
            self.take()
            guard()

        return wait_and_guard
