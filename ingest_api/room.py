"""Watches the room that the store has, so that events are refused before there is none."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from analytics_platform.staging.base import StagingError, StagingFull, Usage

logger = logging.getLogger(__name__)

MB = 1_000_000
RESERVE = 5  # one part in so many of the room that should be free is kept for those who deliver, and for housekeeping


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much the store may take; the numbers are bytes."""

    least_free: int = 0  # on its disk, for this process to be ready; 0 is any
    most_used: int = 0  # by what is in it; 0 is any

    def shortage(self, usage: Usage) -> str | None:
        """Why this process is not ready; None when there is room."""
        if usage.free is not None and usage.free < self.least_free:
            return (
                f"{usage.free // MB} MB are free on the disk of the store, "
                f"{self.least_free // MB} are wanted (ANALYTICS_MIN_FREE_MB): make room"
            )
        if self.most_used and usage.used >= self.most_used:
            return (
                f"the store holds {usage.used // MB} MB, {self.most_used // MB} are the most (ANALYTICS_MAX_STORE_MB): "
                "deliver what waits, keep it for a shorter time, or raise the limit"
            )
        return None

    def is_full(self, usage: Usage) -> bool:
        """Whether no event may be taken: what is left is for those who deliver and keep house."""
        is_low = usage.free is not None and usage.free * RESERVE < self.least_free
        return is_low or bool(self.most_used and usage.used >= self.most_used)


class Room:
    """What was seen of the store's room last; `look` is called in a thread of its own, as the store may hang."""

    def __init__(self, usage: Callable[[], Usage], bounds: Bounds) -> None:
        self._usage = usage
        self._bounds = bounds
        self._is_full = False
        self.shortage: str | None = None  # why this process is not ready

    def look(self) -> None:
        """Look at the store, and say in the log what has changed."""
        try:
            usage = self._usage()
        except StagingError:
            return  # the writer says so
        was_full, self._is_full = self._is_full, self._bounds.is_full(usage)
        was_short, self.shortage = self.shortage is not None, self._bounds.shortage(usage)
        if self.shortage and not was_short:
            logger.warning("not ready: %s", self.shortage)
        if self._is_full != was_full:
            logger.error("the store %s", f"takes no events: {self.shortage}" if self._is_full else "takes events again")

    def check(self) -> None:
        """Raise StagingFull when no event may be taken."""
        if self._is_full:
            raise StagingFull("the store has no room")
