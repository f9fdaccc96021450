"""Routes many fixed paths to one endpoint with one lookup, however many there are."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send


class Paths(BaseRoute):
    """The POST endpoints of many paths; Starlette's own routes are tried one after the other, a microsecond each."""

    def __init__(self, endpoints: Mapping[str, ASGIApp]) -> None:
        """Each path is served with and without a slash at its end, never by a redirect."""
        self._endpoints = {spelling: app for path, app in endpoints.items() for spelling in (path, path + "/")}

    def endpoint(self, scope: Scope) -> ASGIApp | None:
        """The endpoint that takes this request; None when none does."""
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        return self._endpoints.get(scope["path"]) if is_post else None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """See BaseRoute."""
        if scope["type"] != "http" or scope["path"] not in self._endpoints:
            return Match.NONE, {}
        return (Match.FULL if scope["method"] == "POST" else Match.PARTIAL), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Nothing here has a name."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See BaseRoute."""
        endpoint = self.endpoint(scope)
        if endpoint is None:
            raise HTTPException(405, headers={"Allow": "POST"})
        await endpoint(scope, receive, send)
