"""`analytics quarantine`: what was kept aside because it breaks the plan, and its way back."""

import json
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from analytics_platform.commands import installation
from analytics_platform.commands.since import HELP, since

if TYPE_CHECKING:
    from analytics_platform.quarantine import Plan, Release
    from analytics_platform.settings import Settings
    from analytics_platform.staging.aside import Aside, Quarantined

app = typer.Typer(no_args_is_help=True, help="What was kept aside because it breaks the plan, and its way back.")

Event = Annotated[str | None, typer.Option(help="Only this event; of calls without one, their type.")]
Source = Annotated[str | None, typer.Option(help="Only of this source.")]
Since = Annotated[str | None, typer.Option(help=HELP)]
Limit = Annotated[int, typer.Option(help="How many to show.", min=1)]
Ids = Annotated[list[int] | None, typer.Argument(help="Only these, by their ids in the list; else all that match.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would become of them.")]


@app.command("list")
def list_(event: Event = None, source: Source = None, since: Since = None, limit: Limit = 20) -> None:
    """Show the calls in quarantine, the oldest first, each with its first problem."""
    wanted = _wanted(event, source, since)
    with installation.staging(installation.settings()) as staging:
        calls = staging.quarantined(wanted, 0, limit)
        count = staging.count_quarantined(wanted)
    for call in calls:
        typer.echo(_line(call))
    typer.echo(f"{count} in quarantine" + (f", {len(calls)} of them shown" if len(calls) < count else ""))


@app.command()
def show(id: Annotated[int, typer.Argument(help="As in the list.")]) -> None:  # noqa: A002 - what the usage calls it
    """Print one call with all its problems, as JSON."""
    from analytics_platform.staging.aside import Aside

    with installation.staging(installation.settings()) as staging:
        calls = staging.quarantined(Aside(ids=[id]), 0, 1)
    if not calls:
        installation.end(f"{id} is not in quarantine: it was released, or never there")
    shown = {
        "id": calls[0].id,
        "source": calls[0].source,
        "problems": json.loads(calls[0].problems),
        "call": json.loads(calls[0].payload),
    }
    typer.echo(json.dumps(shown, indent=2))


@app.command()
def release(
    ids: Ids = None, event: Event = None, source: Source = None, since: Since = None, *, dry_run: DryRun = False
) -> None:
    """Move calls that keep the plan by now into the log, with their ids and times; the others stay and are counted."""
    from analytics_platform import quarantine
    from analytics_platform.settings.hash_key import hash_key
    from analytics_platform.staging.suppression import SuppressionList

    settings = installation.settings()
    plan = _plan(settings)
    with installation.staging(settings) as staging:
        suppressed = SuppressionList(staging, hash_key(os.environ, settings.data_dir))
        wanted = _wanted(event, source, since, ids or None)
        found = quarantine.release(staging, wanted, plan, suppressed.among, is_dry_run=dry_run)
    _report(found, "would be released" if dry_run else "released")
    if ids and (absent := len({*ids}) - found.asked_for):
        typer.echo(f"{absent} of these ids: not in quarantine, or not among what was asked for")


def _wanted(event: str | None, source: str | None, text: str | None, ids: list[int] | None = None) -> "Aside":
    from analytics_platform.staging.aside import Aside

    return Aside(event, source, since(text, time.time()), ids)


def _line(call: "Quarantined") -> str:
    from analytics_platform.quarantine import event_name

    problems = json.loads(call.problems)
    received = datetime.fromtimestamp(call.received_at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    name = event_name(json.loads(call.payload))
    return installation.printable(
        f"{call.id}  {received}  {call.source}  {name}  {problems[0]['path']}: {problems[0]['message']}{more}"
    )


def _report(found: "Release", done: str) -> None:
    typer.echo(f"{found.released} {done}")
    if found.duplicates:
        typer.echo(f"{found.duplicates} were in the log already, sent again by their sender: gone from quarantine")
    if found.suppressed:
        typer.echo(f"{found.suppressed} stay: they are of people on the suppression list")
    if found.refused:
        typer.echo(f"{found.refused.total()} stay: they still break the plan")
    for (event, problem), count in found.refused.most_common():
        typer.echo(installation.printable(f"  {count}  {event}  {problem}"))


def _plan(settings: "Settings") -> "Plan":
    """What calls are held to; raises DefinitionError and ConfigurationError."""
    from analytics_platform.quarantine import Plan
    from analytics_platform.settings.hash_key import hash_key
    from event_registry.registry import default

    modes = {source.name: source for source in settings.sources}
    return Plan(default(), modes, hash_key(os.environ, settings.data_dir))
