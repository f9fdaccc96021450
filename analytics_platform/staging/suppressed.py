"""The part of the staging interface that remembers who is suppressed, and what was kept out for it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Suppression:
    """A person's id on the suppression list, or one that has been taken off it."""

    digest: bytes  # HMAC-SHA256 of the id
    key_id: bytes  # which hash key that was made with
    is_listed: bool


@dataclass(frozen=True, slots=True)
class SuppressionCounts:
    """The totals of the suppression list."""

    listed: int  # ids
    dropped: int  # calls that were not stored for it


class Suppressions(Protocol):
    """The list of hashes, and its counters. All raise StagingError."""

    def suppress(self, key_id: bytes, digests: Collection[bytes]) -> int:
        """Put these on the list; returns how many were not on it."""

    def unsuppress(self, digests: Collection[bytes]) -> int:
        """Take these off the list; returns how many were on it."""

    def suppressions(self, after: int) -> tuple[int, list[Suppression]]:
        """The list's version, which every change raises, and what has changed since version `after`."""

    def count_dropped(self, calls: int) -> None:
        """Count calls that were not stored because they name somebody on the list."""

    def suppression_counts(self) -> SuppressionCounts:
        """The list's totals."""
