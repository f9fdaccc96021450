"""Says how each error is answered: every type that a step may raise stands here once."""

import logging

from starlette.exceptions import HTTPException

from analytics_platform.staging.base import StagingError, StagingFull
from ingest_api import answers
from ingest_api.answers import Answer
from ingest_api.refusal import Refusal
from ingest_api.writer import Overloaded

logger = logging.getLogger(__name__)

# Why a request is refused, as a status; the code of a problem inside a call, where nothing is valid, is 400.
STATUS = {
    "duplicate_authorization": 400,
    "missing_write_key": 401,
    "invalid_write_key": 401,
    "bad_credentials": 401,
    "invalid_session": 401,
    "source_disabled": 403,
    "origin_not_allowed": 403,
    "not_allowed_for_key": 403,
    "wrong_user": 403,
    "request_timeout": 408,
    "body_too_large": 413,
    "event_too_large": 413,
    "too_many_events": 413,
    "uri_too_long": 414,
    "unsupported_media_type": 415,
    "unsupported_charset": 415,
    "unsupported_encoding": 415,
    "not_found": 404,
    "method_not_allowed": 405,
    "rate_limited": 429,
    "headers_too_large": 431,
    "overloaded": 503,
    "shutting_down": 503,
    "session_keys_unavailable": 503,
    "storage_full": 503,
    "storage_low": 503,
    "storage_unavailable": 503,
    "internal": 500,
}
BAD_REQUEST = 400


def status_of(code: str) -> int:
    """The status of a refusal, or of a call's problem where nothing else is in the request."""
    return STATUS.get(code, BAD_REQUEST)


def answer_to(error: Exception) -> Answer:
    """The answer to a request that ended with this error."""
    match error:
        case Refusal():
            return answers.error(status_of(error.code), error.code, error.message, headers=error.headers)
        case Overloaded():
            return _unavailable("overloaded", 1)
        case StagingFull():
            return _unavailable("storage_full", 30)
        case StagingError():
            return _unavailable("storage_unavailable", 5)
        case HTTPException():
            return _not_served(error)
        case _:
            return _internal_error(error)


def _unavailable(code: str, retry_after: int) -> Answer:
    """Nothing was taken, and the same request will do later; `retry_after` is in seconds."""
    message = f"Nothing of this request was promised: send it again, with the same messageId, in {retry_after} s."
    return answers.error(503, code, message, headers={"Retry-After": str(retry_after)})


def _not_served(error: HTTPException) -> Answer:
    """The path or the method is none of ours."""
    if error.headers and "Allow" in error.headers:
        return answers.error(405, "method_not_allowed", f"This path takes {error.headers['Allow']}.", error.headers)
    return answers.error(404, "not_found", "Post events to /api/analytics/batch, or to /v1/batch with an SDK.")


def _internal_error(error: Exception) -> Answer:
    """A bug of ours; the log names the request, the answer says nothing about the inside."""
    request_id = answers.new_request_id()
    logger.error("request %s failed: %s", request_id, type(error).__name__)
    return answers.error(500, "internal", "An error of ours; nothing was promised.", request_id=request_id)
