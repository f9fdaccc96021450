"""The typed client for Python, one module of the standard library alone."""

import keyword
from collections.abc import Mapping

from event_registry.fields import Field, Kind, Type
from event_registry.generate import naming
from event_registry.generate.plan import Entry, Plan
from event_registry.generate.rendering import render
from event_registry.generate.text import quoted

_TYPES: Mapping[Kind, str] = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "timestamp": "datetime | str",
}
_KEYWORDS = frozenset(keyword.kwlist)
_METHODS = frozenset({*_KEYWORDS, "alias", "client", "group", "identify", "page", "screen"})
_PARAMETERS = frozenset({*_KEYWORDS, "self", "user_id", "anonymous_id", "group_id", "options"})


def python(plan: Plan) -> dict[str, str]:
    """The files of the client, by path; py.typed tells type checkers that it has types."""
    methods = naming.Identifiers("Python", _METHODS)
    values = {
        "events": [_method(methods.of(naming.snake(entry.name), entry.name), entry) for entry in plan.events],
        "identify": _method("identify", plan.identify),
        "group": _method("group", plan.group),
        "has_deprecations": any(entry.deprecation for entry in plan.events),
        "has_choices": any(_has_choice(field.type) for entry in plan.entries for field in entry.fields),
    }
    package = "python/product_analytics"
    return {
        f"{package}/__init__.py": render("python/product_analytics.py.jinja", values),
        f"{package}/py.typed": "",
    }


def type_of(kind: Type) -> str:
    """The type of a value, as an annotation."""
    if kind.kind == "choice":
        return f"Literal[{', '.join(quoted(choice) for choice in kind.choices)}]"
    if kind.item is not None:
        return f"Sequence[{type_of(kind.item)}]"
    return _TYPES[kind.kind]


def _method(name: str, entry: Entry) -> dict[str, object]:
    parameters = naming.Identifiers(f"the Python of {entry.name}", _PARAMETERS)
    fields = [
        {"field": field, "name": parameters.of(naming.snake(field.name), field.name), "declared": _declared(field)}
        for field in (*entry.required, *entry.optional)
    ]
    return {"name": name, "entry": entry, "fields": fields}


def _declared(field: Field) -> str:
    return type_of(field.type) if field.is_required else f"{type_of(field.type)} | None = None"


def _has_choice(kind: Type) -> bool:
    return kind.kind == "choice" or (kind.item is not None and _has_choice(kind.item))
