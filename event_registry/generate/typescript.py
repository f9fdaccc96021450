"""The typed client for browsers and Node, one file without dependencies."""

from collections.abc import Mapping

from event_registry.fields import Field, Kind, Type
from event_registry.generate import naming
from event_registry.generate.plan import Entry, Plan
from event_registry.generate.rendering import render
from event_registry.generate.text import quoted

_TYPES: Mapping[Kind, str] = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "timestamp": "Date | string",
}

# What the rest of the file is made of, besides the names of the language that no type may shadow.
_TYPE_NAMES = naming.vocabulary(
    "Analytics Answer Array Boolean CallOptions Client ClientOptions Date Delivery Error Identity JSON Math "
    "Number Object Outcome Place Promise Queue ReadonlyArray Record Required SegmentShaped Set Store String Uint8Array "
    "Waiting"
)
_MEMBERS = frozenset({"alias", "client", "constructor", "group", "identify", "page", "screen"})


def typescript(plan: Plan) -> dict[str, str]:
    """The files of the client, by path."""
    types = naming.Identifiers("TypeScript", _TYPE_NAMES)
    methods = naming.Identifiers("TypeScript", _MEMBERS)
    events = [
        {
            "entry": entry,
            "type": types.of(naming.pascal(entry.name), entry.name),
            "method": methods.of(naming.camel(entry.name), entry.name),
        }
        for entry in plan.events
    ]
    traits = [_traits(types, entry) for entry in (plan.identify, plan.group)]
    values = {"events": events, "identify": traits[0], "group": traits[1], "key": key, "type_of": type_of}
    return {"typescript/product_analytics.ts": render("typescript/product_analytics.ts.jinja", values)}


def key(field: Field) -> str:
    """The name of a property in a type, quoted where it is no identifier."""
    return field.name if field.name.isidentifier() and field.name.isascii() else quoted(field.name)


def type_of(kind: Type) -> str:
    """The type of a value."""
    if kind.kind == "choice":
        return " | ".join(quoted(choice) for choice in kind.choices)
    if kind.item is not None:
        return f"ReadonlyArray<{type_of(kind.item)}>"
    return _TYPES[kind.kind]


def _traits(types: naming.Identifiers, entry: Entry) -> dict[str, object]:
    return {"entry": entry, "type": types.of(f"{entry.call.capitalize()}Traits", entry.call)}
