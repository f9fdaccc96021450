"""What a call looks like at a destination: its event renamed, its properties moved or left out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from analytics_platform.destinations.base import Call, Destination, Outcome, Outgoing, opened

MISSING = object()


@dataclass(frozen=True, slots=True)
class Changes:
    """What is otherwise at the destination."""

    rename: Mapping[str, str]  # event: its name there
    move: Mapping[str, str]  # place in a call, such as `properties.report_id`: its place there, or "" for none

    def __bool__(self) -> bool:
        return bool(self.rename or self.move)

    def made(self, call: Call) -> dict[str, Any]:
        """The call as it goes there; what is given stays as it is.

        All moves see the call as it was, so two places may change with each other.
        """
        changed = dict(call)
        if call.get("type") == "track" and call.get("event") in self.rename:
            changed["event"] = self.rename[call["event"]]
        found = {place: value_at(call, place) for place in self.move}
        for place in self.move:
            if value_at(changed, place) is not MISSING:
                changed = without(changed, place.split("."))
        for place, value in found.items():
            if value is not MISSING and self.move[place]:
                changed = with_value(changed, self.move[place].split("."), value)
        return changed


class Changed:
    """A destination that is sent changed calls; what is stored and buried stays as it was accepted."""

    def __init__(self, destination: Destination, changes: Changes) -> None:
        self._destination = destination
        self._changes = changes

    def cut(self, events: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
        """See Destination.cut."""
        return self._destination.cut(events)

    def send(self, request: Sequence[Outgoing]) -> Outcome:
        """See Destination.send."""
        return self._destination.send([changed(outgoing, self._changes) for outgoing in request])


def changed(outgoing: Outgoing, changes: Changes) -> Outgoing:
    """The event with its call changed, where it stands as text."""
    call = changes.made(outgoing.call)
    return opened(replace(outgoing.event, payload=msgspec.json.encode(call).decode()))


def value_at(call: Mapping[str, Any], place: str) -> Any:
    """What stands at a place; MISSING when nothing does."""
    found: Any = call
    for step in place.split("."):
        if not isinstance(found, dict) or step not in found:
            return MISSING
        found = found[step]
    return found


def without(item: Mapping[str, Any], steps: Sequence[str]) -> dict[str, Any]:
    """The item without what stands at these steps; it is there."""
    first, *rest = steps
    if rest:
        return {**item, first: without(item[first], rest)}
    return {name: value for name, value in item.items() if name != first}


def with_value(item: Mapping[str, Any], steps: Sequence[str], value: Any) -> dict[str, Any]:
    """The item with a value at these steps; what is in the way there, and no object, gives way."""
    first, *rest = steps
    if not rest:
        return {**item, first: value}
    inner = item.get(first)
    return {**item, first: with_value(inner if isinstance(inner, dict) else {}, rest, value)}
