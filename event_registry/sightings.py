"""Remembers of events that the plan does not know what a definition would need: names and types, never values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from event_registry.calls import parse_timestamp
from event_registry.fields import Privacy, Type
from event_registry.protection import HASH_PREFIX, REDACTED_TEXT

MOST_EVENTS = 500
MOST_PROPERTIES = 200  # of one event; both because senders can make up any number of names

_KINDS = {bool: "boolean", int: "integer", float: "number", dict: "object"}
_WIDER = {frozenset({"integer", "number"}): "number", frozenset({"string", "timestamp"}): "string"}


@dataclass(slots=True)
class Property:
    """What was seen of one property."""

    calls: int = 0  # that had it
    kinds: set[str] = field(default_factory=set)  # of its values, and `list`
    items: set[str] = field(default_factory=set)  # of the items of its lists
    privacy: Privacy | None = None  # of a value that came out of the plan's protection

    def see(self, value: object) -> None:
        """Remember the type of one value."""
        self.calls += 1
        if isinstance(value, list):
            self.kinds.add("list")
            self.items |= {_kind(item) for item in value if item is not None}
            return
        self.kinds.add(_kind(value))
        if isinstance(value, str) and value == REDACTED_TEXT:
            self.privacy = Privacy("secret", "redact")
        elif isinstance(value, str) and value.startswith(HASH_PREFIX):
            self.privacy = Privacy("secret", "hash")

    @property
    def type(self) -> Type | None:
        """What a definition would say of it; None when no definition could."""
        if self.kinds == {"list"}:
            item = _one(self.items)
            return item and Type("list", item=item)
        return _one(self.kinds)

    @property
    def fault(self) -> str:
        """Why it has no type."""
        found = [*sorted(self.kinds - {"list"}), *(f"list of {item}" for item in sorted(self.items))]
        if found == ["object"]:
            return "an object: its parts must be properties of their own"
        return f"seen as {' and as '.join(found)}: its senders must agree" if found else "only seen as an empty list"


@dataclass(slots=True)
class Sighting:
    """What was seen of one event."""

    first: float  # seconds since the epoch
    calls: int = 0
    sources: set[str] = field(default_factory=set)
    properties: dict[str, Property] = field(default_factory=dict)


@dataclass(slots=True)
class Sightings:
    """What was seen of all of them."""

    events: dict[str, Sighting] = field(default_factory=dict)
    overlooked: int = 0  # calls of further events, when there were too many

    def see(self, call: Mapping[str, object], source: str, received_at: float) -> None:
        """Remember one track call."""
        name = str(call.get("event"))
        if name not in self.events and len(self.events) >= MOST_EVENTS:
            self.overlooked += 1
            return
        seen = self.events.setdefault(name, Sighting(received_at))
        seen.first = min(seen.first, received_at)
        seen.calls += 1
        seen.sources.add(source)
        properties = call.get("properties")
        for key, value in properties.items() if isinstance(properties, dict) else ():
            if value is not None and (key in seen.properties or len(seen.properties) < MOST_PROPERTIES):
                seen.properties.setdefault(key, Property()).see(value)


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "string" if parse_timestamp(value) is None else "timestamp"
    return _KINDS.get(type(value), "list")


def _one(kinds: set[str]) -> Type | None:
    """The type that takes all of these, if a plan has one."""
    match _WIDER.get(frozenset(kinds), next(iter(kinds)) if len(kinds) == 1 else None):
        case "string" | "timestamp" | "integer" | "number" | "boolean" as kind:
            return Type(kind)
        case _:
            return None
