"""Describes the API in OpenAPI 3.1, made of the same tables that it runs on."""

from collections.abc import Iterable, Mapping
from typing import Any

from ingest_api.answers import CORS
from ingest_api.errors import status_of
from ingest_api.limits import Limits
from ingest_api.openapi.codes import REFUSALS
from ingest_api.openapi.schemas import Schema, ref, schemas

Operation = dict[str, Any]

ABOUT = """\
Takes analytics calls. What is accepted is on disk before the answer leaves.

The write key comes as the user of Basic authentication, as a Bearer token, or as `writeKey` in the body or the query.
On `/api/analytics/*` a session of your own application may stand in its place.

Send again after 408, 429, 503 and no answer at all, with the same `messageId`: that never stores a call twice. Anything
else will not be better the next time.

Every path for calls is there with and without a slash at its end, and answers a preflight; any page may read every
answer.
"""
MEDIA_TYPES = ("application/json", "text/plain")
WORDS = {
    400: "The request cannot be read, or nothing in it is valid",
    401: "Nobody is known by this key or session",
    403: "Known, but not allowed",
    404: "There is nothing",
    405: "The path does not take this method",
    408: "Too slow",
    413: "Too large",
    414: "The address is too long",
    415: "Not JSON, or not in gzip",
    429: "Too many requests",
    431: "The headers are too large",
    503: "Not now: nothing was taken",
}
OF_CALLS = (400, 401, 403, 408, 413, 414, 415, 429, 431, 503)
OF_BODIES = (400, 408, 413, 414, 415, 429, 431, 503)
OF_QUESTIONS = (400, 401, 403, 414, 429, 431)
WITH_RETRY_AFTER = (429, 503)
KEYS: list[dict[str, list[str]]] = [{"basic": []}, {"bearer": []}, {"query": []}, {}]


def document(
    own: Mapping[str, str], sdk: Mapping[str, str], pixels: Mapping[str, str], limits: Limits, version: str
) -> dict[str, Any]:
    """The whole document; `own`, `sdk` and `pixels` have the type of the calls that each path takes."""
    paths: dict[str, dict[str, Operation]] = {}
    for path, kind in own.items():
        paths[path] = {"post": _calls(path, kind, "your own code", 202)}
    for path, kind in sdk.items():
        paths[path] = {"post": _calls(path, kind, "SDKs", 200)}
    for path, kind in pixels.items():
        paths[path] = {"get": _pixel(kind)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Analytics ingest API", "version": version, "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths | _around_sdks() | _around_the_process(),
        "components": {
            "schemas": schemas(limits),
            "responses": {str(status): _refusal(status) for status in WORDS},
            "headers": _headers(),
            "securitySchemes": _security(),
        },
    }


def _calls(path: str, kind: str, whom: str, status: int) -> Operation:
    bodies = {media_type: {"schema": ref(kind.capitalize())} for media_type in MEDIA_TYPES}
    what = "calls of any type" if kind == "batch" else f"one {kind} call"
    note = "" if status == 202 else " The Content-Type is not looked at, and gzip is recognised without being named."  # noqa: PLR2004
    partly = {
        202: "What is not under `rejected` is on disk.",
        200: "What is not under `rejected` is on disk; that may be everything, since SDKs would send a 400 again.",
    }[status]
    return {
        "tags": [f"Calls from {whom}"],
        "operationId": _name(path),
        "summary": f"Takes {what}",
        "description": f"JSON in UTF-8, plain or in gzip.{note}",
        "security": KEYS,
        "requestBody": {"required": True, "content": bodies},
        "responses": {str(status): _json(partly, ref("Taken")), **_refusals(OF_CALLS)},
    }


def _pixel(kind: str) -> Operation:
    image = {
        "description": "An image, whatever became of the call",
        "content": {"image/gif": {"schema": {"type": "string", "format": "binary"}}},
        "headers": {
            "Access-Control-Allow-Origin": _common_headers()["Access-Control-Allow-Origin"],
            "Analytics-Outcome": {
                "description": "accepted, duplicate, quarantined, or the code of what is wrong.",
                "required": True,
                "schema": {"type": "string", "pattern": "^[a-zA-Z_]+$"},
            },
        },
    }
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    parameters = [
        {"name": "data", "in": "query", "description": "The call as JSON in base64.", "schema": {"type": "string"}},
        {
            "name": "fields",
            "in": "query",
            "description": "Or its fields: `userId=u1&properties.report_id=r1`.",
            "style": "form",
            "explode": True,
            "schema": texts,
        },
    ]
    return {
        "tags": ["Calls from mails and images"],
        "summary": f"Takes one {kind} call from the address of an image",
        "security": [{"query": []}, {}],
        "parameters": parameters,
        "responses": {"200": image, **_refusals((400, 414, 431))},
    }


def _around_sdks() -> dict[str, dict[str, Operation]]:
    """What SDKs ask before they send, and what they send besides calls."""
    answer = {"type": "object"}
    script = {"description": "The file", "content": {"text/javascript": {"schema": {"type": "string"}}}}
    files = {"200": script, **_refusals((400, 404, 414, 431))}
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    key = {"name": "key", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    tags = ["What SDKs ask"]
    return {
        "/v1/projects/{key}/settings": {
            "get": {
                "tags": tags,
                "summary": "What Segment's SDKs ask before they send: where to",
                "parameters": [key | {"description": "The write key."}],
                "responses": {"200": _json("Where to send", answer), **_refusals((*OF_QUESTIONS, 404))},
            }
        },
        "/sourceConfig": {
            "get": {
                "tags": tags,
                "summary": "What RudderStack's SDKs ask before they send",
                "security": KEYS,
                "responses": {"200": _json("The source, without any destination", answer), **_refusals(OF_QUESTIONS)},
            }
        },
        "/analytics.js/v1/{key}/analytics.min.js": {
            "get": {
                "tags": tags,
                "summary": "analytics.js for Segment's snippet, where `ANALYTICS_JS` is set",
                "parameters": [key | {"description": "The write key."}],
                "responses": files,
            }
        },
        "/analytics-next/bundles/{name}": {
            "get": {
                "tags": tags,
                "summary": "What analytics.js loads on demand, where `ANALYTICS_JS` is set",
                "parameters": [name],
                "responses": files,
            }
        },
        "/v1/m": {
            "post": {
                "tags": tags,
                "summary": "Takes the metrics that SDKs keep of themselves, and forgets them",
                "requestBody": {"required": True, "content": {each: {"schema": {}} for each in MEDIA_TYPES}},
                "responses": {"200": _json("Forgotten", {"type": "object"}), **_refusals(OF_BODIES)},
            }
        },
    }


def _around_the_process() -> dict[str, dict[str, Operation]]:
    def page(summary: str, media_type: str) -> dict[str, Operation]:
        answers = {"200": {"description": "Here it is", "content": {media_type: {"schema": {}}}}}
        not_modified = {"304": {"description": "It is as `If-None-Match` says"}}
        responses = answers | not_modified | _refusals((400, 414, 431))
        return {"get": {"tags": ["Pages"], "summary": summary, "responses": responses}}

    def health(summary: str, status: str, statuses: Iterable[int]) -> dict[str, Operation]:
        body = {"type": "object", "required": ["status"], "properties": {"status": {"const": status}}}
        return {
            "get": {
                "tags": ["Health"],
                "summary": summary,
                "responses": {"200": _json("Yes", body), **_refusals(statuses)},
            }
        }

    return {
        "/health/live": health("Does the process answer?", "live", (400, 414, 431)),
        "/health/ready": health("Are events taken, and is there room for more?", "ready", (400, 414, 431, 503)),
        "/openapi.json": page("This document", "application/json"),
        "/docs": page("This document, for people", "text/html"),
        "/catalog": page("The tracking plan: all events with their properties, unless it is switched off", "text/html"),
    }


def _json(description: str, schema: Schema) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": schema}},
        "headers": _common_headers(),
    }


def _common_headers() -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in CORS}


def _refusals(statuses: Iterable[int]) -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}


def _refusal(status: int) -> dict[str, Any]:
    """The answer with this status, and the codes that it may have."""
    codes = [code for code in REFUSALS if status_of(code) == status]
    listed = ", ".join(f"`{code}`" for code in codes)
    answer = _json(f"{WORDS[status]}: {listed}." if listed else f"{WORDS[status]}.", ref("Error"))
    if status in WITH_RETRY_AFTER:
        seconds = {"type": "integer", "minimum": 1}
        retry_after = {"description": "Seconds to wait.", "required": True, "schema": seconds}
        answer["headers"] = {**answer["headers"], "Retry-After": retry_after}
    return answer


def _headers() -> dict[str, Any]:
    return {
        name: {"required": True, "description": "For pages of other origins.", "schema": {"const": value}}
        for name, value in CORS.items()
    }


def _security() -> dict[str, Any]:
    return {
        "basic": {"type": "http", "scheme": "basic", "description": "The write key as user, no password."},
        "bearer": {"type": "http", "scheme": "bearer", "description": "The write key, or the token of a session."},
        "query": {"type": "apiKey", "in": "query", "name": "writeKey", "description": "The write key."},
    }


def _name(path: str) -> str:
    return path.strip("/").replace("/", "_").replace(".", "_")
