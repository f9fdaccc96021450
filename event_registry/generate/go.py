"""The typed client for Go, one package of the standard library alone."""

import re
from collections.abc import Iterator, Mapping

from event_registry.fields import Field, Kind, Type, number
from event_registry.generate import naming
from event_registry.generate.plan import Entry, GenerationError, Plan
from event_registry.generate.rendering import render
from event_registry.generate.text import quoted

_TYPES: Mapping[Kind, str] = {
    "string": "string",
    "integer": "int64",
    "number": "float64",
    "boolean": "bool",
    "timestamp": "time.Time",
}
# What encoding/json takes for a name in a tag: https://pkg.go.dev/encoding/json#Marshal
_TAGGABLE = re.compile(r"(?!-$)[\w!#$%&()*+./:;<=>?@\[\]^{|}~ -]+")
_KEYWORDS = naming.vocabulary(
    "break case chan const continue default defer else fallthrough for func go goto if import interface map package "
    "range return select struct switch type var"
)
_TAKEN = frozenset({"Call", "Client", "Config", "Event", "NewClient", "Of"})


def go(plan: Plan) -> dict[str, str]:
    """The files of the package, by path."""
    types = naming.Identifiers("Go", _TAKEN)
    structs = [_struct(types, naming.pascal(entry.name), entry) for entry in plan.events]
    traits = [_struct(types, f"{entry.call.capitalize()}Traits", entry) for entry in (plan.identify, plan.group)]
    values = {
        "events": structs,
        "traits": traits,
        "has_timestamps": any(_is_timed(field.type) for entry in plan.entries for field in entry.fields),
    }
    package = "go/productanalytics"
    return {
        f"{package}/events.go": render("go/events.go.jinja", values),
        f"{package}/client.go": render("go/client.go.jinja", {}),
        f"{package}/delivery.go": render("go/delivery.go.jinja", {}),
    }


def _struct(types: naming.Identifiers, name: str, entry: Entry) -> dict[str, object]:
    own = types.of(name, entry.name)
    names = naming.Identifiers(f"the Go of {entry.name}")
    parameters = naming.Identifiers(f"the Go of {entry.name}", _KEYWORDS)
    fields = [
        {
            **_field(types, own, names.of(naming.exported(field.name), field.name), field),
            "parameter": parameters.of(naming.unexported(field.name), field.name),
        }
        for field in entry.fields
    ]
    return {
        "type": own,
        "constructor": types.of(f"New{own}", f"the constructor of {entry.name}"),
        "entry": entry,
        "fields": fields,
        "required": [each for field, each in zip(entry.fields, fields, strict=True) if field.is_required],
    }


def _field(types: naming.Identifiers, owner: str, name: str, field: Field) -> dict[str, object]:
    choices = _choices(field.type)
    source = f"{owner}.{name}"
    choice_type = types.of(owner + name, source) if choices else ""
    found = _type_of(field.type, choice_type)
    return {
        "field": field,
        "name": name,
        "declared": found if field.is_required else f"*{found}",
        "tag": _tag(field),
        "choice_type": choice_type,
        "choices": _constants(types, choice_type, source, choices),
        "checks": [*_checks(field, name)],
    }


def _tag(field: Field) -> str:
    if not _TAGGABLE.fullmatch(field.name):
        raise GenerationError(f"Go's encoding/json cannot write a property named {field.name}")
    return f'json:"{field.name}"' if field.is_required else f'json:"{field.name},omitempty"'


def _constants(
    types: naming.Identifiers, choice_type: str, source: str, choices: tuple[str, ...]
) -> list[dict[str, str]]:
    """The choices with their names, which gofmt wants in a column."""
    names = [types.of(choice_type + naming.exported(choice), f"{source} = {choice}") for choice in choices]
    width = max(map(len, names), default=0)
    return [{"name": name.ljust(width), "value": choice} for name, choice in zip(names, choices, strict=True)]


def _type_of(kind: Type, choice_type: str) -> str:
    if kind.item is not None:
        return f"[]{_type_of(kind.item, choice_type)}"
    return choice_type if kind.kind == "choice" else _TYPES[kind.kind]


def _choices(kind: Type) -> tuple[str, ...]:
    return _choices(kind.item) if kind.item is not None else kind.choices


def _checks(field: Field, name: str) -> Iterator[str]:
    """The statements that find what Go's types let through: a choice that is none, a nil list, a negative count."""
    value = f"values.{name}" if field.is_required else f"*values.{name}"
    statements = [*_checks_of(field.type, value, quoted(field.name))]
    if statements and not field.is_required:
        yield f"if values.{name} != nil {{"
        yield from (f"\t{statement}" for statement in statements)
        yield "}"
    else:
        yield from statements


def _checks_of(kind: Type, value: str, name: str) -> Iterator[str]:
    if kind.kind == "choice":
        yield f"found = oneOf(found, {name}, {value}, {', '.join(quoted(choice) for choice in kind.choices)})"
    elif kind.item is not None:
        yield f"found = notNil(found, {name}, {value})"
        if inner := [*_checks_of(kind.item, "item", name)]:
            yield f"for _, item := range {value} {{"
            yield from (f"\t{statement}" for statement in inner)
            yield "}"
    elif kind.minimum is not None:
        yield f"found = atLeast(found, {name}, float64({value}), {number(kind.minimum)})"


def _is_timed(kind: Type) -> bool:
    return kind.kind == "timestamp" or (kind.item is not None and _is_timed(kind.item))
