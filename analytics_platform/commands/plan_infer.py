"""Drafts definitions of events that were sent and are not planned."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analytics_platform.commands import installation
from analytics_platform.commands import since as moments

if TYPE_CHECKING:
    from event_registry.defining import NameConvention

Out = Annotated[Path | None, typer.Argument(help="The file to write, which may not be there yet; else it is printed.")]
Since = Annotated[str | None, typer.Option(help=moments.HELP)]


def infer(out: Out = None, *, since: Since = None) -> None:
    """Draft a definition for each event in the log and in quarantine that the plan does not know."""
    from analytics_platform.history import unplanned
    from event_registry.drafting import draft, faults
    from event_registry.registry import default

    plan = default()
    with installation.staging(installation.settings()) as staging:
        seen = unplanned(staging, moments.since(since, time.time()), plan)
    if not seen.events:
        typer.echo("no event was seen that the plan does not know", err=True)
        return
    convention = _convention()
    refused = faults(seen, plan, convention)
    if len(refused) == len(seen.events):
        typer.echo("none of the events that the plan does not know can be drafted, so nothing is written:", err=True)
        for name, fault in sorted(refused.items()):
            typer.echo(f"  {installation.printable(name)}: {fault}", err=True)
        return
    text = draft(seen, plan, convention)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        installation.end(f"{out} cannot be written ({type(error).__name__})")
    remarks = f"; without a class, remarks at the end say why: {len(refused)}" if refused else ""
    typer.echo(f"events that the plan does not know: {len(seen.events)}, see {out}{remarks}")


def _convention() -> "NameConvention":
    """How the events of the plan are named."""
    from event_registry import events
    from event_registry.defining import OBJECT_ACTION

    return getattr(events, "NAMES", OBJECT_ACTION)
