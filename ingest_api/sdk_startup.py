"""Answers what SDKs ask before they send anything: where to, and whether.

Without an answer these SDKs send nothing at all; with another's answer they send elsewhere.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from analytics_platform.settings import Source
from ingest_api.answers import Answer
from ingest_api.enrichment import iso
from ingest_api.head import Head
from ingest_api.refusal import Refusal

SEGMENT_PATH = "/v1/projects/{key}/settings"
RUDDERSTACK_PATH = "/sourceConfig"

# A page asks each time that it is loaded. Only the browser may keep the answer: it names the host that was asked for.
KEPT = {"Cache-Control": "private, max-age=300"}


class Startup:
    """The start-up endpoints; they know the host by which clients reach us, and who may ask."""

    def __init__(
        self,
        source_of: Callable[[Head, str | None], Source],
        clock: Callable[[], float],
        public_url: str | None,
    ) -> None:
        """`source_of` gives the source of a request, by this key if there is one; it raises Refusal.

        `public_url` is where clients reach the API; None: where the request says that it went.
        """
        self._source_of = source_of
        self._clock = clock
        self._public_url = public_url

    def routes(self) -> list[Route]:
        """Each path with and without a slash at its end, never by a redirect."""
        endpoints = {SEGMENT_PATH: self.segment_settings, RUDDERSTACK_PATH: self.rudderstack_config}
        return [Route(path + slash, endpoint) for path, endpoint in endpoints.items() for slash in ("", "/")]

    async def segment_settings(self, request: Request) -> Response:
        """What analytics.js, and Segment's SDKs for phones, fetch from the CDN.

        `apiKey` is what the events are sent with, and without `apiHost` they go to the vendor. The SDK's metrics of
        itself are switched off.
        """
        head = Head(request.scope)
        key = request.path_params["key"]
        self._source_of(head, key)
        protocol, host = self._where(head)
        segment = {"apiKey": key, "apiHost": f"{host}/v1", "protocol": protocol}
        return Answer(200, {"integrations": {"Segment.io": segment}, "metrics": {"sampleRate": 0}}, KEPT)

    async def rudderstack_config(self, request: Request) -> Response:
        """What RudderStack's SDKs ask the control plane; all destinations are on our side.

        The HEAD of RudderStack's browser SDK only probes for an ad blocker, and brings no key.
        """
        if request.method == "HEAD":
            return Answer(200, {})
        source = self._source_of(Head(request.scope), None)
        silent = {"errors": {"enabled": False}, "metrics": {"enabled": False}}  # which would go to the vendor
        said = {
            "id": source.name,
            "name": source.name,
            "enabled": True,
            "updatedAt": iso(self._clock()),
            "config": {"statsCollection": silent},
            "destinations": [],
        }
        return Answer(200, {"source": said}, KEPT)

    def _where(self, head: Head) -> tuple[str, str]:
        """The scheme, and the host with its path, by which the client reaches us.

        `X-Forwarded-Proto` is believed from anybody: who forges it misleads nobody but the page that forges.
        """
        if self._public_url:
            url = urlsplit(self._public_url)
            return url.scheme, f"{url.netloc}{url.path}".rstrip("/")
        if not (host := head.get("host")):
            raise Refusal("bad_host", "Say in the Host header where this request goes.")
        forwarded = (head.get("x-forwarded-proto") or "").rpartition(",")[2].strip().lower()
        return ("https" if forwarded == "https" else "http"), host
