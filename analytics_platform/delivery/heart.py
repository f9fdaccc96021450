"""A run's heartbeat: while it beats, the run's leases hold."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from analytics_platform.staging.base import LEASE_SECONDS, LeaseLost, Staging, StagingError

BEAT_SECONDS = LEASE_SECONDS / 6
SAFE_SECONDS = LEASE_SECONDS - BEAT_SECONDS


class Heart:
    """Beats in a thread of its own for as long as the block runs."""

    def __init__(
        self,
        staging: Staging,
        run_id: str,
        monotonic: Callable[[], float] = time.monotonic,
        interval: float = BEAT_SECONDS,
    ) -> None:
        """`monotonic` counts seconds, `interval` is the time between two beats."""
        self._staging = staging
        self._run_id = run_id
        self._monotonic = monotonic
        self._interval = interval
        self._last_beat = monotonic()
        self._ended = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heart", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def guard(self) -> None:
        """Raise LeaseLost unless the last heartbeat was written lately: what cannot be settled is not sent."""
        if self._ended.is_set() or self._monotonic() - self._last_beat > SAFE_SECONDS:
            raise LeaseLost(f"the heartbeat of run {self._run_id} could not be written")

    def _beat(self) -> None:
        while not self._stop.wait(self._interval):
            started = self._monotonic()
            try:
                if not self._staging.heartbeat(self._run_id):
                    self._ended.set()
                    return
            except StagingError:
                continue  # the guard notices when this lasts
            self._last_beat = started
