"""Makes the definition of a class of the tracking plan, or says what is wrong with the class."""

import inspect
import json
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Literal, TypedDict, get_args

from pydantic import BaseModel

from event_registry.calls import MAX_EVENT_NAME_LENGTH
from event_registry.docstrings import defining_frame, field_docstrings
from event_registry.fields import Field, FieldError, read_field
from event_registry.validation import Values

Kind = Literal["track", "identify", "group"]
Mode = Literal["enforce", "quarantine", "warn", "off"]
UnplannedMode = Literal["reject", "quarantine", "warn", "off"]

# A word, not an abbreviation such as `e.g.`, and behind its stop a capital letter.
_NEXT_SENTENCE = re.compile(r"\w{4,}[.!?]\s+[A-Z]")

TAKEN = frozenset({*dir(BaseModel), "definition"})
"""Names that no field may have, because its class needs them."""

_defined: dict[tuple[str, str], str] = {}  # (the scope of a class, what it defines) -> the class


class DefinitionError(Exception):
    """A class of the tracking plan is wrong: nothing starts until its author has mended it."""


@dataclass(frozen=True, slots=True)
class NameConvention:
    """How the events of a plan are named; a plan that has another one than OBJECT_ACTION sets `NAMES` to it."""

    pattern: re.Pattern[str]
    meaning: str  # follows "must be"


OBJECT_ACTION = NameConvention(
    re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+"), "object.action in lower case, such as report.created"
)


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Why something should not be sent any more."""

    since: str  # a date: 2026-01-31
    successor: str | None = None  # an event of the plan
    reason: str = ""

    @property
    def sentence(self) -> str:
        """What a developer is told who still sends it."""
        instead = f"; send {self.successor} instead" if self.successor else ""
        reason = f": {self.reason.rstrip('.')}" if self.reason else ""
        return f"Since {self.since}{reason}{instead}."


@dataclass(frozen=True, slots=True)
class Definition:
    """What a class of the plan says, as plain values."""

    kind: Kind
    name: str  # the event, or the call that carries the traits
    description: str  # one sentence
    owner: str  # the team that answers questions about it
    since: str  # the date from which it is sent: 2026-01-31
    version: int
    example: Mapping[str, object]  # properties or traits that keep the plan
    fields: tuple[Field, ...] = ()
    destinations: tuple[str, ...] | None = None  # the only ones that it may go to, by name or type; None: any
    deprecated: Deprecation | None = None
    mode: Mode | None = None  # what becomes of a call that breaks the plan; None: as the source has it
    unplanned: UnplannedMode | None = None  # what becomes of one with properties that are not planned; None: the same

    @property
    def is_open(self) -> bool:
        """Whether it may have other fields besides the planned ones: traits may, unless they say what then."""
        return self.kind != "track" and self.unplanned in {None, "off"}


class Said(TypedDict, total=False):
    """What the class statement of a definition says in keywords; the meaning is that of Definition's fields."""

    owner: str
    since: str
    version: int
    example: Mapping[str, object]
    destinations: Collection[str]
    deprecated: Deprecation
    mode: Mode
    unplanned: UnplannedMode


def definition_error(cls: type[BaseModel], fault: str) -> DefinitionError:
    """What the author of a class gets to read."""
    return DefinitionError(f"{cls.__module__}.{cls.__qualname__}: {fault}")


def check_name(cls: type[BaseModel], name: str) -> None:
    """Raises DefinitionError for a name that breaks the convention of the plan in which the class stands."""
    convention = getattr(sys.modules.get(cls.__module__), "NAMES", OBJECT_ACTION)
    if not isinstance(convention, NameConvention) or not isinstance(convention.pattern, re.Pattern):
        raise definition_error(cls, f"NAMES of {cls.__module__} must be a NameConvention with a compiled pattern")
    if not isinstance(name, str) or not convention.pattern.fullmatch(name):
        raise definition_error(cls, f"the name {name!r} must be {convention.meaning}")
    if len(name) > MAX_EVENT_NAME_LENGTH:
        raise definition_error(cls, f"the name must have at most {MAX_EVENT_NAME_LENGTH} characters")


def define(cls: type[BaseModel], kind: Kind, name: str, said: Said) -> Definition:
    """The definition of a class whose fields Pydantic has found; raises DefinitionError."""
    _check_said(cls, said)
    description = _description(cls)
    _check_first(cls, name)
    destinations = said.get("destinations")
    definition = Definition(
        kind=kind,
        name=name,
        description=description,
        owner=said["owner"],
        since=said["since"],
        version=said.get("version", 1),
        example=said["example"],
        fields=tuple(_read_fields(cls, said["example"])),
        destinations=None if destinations is None else tuple(destinations),
        deprecated=said.get("deprecated"),
        mode=said.get("mode"),
        unplanned=said.get("unplanned"),
    )
    _check_examples(cls, definition)
    return definition


def _check_first(cls: type[BaseModel], name: str) -> None:
    """Raises DefinitionError for what another class has defined already, and for the name of another class."""
    scope, _, class_name = f"{cls.__module__}.{cls.__qualname__}".rpartition(".")
    if (other := _defined.setdefault((scope, name), class_name)) != class_name:
        raise definition_error(cls, f"{name} is defined by {other} already")
    frame = defining_frame(cls)
    namesake = getattr(frame.f_locals.get(cls.__name__), "definition", None) if frame else None
    if isinstance(namesake, Definition) and namesake.name != name:
        raise definition_error(cls, f"{namesake.name} has a class of this name already, which this one would replace")


def _description(cls: type[BaseModel]) -> str:
    description = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    if not description:
        raise definition_error(cls, "the docstring is missing: say in one sentence what happened")
    if "\n\n" in description or not description.endswith(".") or _NEXT_SENTENCE.search(description):
        raise definition_error(cls, "the docstring must be one sentence, with its full stop")
    return " ".join(description.split())


def _check_said(cls: type[BaseModel], said: Said) -> None:
    for keyword in said.keys() - Said.__annotations__.keys():
        raise definition_error(cls, f"there is no keyword {keyword}, only {', '.join(sorted(Said.__annotations__))}")
    if not _is_text(said.get("owner")):
        raise definition_error(cls, 'the owner is missing: name the team, as in owner="reporting"')
    if not _is_date(said.get("since")):
        raise definition_error(cls, 'since must be the date from which it is sent, as in since="2026-01-31"')
    version, destinations = said.get("version", 1), said.get("destinations", ())
    if type(version) is not int or version < 1:
        raise definition_error(cls, "the version must be 1 or more")
    if not isinstance(destinations, tuple | list) or not all(map(_is_text, destinations)):
        raise definition_error(cls, 'destinations must be a tuple of names, as in destinations=("crm",)')
    for keyword, modes in (("mode", get_args(Mode)), ("unplanned", get_args(UnplannedMode))):
        if said.get(keyword, "off") not in modes:
            raise definition_error(cls, f"{keyword} must be one of {', '.join(modes)}")
    _check_example(cls, said.get("example"))
    _check_deprecation(cls, said.get("deprecated"))


def _check_example(cls: type[BaseModel], example: object) -> None:
    """Whether it is an object that a sender could write as JSON."""
    if not isinstance(example, Mapping) or not all(isinstance(name, str) for name in example):
        raise definition_error(cls, 'the example is missing: give one, as in example={"report_id": "rep_42"}')
    try:
        json.dumps(dict(example), allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError):
        raise definition_error(cls, "the example has a value that JSON does not have") from None


def _check_deprecation(cls: type[BaseModel], deprecated: object) -> None:
    if deprecated is None:
        return
    if not isinstance(deprecated, Deprecation) or not _is_date(deprecated.since):
        raise definition_error(
            cls, 'deprecated must be a Deprecation with a date, as in Deprecation(since="2026-01-31")'
        )
    if not isinstance(deprecated.reason, str) or not isinstance(deprecated.successor, str | None):
        raise definition_error(cls, "the successor and the reason of a Deprecation must be texts")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_date(text: object) -> bool:
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _read_fields(cls: type[BaseModel], example: Mapping[str, object]) -> list[Field]:
    _check_rules(cls)
    below = field_docstrings(cls)
    fields: list[Field] = []
    for name, info in cls.model_fields.items():
        if name in TAKEN:
            remedy = f'{name}_ and alias it, Field(alias="{name}")'
            raise definition_error(cls, f"the field {name} has a name that Pydantic needs: call it {remedy}")
        description = info.description or below.get(name, "")
        if not description:
            raise definition_error(cls, f"the field {name} has no docstring below it: say there what it means")
        try:
            fields.append(read_field(name, info, description, example))
        except FieldError as error:
            raise definition_error(cls, f"the field {name}: {error}") from None
        if fields[-1].name in {field.name for field in fields[:-1]}:
            raise definition_error(cls, f"the field {name}: another one is called {fields[-1].name} on the wire")
    return fields


def _check_rules(cls: type[BaseModel]) -> None:
    """Raises DefinitionError for what Pydantic heeds and nobody else: the API does not run it, nor could a client."""
    for name in cls.__private_attributes__:
        remedy = f'{name.strip("_")} and alias it, Field(alias="{name}")'
        raise definition_error(cls, f"the field {name} is none, because of its underscore: call it {remedy}")
    found = cls.__pydantic_decorators__
    for name in chain(found.field_validators, found.model_validators, found.computed_fields, found.validators):
        raise definition_error(cls, f"{name} is a rule that no client could keep: say it with the type of a field")


def _check_examples(cls: type[BaseModel], definition: Definition) -> None:
    """The example of the whole, and the whole with each example of a field in its place."""
    values = Values(definition.fields, is_open=definition.is_open)
    each = (
        {**definition.example, field.name: shown}
        for field in definition.fields
        for shown in field.examples
        if shown is not definition.example.get(field.name)  # which is looked at with the whole
    )
    for example in (dict(definition.example), *each):
        if problems := values.problems(example, "example"):
            raise definition_error(cls, f"the example breaks the definition: {problems[0].path}: {problems[0].message}")
