"""The part of the staging interface that keeps calls aside which break the plan."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A call that was kept aside because it breaks the plan."""

    id: int
    source: str
    message_id: str
    received_at: float  # seconds since the epoch
    payload: str  # the enriched call as JSON text
    problems: str  # JSON list


@dataclass(frozen=True, slots=True)
class Aside:
    """Which quarantined calls are meant: those of which all of this is true."""

    event: str | None = None  # the name of a track call's event, else the call's type
    source: str | None = None
    since: float | None = None  # received then or later, seconds since the epoch
    ids: Collection[int] | None = None


class Quarantine(Protocol):
    """What is kept aside, and how it leaves; `Staging.append` is how it gets there. All raise StagingError."""

    def quarantined(self, wanted: Aside, after: int, limit: int) -> list[Quarantined]:
        """The next of these quarantined calls beyond the id `after`, in the order in which they came."""

    def count_quarantined(self, wanted: Aside) -> int:
        """How many such calls there are."""

    def release_quarantined(self, payloads: Mapping[int, str]) -> dict[int, bool]:
        """Move quarantined calls, by id, to the end of the log with these payloads and what else they came with.

        A call that is not quarantined any more is left out; False marks one whose messageId its source has used
        in the log before: it is not appended again, and no more in quarantine either.
        """
