"""The JSON schemas of what the API takes and of what it answers."""

from typing import Any

from event_registry.calls import (
    CALL_TYPES,
    MAX_DEPTH,
    MAX_EVENT_NAME_LENGTH,
    MAX_ID_LENGTH,
    MAX_KEY_LENGTH,
    MAX_KEYS,
    MAX_MESSAGE_ID_LENGTH,
)
from ingest_api.answers import MOST_NOTES
from ingest_api.limits import Limits
from ingest_api.openapi.codes import PROBLEMS, REFUSALS

Schema = dict[str, Any]

# What it cannot say: that February has no 30th, and that the moment must be in the years 1 to 9999 in UTC.
DATE_TIME = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?"
    r"(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?$"
)
REQUEST_ID: Schema = {
    "type": "string",
    "pattern": "^[0-9a-f]{32}$",
    "description": "A name for this answer; it stands in our log, too, when the request is refused.",
}


def ref(name: str) -> Schema:
    """A reference to one of the schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas(limits: Limits) -> dict[str, Schema]:
    """All of them, by name."""
    calls = {kind.capitalize(): _call(kind, limits) for kind in CALL_TYPES}
    return calls | {
        "Batch": _batch(limits),
        "Taken": _taken(),
        "Note": _note(),
        "Problem": _problem(),
        "Error": _error(),
    }


def _text(most: int, description: str) -> Schema:
    return {"type": ["string", "null"], "pattern": r"\S", "maxLength": most, "description": description}


def _id(description: str) -> Schema:
    kinds = ["string", "number", "null"]
    return {"type": kinds, "pattern": r"\S|^$", "maxLength": MAX_ID_LENGTH, "description": description}


def _object(description: str) -> Schema:
    return {"type": ["object", "null"], "description": description}


def _time(description: str) -> Schema:
    return {"type": ["string", "null"], "format": "date-time", "pattern": DATE_TIME, "description": description}


def _call(kind: str, limits: Limits) -> Schema:
    """One call as Segment's spec names its fields; what is null counts as absent."""
    properties = {
        "type": {"type": ["string", "null"], "const": kind, "description": "The path says it, too."},
        "userId": _id("Who is signed in. A number is taken as its text; an empty text counts as absent."),
        "anonymousId": _id("Who it is before that. The same."),
        "messageId": _text(
            MAX_MESSAGE_ID_LENGTH,
            "The call's own name: the same one from the same source is stored once. Without one the server makes it.",
        ),
        "timestamp": _time("When it happened; without an offset it is UTC. When it is missing: now."),
        "sentAt": _time("When it was sent, by the client's clock: how wrong that clock is corrects `timestamp`."),
        "context": _object("What is known of the circumstances; `ip` and `userAgent` are filled in."),
        "integrations": _object('Which destinations it goes to, as in Segment\'s spec: `{"All": false, "crm": true}`.'),
    }
    required: list[str] = []
    if kind == "track":
        name = {"type": "string", "pattern": r"\S", "maxLength": MAX_EVENT_NAME_LENGTH}
        properties |= {"event": name | {"description": "The event's name in the tracking plan."}}
        required = ["event"]
    if kind in ("track", "page", "screen"):
        properties["properties"] = _object("What is known of the event; the tracking plan has its properties.")
    if kind in ("identify", "group"):
        properties["traits"] = _object(f"What is known of the {'user' if kind == 'identify' else 'group'}.")
    if kind in ("page", "screen"):
        properties["name"] = {"description": "The name of the page."}
    id_text = {"type": ["string", "number"], "pattern": r"\S", "maxLength": MAX_ID_LENGTH}
    who: Schema = {"anyOf": [_has("userId", id_text), _has("anonymousId", id_text)]}
    if kind == "group":
        properties["groupId"], required = id_text | {"description": "The group that the user belongs to."}, ["groupId"]
    if kind == "alias":
        who = {}
        required = ["userId", "previousId"]
        properties["userId"] = id_text | {"description": "Who it is from now on."}
        properties["previousId"] = id_text | {"description": "Who it was before."}
    return {
        "type": "object",
        "description": (
            f"{'An' if kind[0] in 'ai' else 'A'} {kind} call. At most {limits.event_bytes} bytes as JSON, {MAX_DEPTH} "
            f"levels, {MAX_KEYS} keys in an object, {MAX_KEY_LENGTH} characters in a key; no NUL characters. "
            "Other fields are stored as they come."
        ),
        "properties": properties,
        "required": required,
        **who,
    }


def _has(name: str, schema: Schema) -> Schema:
    return {"required": [name], "properties": {name: schema}}


def _batch(limits: Limits) -> Schema:
    typed = [
        {"allOf": [ref(kind.capitalize()), {"required": ["type"], "properties": {"type": {"const": kind}}}]}
        for kind in CALL_TYPES
    ]
    return {
        "type": "object",
        "description": "Calls of any type, each judged by itself.",
        "required": ["batch"],
        "properties": {
            "batch": {"type": "array", "minItems": 1, "maxItems": limits.batch_events, "items": {"anyOf": typed}},
            "sentAt": {"description": "When the batch was sent, by the client's clock; what is no time is ignored."},
            "context": _object("Fills in the context of each call; what a call says itself wins."),
            "integrations": _object("The same for the integrations."),
        },
    }


def _notes(description: str) -> Schema:
    return {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST_NOTES,
        "items": ref("Note"),
        "description": f"{description} The first {MOST_NOTES}; all are counted beside it.",
    }


def _lists() -> dict[str, Schema]:
    """What is said of single calls; each list with how long it would be in full."""
    lists = {
        "quarantined": "Kept aside since they break the tracking plan: stored, but delivered only once it is mended.",
        "rejected": "Not stored: no use to send them again as they are.",
        "warnings": "Accepted although something is wrong with them.",
    }
    count = {"type": "integer", "minimum": 1}
    return {name: _notes(text) for name, text in lists.items()} | {f"{name}_count": count for name in lists}


def _taken() -> Schema:
    return {
        "type": "object",
        "description": "Everything that is not under `rejected` is on disk.",
        "required": ["success", "accepted", "request_id"],
        "additionalProperties": False,
        "properties": {
            "success": {"const": True},
            "accepted": {"type": "integer", "minimum": 0, "description": "Events in the log, duplicates among them."},
            "messageId": {"type": "string", "description": "Of a single call: its own, or the one it was given."},
            "duplicates": _notes("Their messageId is known, so they are not stored once more."),
            "duplicates_count": {"type": "integer", "minimum": 1},
            **_lists(),
            "request_id": REQUEST_ID,
        },
    }


def _note() -> Schema:
    return {
        "type": "object",
        "description": "A call of the request, and what is wrong with it, if anything is.",
        "required": ["index", "messageId"],
        "additionalProperties": False,
        "properties": {
            "index": {"type": "integer", "minimum": 0, "description": "The call's place in the batch."},
            "messageId": {"type": ["string", "null"]},
            "problems": {"type": "array", "minItems": 1, "items": ref("Problem")},
        },
    }


def _problem() -> Schema:
    return {
        "type": "object",
        "description": "One thing that is wrong with a call.",
        "required": ["path", "code", "message"],
        "additionalProperties": False,
        "properties": {
            "path": {"type": "string", "description": "Where, as JSONPath: `$.properties.report_id`."},
            "code": {"type": "string", "enum": sorted(PROBLEMS)},
            "message": {"type": "string", "description": "What was expected; never the value that was found."},
        },
    }


def _error() -> Schema:
    said: dict[str, Schema] = {
        "code": {"type": "string", "enum": sorted({*REFUSALS, *PROBLEMS})},
        "message": {"type": "string", "description": "What is wrong and what to do, for people."},
        "request_id": REQUEST_ID,
    }
    return {
        "type": "object",
        "description": "Nothing of the request was taken.",
        "required": ["success", *said, "error"],
        "additionalProperties": False,
        "properties": {
            "success": {"const": False},
            **said,
            "error": {
                "type": "object",
                "description": "The same once more, where some SDKs look for it.",
                "required": [*said],
                "additionalProperties": False,
                "properties": said,
            },
            "problems": {
                "type": "array",
                "items": ref("Problem"),
                "description": "Of the first call.",
            },
            **_lists(),
        },
    }
