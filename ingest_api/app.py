"""The ingest API: its accepted status is a promise that the events are on disk."""

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from time import perf_counter
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from analytics_platform.settings import Source
from analytics_platform.settings.privacy import PrivacySettings
from analytics_platform.staging.base import StagingError
from event_registry.registry import Registry
from ingest_api import answers, pixel, sdk_metrics
from ingest_api.analytics_js import AnalyticsJs
from ingest_api.answers import Answer
from ingest_api.batch import open_batch
from ingest_api.body import read_json
from ingest_api.catalog import Catalog
from ingest_api.client_address import client_address
from ingest_api.counters import Counters
from ingest_api.docs import Docs
from ingest_api.enrichment import Facts
from ingest_api.errors import answer_to, status_of
from ingest_api.geoip import GeoIp
from ingest_api.head import Head
from ingest_api.intake import sort_calls
from ingest_api.limits import Limits
from ingest_api.openapi.document import document
from ingest_api.origins import check_origin
from ingest_api.paths import Paths
from ingest_api.rate_limit import RateLimit
from ingest_api.refusal import Refusal
from ingest_api.refusals import Refusals
from ingest_api.room import Room
from ingest_api.sdk_startup import RUDDERSTACK_PATH, Startup
from ingest_api.sources import Sources
from ingest_api.validation import Rules
from ingest_api.writer import Overloaded, Writer

if TYPE_CHECKING:  # with JWT and HTTP libraries, which only those pay for who have sessions
    from ingest_api.session import Sessions


@dataclass(frozen=True, slots=True)
class Door:
    """What differs between our own paths and those that SDKs post to."""

    name: str  # of its paths as a group
    accepted: int  # status; five SDKs send a batch again on anything but 200
    is_for_sdks: bool  # then nothing valid is no error, which some SDKs would send again for ever


OWN = Door("own", accepted=202, is_for_sdks=False)
SDK = Door("sdk", accepted=200, is_for_sdks=True)
PIXEL = Door("pixel", accepted=200, is_for_sdks=True)

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
    "/beacon/v1/batch": "batch",
}
PIXEL_PATHS = {f"{path}/{kind}": kind for path in ("/v1/pixel", "/pixel/v1") for kind in pixel.KINDS}
OF_SDKS = ("/v1/projects/", "/analytics.js/", "/analytics-next/")  # what else they ask for, counted as one
OWN_PATHS = {
    f"/api/analytics/{kind}": kind for kind in ("batch", "track", "identify", "group", "page", "screen", "alias")
}


def described(limits: Limits | None = None) -> dict[str, Any]:
    """The API in OpenAPI."""
    return document(OWN_PATHS, SDK_PATHS, PIXEL_PATHS, limits or Limits(), metadata.version("analytics-platform"))


@dataclass(frozen=True, slots=True)
class Api:
    """What every request needs."""

    rules: Rules
    sources: Sources
    rate_limit: RateLimit
    writer: Writer
    room: Room
    clock: Callable[[], float]
    limits: Limits
    privacy: PrivacySettings
    geoip: GeoIp | None
    sessions: "Sessions | None"
    counters: Counters
    refusals: Refusals


def create_app(  # noqa: PLR0913 - the parts that an API is made of, each of which a test may replace
    *,
    registry: Registry,
    hash_key: bytes,
    sources: Sources,
    writer: Writer,
    room: Room,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    limits: Limits | None = None,
    privacy: PrivacySettings | None = None,
    geoip: GeoIp | None = None,
    catalog: Catalog | None = None,
    analytics_js: AnalyticsJs | None = None,
    docs: Docs | None = None,
    sessions: "Sessions | None" = None,
    address_rate: float = 0,
    public_url: str | None = None,
    counters: Counters | None = None,
    refusals: Refusals | None = None,
) -> Starlette:
    """The whole API; its lifespan starts the writer, and at the end drains and closes it.

    `clock` gives seconds since the epoch, `monotonic` seconds that never go back; `hash_key` is the installation's;
    `address_rate` is how many requests a second one address may send, 0 is off; `public_url` is where clients reach
    the API, if that is not where their requests say.
    """
    limits = limits or Limits()
    privacy = privacy or PrivacySettings()
    counters = counters or Counters()
    refusals = refusals or Refusals(counters, privacy, clock, monotonic)
    api = Api(
        Rules(registry, limits.event_bytes, hash_key),
        sources,
        RateLimit(monotonic, address_rate),
        writer,
        room,
        clock,
        limits,
        privacy,
        geoip,
        sessions,
        counters,
        refusals,
    )
    paths = Paths(
        {path: Calls(api, SDK, kind) for path, kind in SDK_PATHS.items()}
        | {path: Calls(api, OWN, kind) for path, kind in OWN_PATHS.items()}
        | {
            sdk_metrics.PATH: sdk_metrics.SdkMetrics(
                api.limits, partial(counted_address, api), partial(refusals.of_request, "sdk-other")
            )
        }
    )
    for_sdks = (*SDK_PATHS, sdk_metrics.PATH, RUDDERSTACK_PATH)
    app = Ingest(
        paths,
        counters,
        routes=[
            paths,
            Route("/health/live", live),
            Route("/health/ready", partial(ready, api)),
            *Startup(partial(source_of, api), clock, public_url).routes(),
            *([Route(catalog.PATH, catalog.answer)] if catalog else []),
            *(analytics_js.routes() if analytics_js else []),
            *(docs.routes() if docs else []),
            *(
                Route(path + slash, pixel.Pixel(Calls(api, PIXEL, kind)), methods=["GET"])
                for path, kind in PIXEL_PATHS.items()
                for slash in ("", "/")
            ),
            *(Route(path, preflight, methods=["OPTIONS"]) for path in _spellings(for_sdks)),
            *(Route(path, partial(own_preflight, sessions), methods=["OPTIONS"]) for path in _spellings(OWN_PATHS)),
        ],
        exception_handlers=dict.fromkeys(
            (Refusal, Overloaded, StagingError, HTTPException, Exception), partial(failed, refusals)
        ),
        lifespan=partial(lifespan, writer, sessions),
    )
    app.router.redirect_slashes = False  # SDKs follow a redirected POST with a GET, and the events are lost
    return app


@dataclass(frozen=True, slots=True)
class Calls:
    """The endpoint of one path: an ASGI application, since Starlette's Request costs more than the work."""

    api: Api
    door: Door
    kind: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever comes."""
        started = perf_counter()
        head = Head(scope)
        try:
            answer = await take_calls(self.api, self.door, self.kind, head, receive)
        except Exception as error:  # noqa: BLE001 - the last handler is for bugs of ours
            answer = answer_to(error)
        if self.api.sessions and not self.door.is_for_sdks:
            self.api.sessions.show(answer, head.get("origin"))
        self.api.counters.answered(self.door.name, answer.status_code)
        self.api.counters.timed(self.door.name, perf_counter() - started)
        if answer.code is not None:
            self.api.refusals.of_request(self.door.name, head, answer)
        await answer(scope, receive, send)


class Ingest(Starlette):
    """Starlette, past which the calls take a short cut: its middleware costs each of them as much as its validation."""

    def __init__(self, paths: Paths, counters: Counters, **keywords: Any) -> None:
        """`paths` are among the routes, too, which answer other methods."""
        super().__init__(**keywords)
        self._paths = paths
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        endpoint = self._paths.endpoint(scope)
        if type(endpoint) is Calls:
            await endpoint(scope, receive, send)
        else:
            await (endpoint or super().__call__)({**scope, "extensions": {}}, receive, self._counting(scope, send))

    def _counting(self, scope: Scope, send: Send) -> Send:
        """Count what is no call by what is answered; `lifespan`, which is no request, has no status."""

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start" and (group := group_of(scope["path"], scope["method"])):
                self._counters.answered(group, message["status"])
            await send(message)

        return count


async def take_calls(api: Api, door: Door, kind: str, head: Head, receive: Receive) -> Answer:
    """One POST: who is it, what is in it, is it valid, what do we add, write it, answer."""
    api.room.check()
    api.writer.check_room()
    address = counted_address(api, head)
    session = await api.sessions.of(head) if api.sessions and not door.is_for_sdks else None
    source = api.sources.named(session.source) if session else api.sources.of_header(head, address)
    if source:
        head.source = source.name
        if source.origins and not session:  # which has said by itself where it may come from
            check_origin(source, head)
        api.rate_limit.take(source, address)
    document = await read_json(head, receive, api.limits, is_sdk_path=door.is_for_sdks)
    if not source:
        source = api.sources.of_document(document, head, address)
        check_origin(source, head)
        api.rate_limit.take(source, address)
    head.source = source.name
    batch = open_batch(document, kind, api.limits)
    agent = head.get("user-agent")
    facts = Facts(api.clock(), address, agent, batch.sent_at, source.name, source.kind, api.privacy, api.geoip)
    intake = sort_calls(batch, source, api.rules, facts, session)
    if not intake.entries and not door.is_for_sdks:
        api.counters.judged(source.name, intake, ())
        code = intake.rejected[0].problems[0].code
        return answers.nothing_valid(status_of(code), intake, code)
    stored = await api.writer.append(intake.entries) if intake.entries else []
    api.counters.judged(source.name, intake, stored)
    return answers.taken(door.accepted, intake, stored, is_single=batch.kind is not None)


def counted_address(api: Api, head: Head) -> str | None:
    """The address that a request comes from, with the request counted; raises Refusal."""
    address = client_address(head, api.privacy.trusted_proxies, api.privacy.address_header)
    api.rate_limit.take_of_address(address)
    return address


def source_of(api: Api, head: Head, key: str | None) -> Source:
    """The source of a request without calls, by this key or else by the one that it brings; raises Refusal."""
    address = counted_address(api, head)
    if key is not None:
        return api.sources.of_key(key, address)
    return api.sources.of_header(head, address) or api.sources.of_document(None, head, address)


async def live(_request: Request) -> Response:
    """The process answers."""
    return answers.healthy("live")


async def ready(api: Api, _request: Request) -> Response:
    """Events are taken, and will be for a while: there is room, and the store has just taken a write."""
    if api.room.shortage:
        return answers.unready("storage_low", f"Not ready: {api.room.shortage}.")
    await api.writer.check()
    return answers.healthy("ready")


async def preflight(request: Request) -> Response:
    """A browser on another origin asks whether it may post."""
    return answers.preflight(request.headers.get("access-control-request-headers"))


async def own_preflight(sessions: "Sessions | None", request: Request) -> Response:
    """The same on our own paths, where a page of ours may have a session in a cookie."""
    answer = await preflight(request)
    if sessions:
        sessions.show(answer, request.headers.get("origin"))
    return answer


async def failed(refusals: Refusals, request: Request, error: Exception) -> Response:
    """Starlette's way to the answer of an error."""
    answer = answer_to(error)
    refusals.of_request(group_of(request.url.path, request.method) or "other", Head(request.scope), answer)
    return answer


@asynccontextmanager
async def lifespan(writer: Writer, sessions: "Sessions | None", _app: Starlette) -> AsyncIterator[None]:
    """Events are taken from the start of the writer until it has written what still waits."""
    writer.start()
    if sessions:
        sessions.start()
    yield
    await run_in_threadpool(writer.close)


def group_of(path: str, method: str) -> str | None:
    """What the metrics count a request as that is no call: few words, none of them a client's.

    None for an image that is a call, which is counted as that.
    """
    path = path.rstrip("/")
    if method == "OPTIONS":
        return "preflight"
    if path in PIXEL_PATHS:
        return None if method == "GET" else "other"
    if path in (sdk_metrics.PATH, RUDDERSTACK_PATH) or path.startswith(OF_SDKS):
        return "sdk-other"
    if path.startswith("/health/"):
        return "health"
    if path.startswith(("/analytics.js/", "/analytics-next/")):
        return "sdk-other"
    return "pages" if path in (Catalog.PATH, Docs.PAGE_PATH, Docs.DOCUMENT_PATH) else "other"


def _spellings(paths: Iterable[str]) -> list[str]:
    """Each path without and with a slash at its end."""
    return [path + slash for path in paths for slash in ("", "/")]
