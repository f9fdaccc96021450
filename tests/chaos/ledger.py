"""Compares what was acknowledged with what arrived."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple


class Sent(NamedTuple):
    """An event as its client knows it: the place among those of its user comes from the client alone."""

    message_id: str
    user: str
    place: int


class Arrival(NamedTuple):
    """A call that a vendor took, once for each time that it did."""

    message_id: str
    content: str  # all of the call, as comparable text


@dataclass(frozen=True)
class Findings:
    """What became of the events at one vendor; of the first three there may be none."""

    lost: Collection[str]  # acknowledged, and neither arrived nor buried
    altered: Collection[str]  # arrived twice, and not the same
    overtaken: Collection[str]  # arrived after a later one of the same user
    arrived: int  # different events
    buried: int
    repeated: int  # arrivals of what had arrived before

    @property
    def is_clean(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.altered or self.overtaken)


@dataclass
class Ledger:
    """What clients have been promised; several threads write it."""

    acknowledged: list[Sent] = field(default_factory=list)
    unexpected: Counter[str] = field(default_factory=Counter)  # answers that nobody should get
    resent: int = 0  # requests
    _lock: Lock = field(default_factory=Lock)

    def acknowledge(self, events: Iterable[Sent]) -> None:
        """These are on disk: the API has said so."""
        with self._lock:
            self.acknowledged.extend(events)

    def resend(self, unexpected: str | None) -> None:
        """A request had no answer, or one that asks to come back; or one that is unexpected."""
        with self._lock:
            self.resent += 1
            if unexpected:
                self.unexpected[unexpected] += 1


def compare(acknowledged: Sequence[Sent], arrivals: Sequence[Arrival], buried: Collection[str]) -> Findings:
    """Hold what a vendor took, in order of arrival, and what was buried for it against what was acknowledged."""
    contents: dict[str, str] = {}
    altered: set[str] = set()
    for arrival in arrivals:
        if contents.setdefault(arrival.message_id, arrival.content) != arrival.content:
            altered.add(arrival.message_id)
    known = {sent.message_id: sent for sent in acknowledged}
    return Findings(
        lost={*known} - {*contents} - {*buried},
        altered=altered,
        overtaken=_overtaken([known[each] for each in contents if each in known and each not in {*buried}]),
        arrived=len(contents),
        buried=len({*buried}),
        repeated=len(arrivals) - len(contents),
    )


def _overtaken(firsts: Iterable[Sent]) -> set[str]:
    """Of events as they arrived for the first time, those of which a later one of the same user had come before."""
    farthest: defaultdict[str, int] = defaultdict(int)
    late = set()
    for sent in firsts:
        if sent.place < farthest[sent.user]:
            late.add(sent.message_id)
        farthest[sent.user] = max(farthest[sent.user], sent.place)
    return late
