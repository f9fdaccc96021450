"""Settling that outlasts a store which is away for a while."""

from collections.abc import Callable

from analytics_platform.delivery.job import Surroundings
from analytics_platform.staging.base import StagingError

PATIENCE_SECONDS = 300.0
RETRY_SECONDS = 1.0


def settle_surely(write: Callable[[], None], world: Surroundings) -> None:
    """Write what became of events, again until the store takes it: what a vendor has confirmed must not be forgotten.

    The lease's token makes that safe at any age. Raises LeaseLost when another run has taken over,
    StagingError when the store stays away for longer than PATIENCE_SECONDS.
    """
    give_up_at = world.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return write()
        except StagingError:
            if world.monotonic() >= give_up_at:
                raise
            world.wait(RETRY_SECONDS)
