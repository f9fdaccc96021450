"""The ingest API: its accepted status is a promise that the events are on disk."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from analytics_platform.settings import Source
from analytics_platform.staging.base import StagingError, StagingFull
from event_registry.registry import Registry
from ingest_api import answers
from ingest_api.answers import Answer
from ingest_api.batch import open_batch
from ingest_api.body import read_json
from ingest_api.enrichment import Facts
from ingest_api.head import Head
from ingest_api.intake import sort_calls
from ingest_api.limits import Limits
from ingest_api.paths import Paths
from ingest_api.rate_limit import RateLimit
from ingest_api.refusal import Refusal
from ingest_api.sources import Sources
from ingest_api.writer import Overloaded, Writer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """What differs between our own paths and those that SDKs post to."""

    accepted: int  # status; five SDKs send a batch again on anything but 200
    is_for_sdks: bool  # then nothing valid is no error, which some SDKs would send again for ever


OWN = Door(accepted=202, is_for_sdks=False)
SDK = Door(accepted=200, is_for_sdks=True)

SDK_PATHS = {
    "/v1/batch": "batch",
    "/v1/b": "batch",
    "/v1/import": "batch",
    "/v1/t": "track",
    "/v1/track": "track",
    "/v1/i": "identify",
    "/v1/identify": "identify",
    "/v1/g": "group",
    "/v1/group": "group",
    "/v1/p": "page",
    "/v1/page": "page",
    "/v1/s": "screen",
    "/v1/screen": "screen",
    "/v1/a": "alias",
    "/v1/alias": "alias",
}
OWN_PATHS = {
    f"/api/analytics/{kind}": kind for kind in ("batch", "track", "identify", "group", "page", "screen", "alias")
}

# Why a request is refused, as a status; the code of a problem inside a call, where nothing is valid, is 400.
STATUS = {
    "duplicate_authorization": 400,
    "missing_write_key": 401,
    "invalid_write_key": 401,
    "bad_credentials": 401,
    "request_timeout": 408,
    "body_too_large": 413,
    "event_too_large": 413,
    "too_many_events": 413,
    "unsupported_media_type": 415,
    "unsupported_charset": 415,
    "unsupported_encoding": 415,
    "rate_limited": 429,
}
BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Api:
    """What every request needs."""

    registry: Registry
    sources: Sources
    rate_limit: RateLimit
    writer: Writer
    clock: Callable[[], float]
    limits: Limits


def create_app(  # noqa: PLR0913 - the parts that an API is made of, each of which a test may replace
    *,
    registry: Registry,
    sources: Iterable[Source],
    writer: Writer,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    limits: Limits | None = None,
) -> Starlette:
    """The whole API; its lifespan starts the writer, and at the end drains and closes it.

    `clock` gives seconds since the epoch, `monotonic` seconds that never go back.
    """
    api = Api(registry, Sources(sources), RateLimit(monotonic), writer, clock, limits or Limits())
    app = Starlette(
        routes=[
            Paths(
                {path: Calls(api, SDK, kind) for path, kind in SDK_PATHS.items()}
                | {path: Calls(api, OWN, kind) for path, kind in OWN_PATHS.items()}
            ),
            Route("/health/live", live),
            Route("/health/ready", partial(ready, api)),
            *(Route(path, preflight, methods=["OPTIONS"]) for path in _spellings([*SDK_PATHS, *OWN_PATHS])),
        ],
        exception_handlers={
            Refusal: refused,
            Overloaded: partial(unavailable, "overloaded", 1),
            StagingFull: partial(unavailable, "storage_full", 30),
            StagingError: partial(unavailable, "storage_unavailable", 5),
            HTTPException: not_served,
            Exception: internal_error,
        },
        lifespan=partial(lifespan, writer),
    )
    app.router.redirect_slashes = False  # SDKs follow a redirected POST with a GET, and the events are lost
    return app


@dataclass(frozen=True, slots=True)
class Calls:
    """The endpoint of one path: an ASGI application, since Starlette's Request and Response cost more than the work."""

    api: Api
    door: Door
    kind: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; raises what `create_app` has handlers for."""
        answer = await take_calls(self.api, self.door, self.kind, Head(scope), receive)
        await answer.send(send)


async def take_calls(api: Api, door: Door, kind: str, head: Head, receive: Receive) -> Answer:
    """One POST: who is it, what is in it, is it valid, what do we add, write it, answer."""
    api.writer.check_room()
    source = api.sources.of_header(head)
    if source:
        api.rate_limit.take(source)
    document = await read_json(head, receive, api.limits, is_sdk_path=door.is_for_sdks)
    if not source:
        source = api.sources.of_document(document, head)
        api.rate_limit.take(source)
    batch = open_batch(document, kind, api.limits)
    facts = Facts(api.clock(), head.peer, head.get("user-agent"), batch.sent_at)
    intake = sort_calls(batch, source, api.registry, facts, api.limits.event_bytes)
    if not intake.entries and not door.is_for_sdks:
        code = intake.rejected[0].problems[0].code
        return answers.nothing_valid(STATUS.get(code, BAD_REQUEST), intake, code)
    stored = await api.writer.append(intake.entries) if intake.entries else []
    return answers.taken(door.accepted, intake, stored, is_single=batch.kind is not None)


async def live(_request: Request) -> Response:
    """The process answers."""
    return answers.healthy("live")


async def ready(api: Api, _request: Request) -> Response:
    """Events are taken: the writer has just had the store take a write."""
    await api.writer.check()
    return answers.healthy("ready")


async def preflight(request: Request) -> Response:
    """A browser on another origin asks whether it may post."""
    return answers.preflight(request.headers.get("access-control-request-headers"))


async def refused(_request: Request, error: Exception) -> Response:
    """The request is the caller's to mend."""
    refusal = cast("Refusal", error)
    status = STATUS.get(refusal.code, BAD_REQUEST)
    return answers.error(status, refusal.code, refusal.message, headers=refusal.headers)


async def unavailable(code: str, retry_after: int, _request: Request, _error: Exception) -> Response:
    """Nothing was taken, and the same request will do later; `retry_after` is in seconds."""
    message = f"Nothing of this request was promised: send it again, with the same messageId, in {retry_after} s."
    return answers.error(503, code, message, headers={"Retry-After": str(retry_after)})


async def not_served(_request: Request, error: Exception) -> Response:
    """The path or the method is none of ours."""
    headers = cast("HTTPException", error).headers
    if headers and "Allow" in headers:
        return answers.error(405, "method_not_allowed", f"This path takes {headers['Allow']}.", headers)
    return answers.error(404, "not_found", "Post events to /api/analytics/batch, or to /v1/batch with an SDK.")


async def internal_error(_request: Request, error: Exception) -> Response:
    """A bug of ours; the log names the request, the answer says nothing about the inside."""
    request_id = answers.new_request_id()
    logger.error("request %s failed: %s", request_id, type(error).__name__)
    return answers.error(500, "internal", "An error of ours; nothing was promised.", request_id=request_id)


@asynccontextmanager
async def lifespan(writer: Writer, _app: Starlette) -> AsyncIterator[None]:
    """Events are taken from the start of the writer until it has written what still waits."""
    writer.start()
    yield
    await run_in_threadpool(writer.close)


def _spellings(paths: Iterable[str]) -> list[str]:
    """Each path without and with a slash at its end."""
    return [path + slash for path in paths for slash in ("", "/")]

