"""Spaces the requests of a run, so that a vendor gets no more of them a second than it is to have, or can take."""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from analytics_platform.delivery.job import Surroundings
from analytics_platform.destinations.base import Outcome
from analytics_platform.staging.base import Lease, Speed

LOOK_SECONDS = 0.5  # between two looks at whether to stop
SLOWEST = 0.1  # requests a second, however often the vendor says that it is too fast
REMEMBERED = 32  # requests, by which the speed is known when there is no limit
RECOVERY = 0.05  # of the speed that was too fast is won back in each second of successes
CALM = 1.0  # seconds after a slow-down in which another answer of the same kind says nothing new


class Rate:
    """Gives each request its time; shared by the lanes of a run.

    An answer that it is too fast halves the speed, successes raise it evenly, up to what the configuration allows
    (additive increase, multiplicative decrease: RFC 5681 shares a line so).
    """

    def __init__(
        self,
        per_second: float,
        monotonic: Callable[[], float],
        wait: Callable[[float], None],
        stop: Callable[[], bool],
    ) -> None:
        """`per_second` is in requests, 0 is no limit; `wait` takes seconds; `stop` says that nobody need wait more."""
        self._most = self._speed = per_second or math.inf  # requests a second
        self._gain = 0.0  # requests a second that are won back in a second; 0 until it was too fast once
        self._left_at: deque[float] = deque(maxlen=REMEMBERED)
        self._slowed_at = -math.inf
        self._monotonic = monotonic
        self._wait = wait
        self._stop = stop
        self._next = monotonic()
        self._lock = threading.Lock()

    def resume(self, speed: Speed, now: float) -> None:
        """Go on at the speed that the run before has learnt, and what would have been won back since."""
        self._gain = speed.gain
        self._speed = min(speed.per_second + speed.gain * max(now - speed.at, 0.0), self._most)

    def learnt(self, now: float) -> Speed | None:
        """What the next run need not find out again; None when the vendor takes all that it may get."""
        return Speed(self._speed, self._gain, now) if self._speed < self._most else None

    def take(self) -> None:
        """Return when the next request may leave, or when the run is told to stop."""
        with self._lock:
            mine = max(self._next, self._monotonic())
            self._next = mine + 1 / self._speed
            self._left_at.append(mine)
        while (left := mine - self._monotonic()) > 0 and not self._stop():
            self._wait(min(LOOK_SECONDS, left))

    def heed(self, outcome: Outcome) -> None:
        """Slow down when the vendor says that this is too fast, speed up with each request that it takes."""
        with self._lock:
            if outcome.is_too_fast:
                self._slow_down(self._monotonic())
            elif outcome.kind == "delivered":
                self._speed = min(self._speed + self._gain / self._speed, self._most)

    def _slow_down(self, now: float) -> None:
        if now - self._slowed_at < CALM:
            return
        lately = len(self._left_at) / max(now - self._left_at[0], 1.0) if self._left_at else SLOWEST
        too_fast = min(self._speed, lately)
        self._slowed_at = now
        self._speed = max(too_fast / 2, SLOWEST)
        self._gain = max(too_fast, SLOWEST) * RECOVERY
        self._next = max(self._next, now + 1 / self._speed)

    def before(self, guard: Callable[[], None]) -> Callable[[], None]:
        """What to call before each request: it returns when that may leave, and `guard` raises when none may."""

        def wait_and_guard() -> None:
            self.take()
            guard()

        return wait_and_guard


@contextmanager
def handed_over(rate: Rate, lease: Lease, world: Surroundings) -> Iterator[None]:
    """Begin at the speed that the run before has learnt, and leave to the next one what this run has."""
    if lease.speed:
        rate.resume(lease.speed, world.clock())
    yield
    learnt = rate.learnt(world.clock())
    if learnt or lease.speed:
        world.staging.hand_over(lease, learnt)
