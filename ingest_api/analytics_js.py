"""Serves analytics.js in the place of Segment's CDN, from the files of its npm package.

Pages that have Segment's snippet then change its host and nothing else. The files are those of `dist/umd` in
`@segment/analytics-next`: `standalone.js` is what the snippet loads, the bundles are what that loads on demand.
"""

import gzip
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from analytics_platform.settings import ConfigurationError
from ingest_api.answers import CORS

SCRIPT = "standalone.js"
SCRIPT_PATH = "/analytics.js/v1/{key}/analytics.min.js"
BUNDLE_PATH = "/analytics-next/bundles/{name}"
HEADERS = CORS | {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
FOR_MINUTES = {"Cache-Control": "public, max-age=300"}  # a new version is with everybody soon
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}  # a bundle's name has the hash of its content


class AnalyticsJs:
    """The files, plain and compressed, read once: no path of a client reaches the disk."""

    def __init__(self, folder: Path) -> None:
        """`folder` is `dist/umd` of the package. Raises ConfigurationError when it has no such files."""
        try:
            plain = {path.name: path.read_bytes() for path in (folder / SCRIPT, *sorted(folder.glob("*.bundle.*.js")))}
        except OSError as error:
            raise ConfigurationError(
                f"ANALYTICS_JS: {folder / SCRIPT} cannot be read ({type(error).__name__}); "
                "give the folder dist/umd of the npm package @segment/analytics-next"
            ) from None
        self._files = {name: (content, gzip.compress(content, mtime=0)) for name, content in plain.items()}

    def routes(self) -> list[Route]:
        """Where Segment's CDN has them."""
        return [Route(SCRIPT_PATH, self._script), Route(BUNDLE_PATH, self._bundle)]

    async def _script(self, request: Request) -> Response:
        """The script of every source: it finds the key in its own address, and asks for the settings with it."""
        return self._answer(request, SCRIPT, FOR_MINUTES)

    async def _bundle(self, request: Request) -> Response:
        return self._answer(request, request.path_params["name"], FOR_EVER)

    def _answer(self, request: Request, name: str, kept: dict[str, str]) -> Response:
        if name not in self._files:
            raise HTTPException(404)
        plain, compressed = self._files[name]
        headers = HEADERS | kept
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(plain, media_type="text/javascript", headers=headers)
        return Response(compressed, media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"})
