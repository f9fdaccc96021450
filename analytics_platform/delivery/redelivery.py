"""What sets the drain of a redelivery apart: it gives way to live delivery, can be cancelled, says how far it is."""

from analytics_platform.delivery.due import is_behind
from analytics_platform.delivery.job import Job, Surroundings
from analytics_platform.staging.base import Staging
from analytics_platform.staging.streams import Redelivery

LOOK_SECONDS = 1.0  # between two looks at the store
TELL_SECONDS = 60.0  # between two words on how far it is


class Manners:
    """How a drain behaves beside live delivery; that of a live stream stands back for nobody."""

    def __init__(self, job: Job, stream: str, world: Surroundings) -> None:
        self._job = job
        self._stream = stream
        self._world = world
        self._looked_at = self._told_at = world.monotonic()
        self._is_over = False

    def is_over(self) -> bool:
        """Whether it has been cancelled, as of a second ago, or has come to its end."""
        if not self._job.is_live and self._is_time(self._looked_at, LOOK_SECONDS):
            self._looked_at = self._world.monotonic()
            self._is_over = self._world.staging.is_over(self._job.name, self._stream)
        return self._is_over

    def gives_way(self) -> bool:
        """Whether live delivery does not get on, so that history has to wait for it."""
        if self._job.is_live:
            return False
        states = self._world.staging.streams([self._job.name], 1)
        return any(is_behind(state, self._job.flush_interval, self._world.clock()) for state in states)

    def tell(self) -> None:
        """Say once a minute how far it is."""
        if not self._job.is_live and self._is_time(self._told_at, TELL_SECONDS):
            self._told_at = self._world.monotonic()
            if found := find(self._world.staging, self._job.name, self._stream):
                self._world.tell(f"{self._stream}: {found.progress:.1%} done, {found.delivered} delivered")

    def _is_time(self, before: float, seconds: float) -> bool:
        return self._world.monotonic() - before >= seconds


def find(staging: Staging, destination: str, stream: str) -> Redelivery | None:
    """The redelivery that a stream is; None when it delivers live."""
    return next((each for each in staging.redeliveries(destination) if each.stream == stream), None)
