"""Which events of the log are a stream's own: those of its lane's users, or of the history that was asked for."""

from collections.abc import Sequence

import msgspec

from analytics_platform.delivery.holds import key_of
from analytics_platform.destinations.base import Outgoing, opened
from analytics_platform.destinations.filters import name_of
from analytics_platform.staging.base import Event
from analytics_platform.staging.streams import Part


class Share:
    """A stream's own events, of those that its part of the log has."""

    def __init__(self, part: Part) -> None:
        self._part = part

    def divide(self, events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
        """The stream's own events, and the others, which it passes; both in order."""
        if self._part.is_all:
            return [*events], []
        mine, others = list[Event](), list[Event]()
        for event in events:
            (mine if self._has(event) else others).append(event)
        return mine, others

    def _has(self, event: Event) -> bool:
        part = self._part
        if part.since is not None and event.received_at < part.since:
            return False
        if part.until is not None and event.received_at >= part.until:
            return False
        if part.lanes == 1 and part.event is None:
            return True
        try:
            outgoing = opened(event)
        except msgspec.DecodeError:  # nobody's call, and no event's: the first lane says so of it
            return part.event is None and part.lane == 1
        if part.event is not None and name_of(outgoing.envelope) != part.event:
            return False
        return lane_of(outgoing, part.lanes) == part.lane


def lane_of(outgoing: Outgoing, lanes: int) -> int:
    """The lane, from 1, that all of the call's user's calls are in as long as there are so many."""
    return int.from_bytes(key_of(outgoing)[:8]) % lanes + 1
