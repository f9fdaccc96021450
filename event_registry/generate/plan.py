"""The tracking plan as plain values, which is all that an output language gets to see."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from event_registry.defining import Definition, Deprecation, Kind
from event_registry.fields import HASHED, INTERNAL, PERSONAL, REDACTED, Field
from event_registry.registry import Registry

_PRIVACIES = {
    INTERNAL: "Internal.",
    PERSONAL: "Personal.",
    REDACTED: "Secret: it is never stored.",
    HASHED: "Secret: only a keyed hash of it is stored.",
}
_NO_TRAITS = {
    "identify": "What is known of a user; the plan names no traits yet.",
    "group": "What is known of a group of users; the plan names no traits yet.",
}


class GenerationError(Exception):
    """The plan cannot be said in a language: its author must change a name or a type."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, or the traits of one call."""

    call: Kind
    name: str  # the event; for traits the call
    description: str
    owner: str
    since: str  # a date; empty for traits that the plan does not name
    deprecation: Deprecation | None
    example: Mapping[str, object]
    fields: tuple[Field, ...]
    is_open: bool = False  # whether it may have other fields, too

    @property
    def origin(self) -> str:
        """Whom to ask, and from when on it is sent, as sentences."""
        return f"Owner: {self.owner}." + (f" Since {self.since}." if self.since else "")

    @property
    def required(self) -> tuple[Field, ...]:
        """The fields that must be there."""
        return tuple(field for field in self.fields if field.is_required)

    @property
    def optional(self) -> tuple[Field, ...]:
        """The fields that may be left out."""
        return tuple(field for field in self.fields if not field.is_required)


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan; its events in order of the alphabet."""

    events: tuple[Entry, ...]
    identify: Entry
    group: Entry

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of it, the events first."""
        return (*self.events, self.identify, self.group)


def describe(registry: Registry) -> Plan:
    """The plan that a registry holds."""
    events = tuple(_entry(definition) for definition in registry if definition.kind == "track")
    traits = {definition.kind: definition for definition in registry if definition.kind != "track"}
    return Plan(events, _traits("identify", traits.get("identify")), _traits("group", traits.get("group")))


def _traits(call: Kind, definition: Definition | None) -> Entry:
    if definition:
        return _entry(definition)
    return Entry(call, call, _NO_TRAITS[call], "nobody", "", None, {}, (), is_open=True)


def _entry(definition: Definition) -> Entry:
    return Entry(
        call=definition.kind,
        name=definition.name,
        description=_printable(definition.description),
        owner=_printable(definition.owner),
        since=definition.since,
        deprecation=_deprecation(definition.deprecated),
        example=definition.example,
        fields=tuple(replace(field, description=_described(field)) for field in definition.fields),
        is_open=definition.is_open,
    )


def _described(field: Field) -> str:
    """What a field is, and who may know it."""
    text = _printable(field.description)
    privacy = _PRIVACIES.get(field.privacy)
    return f"{text.rstrip('.')}. {privacy}" if privacy else text


def _deprecation(told: Deprecation | None) -> Deprecation | None:
    return replace(told, reason=_printable(told.reason)) if told else None


def _printable(text: str) -> str:
    """Text without the control characters that some compilers refuse even in comments."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in "\n".join(text.splitlines()))
