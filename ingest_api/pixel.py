"""Takes a call from the address of an image, for mails and pages that can load one and run nothing.

The forms are those of Segment's pixel API
(https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/pixel-tracking-api) and of
RudderStack's (https://www.rudderstack.com/docs/api/pixel-api): `?data=` with the call as JSON in base64, or a parameter
for each field, such as `properties.subject=Hello`. As there, the answer is always 200 and the image, since a mail would
show its reader a broken one; what has become of the call stands in the header `Analytics-Outcome`.
"""

import base64
import binascii
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest_api.answers import CORS
from ingest_api.head import Head

KINDS = ("track", "identify", "page", "screen", "group", "alias")
IMAGE = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # one transparent pixel
HEADERS = CORS | {
    "Access-Control-Expose-Headers": "Analytics-Outcome",
    "Cache-Control": "no-store",  # each time that it is shown is a call
    "Cross-Origin-Resource-Policy": "cross-origin",  # or pages that isolate themselves may not show it
    "X-Content-Type-Options": "nosniff",
}
DEEPEST = 8  # levels that a parameter's name makes; further dots belong to the last name
_STANDARD = str.maketrans("-_ ", "+/+")  # of base64 for addresses; a plus that is not escaped arrives as a space
_OF_THE_BODY = (b"content-length", b"content-type", b"content-encoding", b"transfer-encoding")


class Pixel:
    """The endpoint of one kind of call: it hands the call on as the POST that it stands for."""

    def __init__(self, calls: ASGIApp) -> None:
        """`calls` takes a POST of a call of this kind and answers in JSON."""
        self._calls = calls

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer with the image, whatever comes."""
        outcome = await self._outcome(scope) if scope["method"] == "GET" else "none"
        image = Response(IMAGE, 200, HEADERS | {"Analytics-Outcome": outcome}, media_type="image/gif")
        await image(scope, _receive, send)

    async def _outcome(self, scope: Scope) -> str:
        """What has become of the call: accepted, duplicate, quarantined, or the code of what is wrong."""
        body = call_in(Head(scope).query())
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [field for field in scope["headers"] if field[0] not in _OF_THE_BODY]
        await self._calls({**scope, "method": "POST", "headers": headers, "extensions": {}}, receive, send)
        answer = msgspec.json.decode(b"".join(message.get("body", b"") for message in sent))
        return _said(answer)


def call_in(query: dict[str, str]) -> bytes:
    """The call in the parameters of an address, as JSON; what is none is left to be refused as a body would be."""
    data = query.get("data")
    if data is None:
        return msgspec.json.encode(_nested(query))
    text = data.translate(_STANDARD).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return data.encode()


def _nested(query: dict[str, str]) -> dict[str, Any]:
    """The object that dotted names stand for; every value is a text."""
    call: dict[str, Any] = {}
    for name, value in query.items():
        *path, last = name.split(".", DEEPEST)
        inner = call
        for key in path:
            if not isinstance(inner.get(key), dict):
                inner[key] = {}
            inner = inner[key]
        inner[last] = value
    return call


def _said(answer: dict[str, Any]) -> str:
    """One word, or code, for an answer to one call."""
    if not answer["success"]:
        return str(answer["code"])
    if "rejected" in answer:
        return str(answer["rejected"][0]["problems"][0]["code"])
    return "quarantined" if "quarantined" in answer else "duplicate" if "duplicates" in answer else "accepted"
