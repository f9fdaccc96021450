"""Answers with a page that is rendered once."""

import gzip
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response


class Page:
    """A page, plain and compressed; whoever asks costs a copy of it and no more."""

    def __init__(self, content: str, media_type: str, policy: str) -> None:
        """`policy` is the Content-Security-Policy under which the page works."""
        self._plain = content.encode()
        self._compressed = gzip.compress(self._plain, mtime=0)
        self._media_type = media_type
        self._tag = f'"{sha256(self._plain).hexdigest()[:32]}"'
        self._headers = {
            "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex",
            "Cache-Control": "no-cache",  # a new one is seen at once; the tag saves the rest
            "ETag": self._tag,
            "Vary": "Accept-Encoding",
        }

    async def answer(self, request: Request) -> Response:
        """The page, or 304 to whoever has it already."""
        if request.headers.get("if-none-match", "").removeprefix("W/") == self._tag:
            return Response(status_code=304, headers=self._headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self._plain, media_type=self._media_type, headers=self._headers)
        headers = {**self._headers, "Content-Encoding": "gzip"}
        return Response(self._compressed, media_type=self._media_type, headers=headers)
