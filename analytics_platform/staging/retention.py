"""The part of the staging interface that keeps a store bounded."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Horizons:
    """Up to when things may leave the store, each in seconds since the epoch."""

    events: float  # appended before; only those that every stream has settled
    letters: float  # dead letters that were delivered or discarded before; open ones never leave
    quarantine: float  # received before
    runs: float  # ended before; those with open dead letters stay as long as these


@dataclass(frozen=True, slots=True)
class Expired:
    """How many events a stream will never get, because it left them unsettled for too long."""

    destination: str
    stream: str
    events: int


class Retention(Protocol):
    """What housekeeping asks of a store; every method is one short transaction. All raise StagingError."""

    def expire(self, before: float) -> list[Expired]:
        """Move the cursors that lag behind over what was appended before that moment (seconds since the epoch).

        Events that were unsettled are counted as `expired` in the destination's totals, in the same transaction.
        Returns the streams that lost some.
        """

    def purge(self, before: Horizons, limit: int) -> int:
        """Take away about `limit` things that are over their horizon; returns how many, 0 when none is left.

        An event that a stream has not settled stays, however old. The age of an event counts from its append, as
        exactly as this method is called often: it notes, at most once an hour, how far the log is.
        """

    def compact(self, limit: int) -> bool:
        """Give about `limit` pages of unused room back to the disk; returns whether there is more to give."""
