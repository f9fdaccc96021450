"""The part of the staging interface that says which streams a destination has.

    live ──split──▶ lane-1-of-2 ──split──▶ live          redelivery-1 ──its last event is settled──▶ ended
                    lane-2-of-2                                       └──cancel──▶ ended

A destination gets what is accepted by its stream `live`, or by several lanes that share its users. A change of their
number is a point in the log: the old streams end there, the new ones begin there, and have nothing pending before the
old ones have settled everything up to it. So the calls of one user stay in order, whoever delivers them.

Beside these there are the redeliveries: what was accepted in some time, once more, as a stream with a beginning and an
end. A stream is named within its destination; the name of its lease is `<destination>/<stream>`.
"""

from dataclasses import dataclass
from typing import Protocol

REDELIVERY = "redelivery-"
"""How the name of a redelivery begins; a number follows."""

REACH = 100_000
"""Seqs beyond its cursor within which a stream has something pending: so a split waits for no more than these."""


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the log that is a stream's."""

    first: int = 0  # the seq after which it begins
    last: int | None = None  # the seq with which it ends; None goes on
    lane: int = 1  # of its destination's users, from 1
    lanes: int = 1
    since: float | None = None  # of what was received then or later, seconds since the epoch
    until: float | None = None  # of what was received before
    event: str | None = None  # of this event alone: the name of a track call's event, else the call's type

    @property
    def is_all(self) -> bool:
        """Whether everything from `first` to `last` is in it."""
        return self.lanes == 1 and (self.since, self.until, self.event) == (None, None, None)


@dataclass(frozen=True, slots=True)
class Redelivery:
    """History that a destination gets once more; no two have the same name."""

    destination: str
    stream: str
    part: Part
    rate: float  # requests a second at the most; 0 is as many as the destination is to have
    asked_at: float  # seconds since the epoch
    cursor: int
    delivered: int
    skipped: int
    ended_at: float | None  # seconds since the epoch; None while it goes on
    is_cancelled: bool

    @property
    def progress(self) -> float:
        """The share of its part of the log that is settled, 0 to 1."""
        length = (self.part.last or 0) - self.part.first
        return 1.0 if length <= 0 else min(max((self.cursor - self.part.first) / length, 0.0), 1.0)


class Streams(Protocol):
    """Which part of the log is whose; every method is one transaction. All raise StagingError."""

    def part(self, destination: str, stream: str) -> Part | None:
        """The part of the log that is the stream's; None when there is no such stream."""

    def is_over(self, destination: str, stream: str) -> bool:
        """Whether the stream has settled its last event, is cancelled, or is not there any more."""

    def split(self, destination: str, lanes: int) -> bool:
        """Deliver from a point of the log on by so many lanes, 1 is the stream `live`; False when that has to wait.

        It waits for an earlier change, until the streams of before that one are over. Nothing happens, and it is
        True, when there are so many already.
        """

    def span(self, destination: str, since: float | None, until: float | None) -> tuple[int, int] | None:
        """The first and the last seq received from `since` on and before `until` (seconds since the epoch).

        Up to what live delivery has settled for the destination: the rest is still on its way. None when there is no
        such event in the log any more.
        """

    def redeliver(self, destination: str, part: Part, rate: float) -> Redelivery:
        """Begin a redelivery; `part` has a `last` that is in the log, `rate` is in requests a second."""

    def redeliveries(self, destination: str | None = None) -> list[Redelivery]:
        """Those of a destination, or of all, the oldest first."""

    def cancel_redelivery(self, stream: str) -> bool:
        """End the redelivery of this name where it is: what is not sent yet stays unsent; False when it is over."""

    def reserve(self, destination: str, seconds: float, unused: float | None = None) -> float | None:
        """Take so much of the time in which a destination may get requests; returns when that begins (epoch).

        It begins now, or after what others have taken. With `unused`, only if nobody has had any for so many seconds
        up to now; else it is None.
        """
