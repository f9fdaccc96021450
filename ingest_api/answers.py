"""Builds the JSON answers, which every SDK has to understand."""

import random
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Literal

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ingest_api.intake import Intake, Note

MOST_NOTES = 100  # of one list; without a bound the answer to a bad batch is larger than the batch

# On every answer, errors too: without the first a browser SDK takes any answer for a network error and
# sends again; without the second it cannot see how long to wait.
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}

WHOLE = "ingest.whole_answer"
"""The ASGI extension of our server for an answer that is there as a whole: its `send` takes the status, the headers
and the body, and says whether it has sent them."""


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


JSON_HEADERS = _encoded(CORS | {"Content-Type": "application/json"})


class Answer(Response):
    """A JSON answer; it skips what Starlette's Response does, which costs as much as validating an event."""

    code: str | None = None  # why nothing of the request was taken; None when something was
    request_id: str = ""  # of an answer with a code
    events: int | None = None  # that were looked at before nothing was taken

    def __init__(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        """`headers` are those besides the ones that every answer has."""
        self.status_code = status
        self.body = msgspec.json.encode(body)
        self.background = None
        self.raw_headers = [*JSON_HEADERS, (b"content-length", b"%d" % len(self.body))]
        if headers:
            self.raw_headers += _encoded(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; as a whole, if the server takes answers so."""
        whole = scope.get("extensions", {}).get(WHOLE)
        if whole is None or not whole["send"](self.status_code, self.raw_headers, self.body):
            await super().__call__(scope, receive, send)


class _Taken(msgspec.Struct, kw_only=True, omit_defaults=True, rename={"message_id": "messageId"}):
    """What became of the calls of a request; a list that is not empty comes with its whole length, and may be cut."""

    success: Literal[True]
    accepted: int
    duplicates: list[Note] = []
    duplicates_count: int = 0
    message_id: str | None = None
    quarantined: list[Note] = []
    quarantined_count: int = 0
    rejected: list[Note] = []
    rejected_count: int = 0
    warnings: list[Note] = []
    warnings_count: int = 0
    request_id: str


def taken(status: int, intake: Intake, stored: Sequence[bool], *, is_single: bool) -> Answer:
    """The answer to a request whose calls were judged one by one; a single call is answered with its messageId.

    An event that was known already counts as accepted, and is named as a duplicate, too.
    """
    request_id = new_request_id()
    body = _Taken(
        success=True,
        accepted=len(intake.entries) - len(intake.quarantined),
        message_id=intake.entries[0].message_id if is_single and intake.entries else None,
        request_id=request_id,
        **_notes(
            duplicates=[] if all(stored) else _duplicates(intake, stored),
            quarantined=intake.quarantined,
            rejected=intake.rejected,
            warnings=intake.warnings,
        ),
    )
    answer = Answer(status, body)
    if not intake.entries and intake.rejected:
        answer.code, answer.request_id = intake.rejected[0].problems[0].code, request_id
        answer.events = len(intake.rejected)
    return answer


def nothing_valid(status: int, intake: Intake, code: str) -> Answer:
    """The answer to a request of which nothing is valid."""
    problems = intake.rejected[0].problems
    stop = "" if problems[0].message.endswith("?") else "."
    message = f"Nothing in this request is valid: {problems[0].path}: {problems[0].message}{stop}"
    answer = error(status, code, message, problems=problems, **_notes(rejected=intake.rejected))
    answer.events = len(intake.rejected)
    return answer


def error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **details: object) -> Answer:
    """An error that all SDKs read: `code` and `message` at the top for RudderStack's, `error` for Ruby's."""
    request_id = str(details.pop("request_id", None) or new_request_id())
    said = {"code": code, "message": message, "request_id": request_id}
    answer = Answer(status, {"success": False, **said, "error": said, **details}, headers)
    answer.code, answer.request_id = code, request_id
    return answer


def healthy(status: str) -> Answer:
    """The answer of a health check that has found nothing wrong."""
    return Answer(200, {"status": status})


def unready(code: str, message: str) -> Answer:
    """The answer of a health check that has found something wrong."""
    return error(503, code, message, {"Retry-After": "5"})


def preflight(requested_headers: str | None) -> Response:
    """What a browser asks before it posts from another origin; names are echoed since `*` leaves out Authorization."""
    headers = {
        **CORS,
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": requested_headers or "*",
        "Access-Control-Max-Age": "86400",  # seconds
        "Vary": "Access-Control-Request-Headers",
    }
    return Response(status_code=204, headers=headers)


def new_request_id() -> str:
    """A name by which a caller can ask about an answer."""
    return random.getrandbits(128).to_bytes(16).hex()  # no secret, and the kernel's randomness costs a system call


def _duplicates(intake: Intake, stored: Sequence[bool]) -> list[Note]:
    """The events that were in the log already; what goes to quarantine is named there."""
    rejected = {note.index for note in intake.rejected}
    places = (index for index in count() if index not in rejected)  # in the request, of each entry
    return [
        Note(index, entry.message_id)
        for entry, new, index in zip(intake.entries, stored, places, strict=False)
        if not new and entry.problems is None
    ]


def _notes(**lists: list[Note]) -> dict[str, Any]:
    """The lists that are not empty, each with its whole length and cut to the first notes."""
    body: dict[str, list[Note] | int] = {}
    for name, notes in lists.items():
        if notes:
            body |= {name: notes[:MOST_NOTES], f"{name}_count": len(notes)}
    return body
