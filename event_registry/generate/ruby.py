"""The typed client for Ruby, one file of the standard library alone."""

from collections.abc import Mapping

from event_registry.fields import Field, Kind, Type, number
from event_registry.generate import naming
from event_registry.generate.plan import Entry, Plan
from event_registry.generate.rendering import render
from event_registry.generate.text import ruby_quoted

_TYPES: Mapping[Kind, str] = {
    "string": "STRING",
    "integer": "INTEGER",
    "number": "NUMBER",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
}
_CLASSES = naming.vocabulary(
    "ArgumentError Array Client ConditionVariable Float Integer IOError JSON Mutex Net OpenSSL Outcome Process "
    "SecureRandom SocketError String Struct SystemCallError Thread Time Timeout Type URI"
)
_KEYWORDS = naming.vocabulary(
    "alias and begin break case class def defined do else elsif end ensure false for if in module next nil not or "
    "redo rescue retry return self super then true undef unless until when while yield"
)


def ruby(plan: Plan) -> dict[str, str]:
    """The files of the client, by path."""
    classes = naming.Identifiers("Ruby", _CLASSES)
    values = {
        "events": [_class(classes.of(naming.pascal(entry.name), entry.name), entry) for entry in plan.events],
        "identify": _class(classes.of("IdentifyTraits", "identify"), plan.identify),
        "group": _class(classes.of("GroupTraits", "group"), plan.group),
    }
    return {"ruby/product_analytics.rb": render("ruby/product_analytics.rb.jinja", values)}


def type_of(kind: Type) -> str:
    """The type that a value is checked against."""
    if kind.kind == "choice":
        return f"ProductAnalytics.one_of({', '.join(ruby_quoted(choice) for choice in kind.choices)})"
    if kind.item is not None:
        return f"ProductAnalytics.list_of({type_of(kind.item)})"
    if kind.minimum is not None:
        return f"ProductAnalytics.at_least({number(kind.minimum)}, {_TYPES[kind.kind]})"
    return _TYPES[kind.kind]


def _class(name: str, entry: Entry) -> dict[str, object]:
    parameters = naming.Identifiers(f"the Ruby of {entry.name}", _KEYWORDS)
    fields = [_parameter(parameters, field) for field in (*entry.required, *entry.optional)]
    return {"type": name, "entry": entry, "fields": fields}


def _parameter(parameters: naming.Identifiers, field: Field) -> dict[str, object]:
    name = parameters.of(naming.snake(field.name), field.name)
    return {
        "field": field,
        "name": name,
        "declared": f"{name}:" if field.is_required else f"{name}: nil",
        "type": type_of(field.type),
    }
