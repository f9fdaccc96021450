"""Answers with the description of the API, for machines and for people."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.routing import Route

from ingest_api.openapi.page import policy, render
from ingest_api.page import Page


class Docs:
    """The OpenAPI document, and the page that is made of it; neither loads anything, so both work offline."""

    DOCUMENT_PATH = "/openapi.json"
    PAGE_PATH = "/docs"

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Render both."""
        self._document = Page(msgspec.json.encode(document).decode(), "application/json", "default-src 'none'")
        self._page = Page(render(document), "text/html", policy())

    def routes(self) -> list[Route]:
        """Where they are."""
        return [Route(self.DOCUMENT_PATH, self._document.answer), Route(self.PAGE_PATH, self._page.answer)]
