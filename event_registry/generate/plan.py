"""The tracking plan as plain values, which is all that an output language gets to see."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from event_registry.definitions import TRAITS_CALLS, Event, Timestamp, Traits
from event_registry.registry import Registry

Kind = Literal["string", "integer", "number", "boolean", "timestamp", "choice", "list"]
Call = Literal["track", "identify", "group"]

_KINDS: Mapping[object, Kind] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_TIMESTAMP = get_args(Timestamp)[1]
_NO_TRAITS = {
    "identify": "What is known of a user; the plan names no traits yet.",
    "group": "What is known of a group of users; the plan names no traits yet.",
}


class GenerationError(Exception):
    """The plan cannot be said in a language: its author must change a name or a type."""


@dataclass(frozen=True, slots=True)
class Type:
    """What a value may be."""

    kind: Kind
    minimum: float | None = None  # of integers and numbers
    choices: tuple[str, ...] = ()  # of a choice
    item: "Type | None" = None  # of a list


@dataclass(frozen=True, slots=True)
class Field:
    """One property or trait."""

    name: str  # on the wire
    type: Type
    description: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Why an event should not be sent any more."""

    since: str
    successor: str | None  # an event
    reason: str

    @property
    def sentence(self) -> str:
        """What a developer is told who still sends it."""
        instead = f"; send {self.successor} instead" if self.successor else ""
        reason = f": {self.reason.rstrip('.')}" if self.reason else ""
        return f"Since {self.since}{reason}{instead}."


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, or the traits of one call."""

    call: Call
    name: str  # the event; for traits the call
    description: str
    owner: str
    deprecation: Deprecation | None
    example: Mapping[str, object]
    fields: tuple[Field, ...]

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
    """The plan that a registry holds; raises GenerationError for a type that clients cannot have."""
    events = tuple(_entry("track", registry.events[name]) for name in sorted(registry.events))
    identify, group = (_traits(call, registry.traits.get(call)) for call in TRAITS_CALLS)
    return Plan(events, identify, group)


def _traits(call: str, traits: type[Traits] | None) -> Entry:
    known: Call = "identify" if call == "identify" else "group"
    if traits is None:
        return Entry(known, known, _NO_TRAITS[known], "nobody", None, {}, ())
    return _entry(known, traits)


def _entry(call: Call, planned: type[Event] | type[Traits]) -> Entry:
    definition = planned.definition
    return Entry(
        call=call,
        name=definition.name,
        description=_printable(definition.description),
        owner=_printable(definition.owner),
        deprecation=_deprecation(definition),
        example=definition.example,
        fields=tuple(_fields(planned)),
    )


def _deprecation(definition: Any) -> Deprecation | None:
    told = getattr(definition, "deprecated", None)
    return Deprecation(_printable(told.since), told.successor, _printable(told.reason or "")) if told else None


def _fields(planned: type[BaseModel]) -> Iterator[Field]:
    for name, info in planned.model_fields.items():
        try:
            found = _type(info.annotation, tuple(info.metadata))
        except GenerationError as error:
            raise GenerationError(f"{planned.__module__}.{planned.__qualname__}: the field {name}: {error}") from None
        yield Field(_wire_name(name, info), found, _printable(info.description or ""), info.is_required())


def _wire_name(name: str, info: FieldInfo) -> str:
    return info.alias or name


def _type(annotation: Any, metadata: tuple[object, ...]) -> Type:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0], (*metadata, *_flat(arguments[1:])))
    if origin in (Union, UnionType):
        [some] = [argument for argument in arguments if argument is not NoneType] if NoneType in arguments else [None]
        return _type(some, metadata)
    if origin is list:
        return Type("list", item=_type(arguments[0], ()))
    if origin is Literal and all(isinstance(choice, str) for choice in arguments):
        return Type("choice", choices=arguments)
    if _TIMESTAMP in metadata:
        return Type("timestamp")
    if annotation not in _KINDS:
        raise GenerationError(f"clients have no type for {annotation}: use str, int, float, bool, Literal or a list")
    minimum = next((float(rule.ge) for rule in metadata if isinstance(rule, Ge)), None)  # type: ignore[arg-type]  # of a number it is one
    return Type(_KINDS[annotation], minimum)


def _flat(metadata: tuple[object, ...]) -> Iterator[object]:
    """Pydantic keeps the rules of a Field inside it."""
    for rule in metadata:
        yield from rule.metadata if isinstance(rule, FieldInfo) else (rule,)


def _printable(text: str) -> str:
    """Text without the control characters that some compilers refuse even in comments."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in "\n".join(text.splitlines()))
