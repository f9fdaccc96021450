"""Writes the catalog of the tracking plan."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analytics_platform.commands import installation
from analytics_platform.commands import since as moments

if TYPE_CHECKING:
    from event_registry.catalog.page import Volumes
    from event_registry.registry import Registry

Out = Annotated[Path, typer.Argument(help="The file to write.")]
Since = Annotated[str | None, typer.Option(help=f"Say how often each was sent. {moments.HELP}")]


def catalog(out: Out = Path("catalog.html"), *, since: Since = None) -> None:
    """Write the whole plan as one searchable page of HTML; with --since, also what the store has of each."""
    from event_registry.catalog.page import render
    from event_registry.registry import default

    plan = default()
    page = render(plan, _volumes(plan, since) if since else None)
    try:
        out.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        installation.end(f"{out} cannot be written ({type(error).__name__})")
    typer.echo(f"{len(plan.names)} events written to {out}")


def _volumes(plan: "Registry", text: str) -> "Volumes":
    from analytics_platform.history import volumes
    from event_registry.catalog.page import Volumes

    moment = moments.since(text, time.time()) or 0.0
    shown = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%MZ")
    with installation.staging(installation.settings()) as staging:
        return Volumes(shown, volumes(staging, moment, {(each.kind, each.name) for each in plan}))
