"""What a program says with a client, so that every field is once left out and once set."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from event_registry.fields import Field, Type
from event_registry.generate.plan import Entry, Plan

MOMENT = "2026-01-31T12:00:00.125Z"
"""The time that programs write as their language's own; all languages make this text of it."""

_ZEROS: dict[str, Any] = {"string": "", "boolean": False, "timestamp": MOMENT}


@dataclass(frozen=True)
class Said:
    """One call, by a user of its own."""

    entry: Entry
    user_id: str
    values: dict[str, Any]  # properties or traits, by their names on the wire

    @property
    def stored(self) -> dict[str, Any]:
        """What of it the server must have."""
        kind = {"type": self.entry.call, "userId": self.user_id}
        if self.entry.call == "track":
            return {**kind, "event": self.entry.name, "properties": self.values}
        return {**kind, "traits": self.values}


def everything(plan: Plan) -> Iterator[Said]:
    """Each entry with what is required alone, with all fields at their zero, and as in its example."""
    for number, entry in enumerate(plan.entries):
        least = {field.name: _zero(field.type) for field in entry.required}
        yield Said(entry, f"{number} least", least)
        yield Said(entry, f"{number} zeros", {field.name: _zero(field.type) for field in entry.fields})
        yield Said(entry, f"{number} full", {field.name: _full(field) for field in entry.fields})
        yield Said(entry, f"{number} example", {**least, **entry.example})


def stored(call: dict[str, Any]) -> dict[str, Any]:
    """The same of a call that a server has."""
    return {name: call[name] for name in ("type", "userId", "event", "properties", "traits") if name in call}


def _zero(kind: Type) -> Any:
    """What is false in most languages, or next to it: the values that get lost when a client tests for truth."""
    if kind.item is not None:
        return []
    if kind.kind == "choice":
        return kind.choices[0]
    return _ZEROS.get(kind.kind, _number(kind, 0))


def _full(field: Field) -> Any:
    if field.type.item is not None:
        return [_value(field.type.item), _zero(field.type.item)]
    return _value(field.type)


def _value(kind: Type) -> Any:
    if kind.kind == "choice":
        return kind.choices[-1]
    values: dict[str, Any] = {
        "string": 'Ünïcode "quoted" \\ #{x} 🎉\n',
        "boolean": True,
        "timestamp": MOMENT,
        "integer": _number(kind, 7),
        "number": _number(kind, 7.5),
    }
    return values[kind.kind]


def _number(kind: Type, value: float) -> float:
    """The value, if it is allowed, or the least that is."""
    least = value if kind.minimum is None else max(value, kind.minimum)
    return int(least) if kind.kind == "integer" else least
