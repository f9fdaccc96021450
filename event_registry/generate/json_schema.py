"""The plan as JSON Schema 2020-12, for whatever has no client of its own.

There is a document for the properties of each event, one for the traits of identify and of group, and
`plan.schema.json` for a whole call. A null counts as absent in all of them, as it does in the ingest API. What JSON
Schema cannot say is left to the API: that 3.0 is no integer, and that a timestamp is a date-time (`format` is a remark
by default).
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from event_registry.fields import PUBLIC, Field, Type, number
from event_registry.generate.naming import Identifiers
from event_registry.generate.plan import Entry, Plan
from event_registry.generate.rendering import NOTICE

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TYPES: Mapping[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time"},
}
_VALUES = {"track": "properties", "identify": "traits", "group": "traits"}


def json_schema(plan: Plan) -> dict[str, str]:
    """The documents, by path."""
    files = Identifiers("the file names of JSON Schema", ("plan", "identify", "group"))
    names = [files.of(re.sub(r"[^\w.-]", "_", event.name), event.name) for event in plan.events]
    values = [_document(_values(entry)) for entry in plan.entries]
    documents = dict(zip([*names, "identify", "group"], values, strict=True)) | {"plan": _document(_whole(plan))}
    return {f"json_schema/{name}.schema.json": text for name, text in documents.items()}


def _document(schema: Mapping[str, Any]) -> str:
    opening = {"$schema": DIALECT, "$comment": NOTICE}
    return json.dumps({**opening, **schema}, indent=2, ensure_ascii=False) + "\n"


def _values(entry: Entry) -> dict[str, Any]:
    """The properties of an event, which has no others; or the traits of a call, which may have, unless it is said."""
    return {
        "title": entry.name,
        "description": _description(entry),
        **({"deprecated": True} if entry.deprecation else {}),
        "type": "object",
        "properties": {
            field.name: {
                "description": field.description,
                **_privacy(field),
                **(_type(field.type) if field.is_required else _or_null(_type(field.type))),
            }
            for field in entry.fields
        },
        "required": [field.name for field in entry.required],
        "additionalProperties": True if entry.is_open else {"type": "null"},
        "examples": [dict(entry.example)],
    }


def _description(entry: Entry) -> str:
    deprecated = f" Deprecated. {entry.deprecation.sentence}" if entry.deprecation else ""
    return f"{entry.description}{deprecated} {entry.origin}"


def _privacy(field: Field) -> dict[str, str]:
    """Who may know a field, for programs: as a comment, because strict validators refuse keywords of our own."""
    return {} if field.privacy == PUBLIC else {"$comment": f"privacy: {field.privacy.level}"}


def _type(kind: Type) -> dict[str, Any]:
    if kind.kind == "choice":
        return {"enum": [*kind.choices]}
    if kind.item is not None:
        return {"type": "array", "items": _type(kind.item)}
    minimum = {} if kind.minimum is None else {"minimum": json.loads(number(kind.minimum))}
    return {**_TYPES[kind.kind], **minimum}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def _whole(plan: Plan) -> dict[str, Any]:
    """Any call: a track call must be of an event of the plan, and what a call carries must keep the plan."""
    return {
        "title": "The tracking plan",
        "description": "A call as it is sent, alone or in a batch.",
        "type": "object",
        "properties": {"type": {"enum": ["track", "identify", "group", "page", "screen", "alias"]}},
        "required": ["type"],
        "allOf": [
            _when({"type": "track"}, _planned(plan)),
            *(_when(_signs(entry), _carries(entry)) for entry in plan.entries),
        ],
        "$defs": {entry.name: _values(entry) for entry in plan.entries},
    }


def _planned(plan: Plan) -> dict[str, Any]:
    return {"properties": {"event": {"enum": [event.name for event in plan.events]}}, "required": ["event"]}


def _signs(entry: Entry) -> dict[str, str]:
    """By what a call is known to be this one."""
    return {"type": "track", "event": entry.name} if entry.call == "track" else {"type": entry.call}


def _when(signs: Mapping[str, str], then: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: {"const": value} for name, value in signs.items()}
    return {"if": {"properties": known, "required": [*known]}, "then": then}


def _carries(entry: Entry) -> dict[str, Any]:
    values = _VALUES[entry.call]
    reference = {"$ref": f"#/$defs/{entry.name}"}
    if not entry.required:
        return {"properties": {values: {"anyOf": [reference, {"type": "null"}]}}}
    return {"properties": {values: reference}, "required": [values]}
