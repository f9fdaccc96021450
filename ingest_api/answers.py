"""Builds the JSON answers, which every SDK has to understand."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from ingest_api.intake import Intake, Note

MOST_NOTES = 100  # of one list; without a bound the answer to a bad batch is larger than the batch

# On every answer, errors too: without the first a browser SDK takes any answer for a network error and
# sends again; without the second it cannot see how long to wait.
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


JSON_HEADERS = _encoded(CORS | {"Content-Type": "application/json"})


class Answer(Response):
    """A JSON answer; it skips what Starlette's Response does, which costs as much as validating an event."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        """`headers` are those besides the ones that every answer has."""
        self.status_code = status
        self.body = msgspec.json.encode(body)
        self.background = None
        self.raw_headers = [*JSON_HEADERS, (b"content-length", str(len(self.body)).encode())]
        if headers:
            self.raw_headers += _encoded(headers)


def taken(status: int, intake: Intake, stored: Sequence[bool], *, is_single: bool) -> Answer:
    """The answer to a request whose calls were judged one by one; a single call is answered with its messageId.

    An event that was known already counts as accepted, and again as a duplicate.
    """
    body: dict[str, Any] = {"success": True, "accepted": len(intake.entries) - len(intake.quarantined)}
    if not all(stored) and (known := _known(intake, stored)):
        body["duplicates"] = known
    if is_single and intake.entries:
        body["messageId"] = intake.entries[0].message_id
    return Answer(status, {**body, **_notes(intake), "request_id": new_request_id()})


def nothing_valid(status: int, intake: Intake, code: str) -> Answer:
    """The answer to a request of which nothing is valid."""
    problems = intake.rejected[0].problems
    stop = "" if problems[0].message.endswith("?") else "."
    message = f"Nothing in this request is valid: {problems[0].path}: {problems[0].message}{stop}"
    return Answer(status, _error(code, message, {"problems": problems, **_notes(intake)}))


def error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **details: object) -> Answer:
    """An error that all SDKs read: `code` and `message` at the top for RudderStack's, `error` for Ruby's."""
    return Answer(status, _error(code, message, details), headers)


def _error(code: str, message: str, details: dict[str, Any]) -> dict[str, Any]:
    said = {"code": code, "message": message, "request_id": details.pop("request_id", None) or new_request_id()}
    return {"success": False, **said, "error": said, **details}


def healthy(status: str) -> Answer:
    """The answer of a health check that has found nothing wrong."""
    return Answer(200, {"status": status})


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
    return f"{random.getrandbits(128):032x}"  # no secret, and the kernel's randomness costs a system call


def _known(intake: Intake, stored: Sequence[bool]) -> int:
    """How many events were in the log already; what goes to quarantine is counted there."""
    return sum(not new for new, entry in zip(stored, intake.entries, strict=True) if entry.problems is None)


def _notes(intake: Intake) -> dict[str, Any]:
    """The lists that are not empty, each with its whole length and cut to the first notes."""
    body: dict[str, list[Note] | int] = {}
    for name, notes in (
        ("quarantined", intake.quarantined),
        ("rejected", intake.rejected),
        ("warnings", intake.warnings),
    ):
        if notes:
            body |= {name: notes[:MOST_NOTES], f"{name}_count": len(notes)}
    return body
