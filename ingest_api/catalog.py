"""Answers with the page of the tracking plan, which is rendered once."""

import gzip
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from event_registry.catalog.page import policy, render
from event_registry.registry import Registry


class Catalog:
    """The page, plain and compressed; whoever asks costs a copy of it and no more.

    It never has volumes: anybody may see it who reaches the API, and how much is sent is the business's own.
    """

    PATH = "/catalog"

    def __init__(self, plan: Registry) -> None:
        """Render the page."""
        self._plain = render(plan).encode()
        self._compressed = gzip.compress(self._plain, mtime=0)
        self._tag = f'"{sha256(self._plain).hexdigest()[:32]}"'
        self._headers = {
            "Content-Security-Policy": f"{policy()}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex",
            "Cache-Control": "no-cache",  # a new plan is seen at once; the tag saves the rest
            "ETag": self._tag,
            "Vary": "Accept-Encoding",
        }

    async def answer(self, request: Request) -> Response:
        """The page, or 304 to whoever has it already."""
        if request.headers.get("if-none-match", "").removeprefix("W/") == self._tag:
            return Response(status_code=304, headers=self._headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self._plain, media_type="text/html", headers=self._headers)
        headers = {**self._headers, "Content-Encoding": "gzip"}
        return Response(self._compressed, media_type="text/html", headers=headers)
