"""The fields of a definition as plain values: what each may hold, and who may know it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from annotated_types import Ge
from pydantic import AfterValidator
from pydantic import Field as Rule
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from event_registry.calls import parse_timestamp

Kind = Literal["string", "integer", "number", "boolean", "timestamp", "choice", "list"]
Level = Literal["public", "internal", "personal", "secret"]
Treatment = Literal["redact", "hash"]

_KINDS: Mapping[object, Kind] = {str: "string", int: "integer", float: "number", bool: "boolean"}


class FieldError(Exception):
    """A field cannot stand in a plan; the sentence follows the field's name."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """Who may know a field's value. A secret's is nowhere stored, only what its treatment makes of it."""

    level: Level = "public"
    treatment: Treatment | None = None  # of a secret: gone, or a hash by which equal ones are still equal


PUBLIC = Privacy()
"""Whoever sees the product may see it; what a field is that says nothing."""

INTERNAL = Privacy("internal")
"""The business's own, such as revenue: not for everybody's dashboard."""

PERSONAL = Privacy("personal")
"""Says something of a person, or who it is."""

REDACTED = Privacy("secret", "redact")
"""Nobody may have it: a fixed text is stored in its place."""

HASHED = Privacy("secret", "hash")
"""Nobody may read it, but equal ones can be counted: a keyed hash is stored in its place."""


def _timestamp(text: str) -> str:
    if parse_timestamp(text) is None:
        raise PydanticCustomError("timestamp", "ISO 8601 date-time")
    return text


_IS_TIMESTAMP = AfterValidator(_timestamp)

Timestamp = Annotated[str, _IS_TIMESTAMP]
"""A moment as JSON has it: an ISO 8601 date-time such as 2026-01-31T12:00:00Z."""

Count = Annotated[int, Rule(ge=0)]
"""How many: an integer, not negative."""

Amount = Annotated[float, Rule(ge=0)]
"""How much: a number, not negative."""


@dataclass(frozen=True, slots=True)
class Type:
    """What a value may be."""

    kind: Kind
    minimum: float | None = None  # of integers and numbers
    choices: tuple[str, ...] = ()  # of a choice
    item: "Type | None" = None  # of a list

    @property
    def words(self) -> str:
        """The type as people read it."""
        if self.choices:
            return "one of " + ", ".join(json.dumps(choice, ensure_ascii=False) for choice in self.choices)
        if self.item:
            return f"list of {self.item.words}"
        return self.kind if self.minimum is None else f"{self.kind}, {number(self.minimum)} or more"


@dataclass(frozen=True, slots=True)
class Field:
    """One property or trait."""

    name: str  # on the wire
    type: Type
    description: str
    is_required: bool
    examples: tuple[object, ...] = ()  # values that it may have
    privacy: Privacy = PUBLIC


def number(value: float) -> str:
    """A number as every language writes it, and people, too: none of its digits is lost."""
    return str(int(value)) if value == int(value) else repr(value)


def read_field(name: str, info: FieldInfo, description: str, example: Mapping[str, object]) -> Field:
    """The field that Pydantic has found in a class with this example of the whole; raises FieldError."""
    annotation, rules = _without_none(info.annotation), [*_flat(info.metadata)]
    is_optional = annotation is not info.annotation
    if is_optional and (info.is_required() or info.default is not None):
        raise FieldError("what may be left out ends in `| None = None`")
    if not is_optional and not info.is_required():
        raise FieldError("has a default, which nobody would send: write `| None = None`")
    if info.validation_alias != info.alias or info.serialization_alias != info.alias:
        raise FieldError("has one name on the wire: say it with Field(alias=...)")
    kind, privacies = _type(annotation, rules)
    privacy = _privacy(kind, privacies)
    wire_name = name if info.alias is None else info.alias
    if not wire_name.strip():
        raise FieldError("has a blank name on the wire")
    shown = info.examples or [each for each in [example.get(wire_name)] if each is not None]
    return Field(wire_name, kind, description, not is_optional, tuple(shown), privacy)


def _type(annotation: Any, rules: list[Any]) -> tuple[Type, list[Privacy]]:
    """The type that the annotation and the rules beside it make, with what they say of privacy."""
    annotation, inner = _opened(annotation)
    rules = [*rules, *inner]
    privacies = [rule for rule in rules if isinstance(rule, Privacy)]
    rules = [rule for rule in rules if not isinstance(rule, Privacy)]
    kind = _kind(annotation, _IS_TIMESTAMP in rules)
    minimum = None
    for rule in rules:
        if isinstance(rule, Ge) and kind.kind in {"integer", "number"} and _is_finite(rule.ge):
            minimum = max(float(rule.ge), minimum) if minimum is not None else float(rule.ge)
        elif rule is not _IS_TIMESTAMP:
            raise FieldError(f"{rule!r} is a rule that no client could keep: only numbers have one, Field(ge=...)")
    return Type(kind.kind, minimum, kind.choices, kind.item), privacies


def _kind(annotation: Any, is_timestamp: bool) -> Type:  # noqa: FBT001 - a rule beside the annotation
    arguments = get_args(annotation)
    if get_origin(annotation) is list:
        item, privacies = _type(arguments[0], [])
        if privacies:
            raise FieldError("say who may know a list's items of the whole list")
        if item.item is not None:
            raise FieldError("a list of lists is more than most destinations can show")
        return Type("list", item=item)
    if get_origin(annotation) is Literal and arguments and all(isinstance(choice, str) for choice in arguments):
        return Type("choice", choices=arguments)
    if annotation not in _KINDS or (is_timestamp and annotation is not str):
        raise FieldError(
            f"no sender has the type {_spelling(annotation)}: use str, int, float, bool, Literal of texts, Timestamp "
            "or a list of one of them"
        )
    return Type("timestamp" if is_timestamp else _KINDS[annotation])


def _without_none(annotation: Any) -> Any:
    """What is left of `X | None`; the annotation itself if it is none."""
    if get_origin(annotation) in {Union, UnionType} and NoneType in get_args(annotation):
        some = tuple(argument for argument in get_args(annotation) if argument is not NoneType)
        return some[0] if len(some) == 1 else Union[some]  # noqa: UP007 - made of values
    return annotation


def _opened(annotation: Any) -> tuple[Any, list[Any]]:
    """The type inside of `Annotated`, and what is said there."""
    if get_origin(annotation) is Annotated:
        inner, *rules = get_args(annotation)
        return inner, [*_flat(rules)]
    return annotation, []


def _flat(rules: Any) -> Iterator[Any]:
    """Pydantic keeps the rules of a Field inside it."""
    for rule in rules:
        yield from rule.metadata if isinstance(rule, FieldInfo) else (rule,)


def _is_finite(bound: object) -> TypeGuard[float]:
    return isinstance(bound, int | float) and isfinite(bound)


def _privacy(kind: Type, said: list[Privacy]) -> Privacy:
    """Who may know a field of this type; raises FieldError for what makes no sense."""
    privacy = said[-1] if said else PUBLIC
    if len(said) > 1:
        raise FieldError("says twice who may know it")
    if privacy not in (PUBLIC, INTERNAL, PERSONAL, REDACTED, HASHED):
        raise FieldError("may be known as PUBLIC, INTERNAL, PERSONAL, REDACTED or HASHED says, and in no other way")
    if privacy.treatment and kind != Type("string"):
        raise FieldError("a secret must be a str, as a text is stored in its place")
    return privacy


def _spelling(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
