"""Answers with the page of the tracking plan."""

from event_registry.catalog.page import policy, render
from event_registry.registry import Registry
from ingest_api.page import Page


class Catalog(Page):
    """The page of a plan.

    It never has volumes: anybody may see it who reaches the API, and how much is sent is the business's own.
    """

    PATH = "/catalog"

    def __init__(self, plan: Registry) -> None:
        """Render the page."""
        super().__init__(render(plan), "text/html", policy())
