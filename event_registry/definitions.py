"""The base classes of the tracking plan, which refuse a bad definition as soon as it is imported."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from event_registry.calls import parse_timestamp
from event_registry.validation import check_values

NAME_CONVENTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")  # object.action
TRAITS_CALLS = ("identify", "group")

_defined: dict[tuple[str, str], str] = {}  # (the scope of a class, what it defines) -> the class


class DefinitionError(Exception):
    """A class of the tracking plan is wrong: nothing starts until its author has mended it."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a class of the plan says of itself, besides its fields."""

    name: str  # the event, or the call that carries the traits
    owner: str  # the team that answers questions about it
    description: str
    example: Mapping[str, object]  # properties or traits that keep the plan


class Event(BaseModel):
    """A track call of the plan; its fields are the properties, and it has no others.

    A subclass states its name, owner and example as keywords, and describes itself and each field
    in a docstring. Types are strict: nothing is converted, and only an integer will do for a number.
    """

    model_config = ConfigDict(strict=True, extra="forbid", use_attribute_docstrings=True)
    definition: ClassVar[Definition]

    def __init_subclass__(cls, *, name: str = "", owner: str = "", example: Mapping[str, object] | None = None) -> None:
        """Take the keywords of the class statement; raises DefinitionError."""
        if not NAME_CONVENTION.fullmatch(name):
            raise _error(cls, f"the name {name!r} must be object.action in lower case, such as report.created")
        cls.definition = _define(cls, name, owner, example)

    @classmethod
    def __pydantic_init_subclass__(cls, **_keywords: object) -> None:
        """Check the body of the class statement; raises DefinitionError."""
        _check_body(cls, cls.definition.example)


class Traits(BaseModel):
    """The traits that identify or group carry; SDKs and snapshots may send others besides.

    A subclass states its call, owner and example as keywords, and describes itself and each field
    in a docstring. Types are as strict as an event's.
    """

    model_config = ConfigDict(strict=True, extra="ignore", use_attribute_docstrings=True)
    definition: ClassVar[Definition]

    def __init_subclass__(cls, *, call: str = "", owner: str = "", example: Mapping[str, object] | None = None) -> None:
        """Take the keywords of the class statement; raises DefinitionError."""
        if call not in TRAITS_CALLS:
            raise _error(cls, f"the call {call!r} must be one of {', '.join(TRAITS_CALLS)}")
        cls.definition = _define(cls, call, owner, example)

    @classmethod
    def __pydantic_init_subclass__(cls, **_keywords: object) -> None:
        """Check the body of the class statement; raises DefinitionError."""
        _check_body(cls, cls.definition.example)


def _define(cls: type[BaseModel], name: str, owner: str, example: Mapping[str, object] | None) -> Definition:
    scope, _, class_name = f"{cls.__module__}.{cls.__qualname__}".rpartition(".")
    description = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    if not description:
        raise _error(cls, "the docstring is missing: say in one sentence what happened")
    if not owner:
        raise _error(cls, 'the owner is missing: name the team, as in owner="reporting"')
    if example is None:
        raise _error(cls, 'the example is missing: give one, as in example={"report_id": "rep_42"}')
    if (other := _defined.setdefault((scope, name), class_name)) != class_name:
        raise _error(cls, f"{name} is defined by {other} already")
    return Definition(name, owner, description, example)


def _check_body(cls: type[BaseModel], example: Mapping[str, object]) -> None:
    for name, field in cls.model_fields.items():
        if not field.description:
            raise _error(cls, f"the field {name} has no docstring below it")
    if problems := check_values(cls, example, "example"):
        raise _error(cls, f"the example breaks the definition: {problems[0].path}: {problems[0].message}")


def _error(cls: type[BaseModel], fault: str) -> DefinitionError:
    return DefinitionError(f"{cls.__module__}.{cls.__qualname__}: {fault}")


def _timestamp(text: str) -> str:
    if parse_timestamp(text) is None:
        raise PydanticCustomError("timestamp", "ISO 8601 date-time")
    return text


Timestamp = Annotated[str, AfterValidator(_timestamp)]
"""A moment as JSON has it: an ISO 8601 date-time such as 2026-01-31T12:00:00Z."""

Count = Annotated[int, Field(ge=0)]
"""How many: an integer, not negative."""

Amount = Annotated[float, Field(ge=0)]
"""How much: a number, not negative."""
