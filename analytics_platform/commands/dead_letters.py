"""`analytics dead-letters`: what destinations would not take, and giving it up."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from analytics_platform.commands.installation import end, printable, settings, staging
from analytics_platform.commands.since import HELP, since

if TYPE_CHECKING:
    from analytics_platform.settings import Settings
    from analytics_platform.staging.base import Dead, DeadLetter

app = typer.Typer(no_args_is_help=True, help="What destinations would not take.")

Destination = Annotated[str | None, typer.Option(help="Only of this destination.")]
Event = Annotated[str | None, typer.Option(help="Only this event; of calls without one, their type.")]
User = Annotated[str | None, typer.Option(help="Only of this userId or anonymousId.")]
Reason = Annotated[str | None, typer.Option(help="Only those whose reason has these words in it, such as 'HTTP 400'.")]
Since = Annotated[str | None, typer.Option(help=f"Buried then or later. {HELP}")]
Until = Annotated[str | None, typer.Option(help="Buried before that moment, written in the same way.")]
Limit = Annotated[int, typer.Option(help="How many to show.", min=1)]
Ids = Annotated[list[int] | None, typer.Argument(help="Only these, by their ids in the list; else all that match.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; say how many they are.")]


@app.command("list")
def list_(  # noqa: PLR0913, PLR0917  each is an option
    destination: Destination = None,
    event: Event = None,
    user: User = None,
    reason: Reason = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 20,
) -> None:
    """Show the open dead letters, the oldest first, and how many there are of each reason."""
    dead = wanted(destination, event, user, reason, since, until)
    found = settings()
    with staging(found) as store:
        letters, counts = store.dead_letters(dead, 0, limit), store.count_dead_letters(dead)
    for letter in letters:
        typer.echo(_line(letter))
    show_counts(counts)
    doubt_name(found, destination, sum(counts.values()))


@app.command()
def show(id: Annotated[int, typer.Argument(help="As in the list.")]) -> None:  # noqa: A002 - what the usage calls it
    """Print one dead letter with the call and the vendor's own words, as JSON."""
    with staging(settings()) as store:
        letters = store.dead_letters(wanted(ids=[id]), 0, 1)
    if not letters:
        end(f"{id} is no open dead letter: it was delivered or discarded, or never there")
    letter = letters[0]
    shown = {
        "id": letter.id,
        "destination": letter.destination,
        "reason": letter.reason,
        "answer": letter.answer,
        "buried": _moment(letter.buried_at),
        "run": letter.run_id,
        "source": letter.event.source,
        "call": json.loads(letter.event.payload),
    }
    typer.echo(json.dumps(shown, indent=2))


@app.command()
def discard(  # noqa: PLR0913, PLR0917  each is an option
    ids: Ids = None,
    destination: Destination = None,
    event: Event = None,
    user: User = None,
    reason: Reason = None,
    since: Since = None,
    until: Until = None,
    *,
    dry_run: DryRun = False,
) -> None:
    """Give dead letters up: no replay delivers them any more."""
    if not any((ids, destination, event, user, reason, since, until)):
        raise typer.BadParameter("say which: by id, or with an option; --since 1970-01-01 is all of them")
    dead = wanted(destination, event, user, reason, since, until, ids or None)
    found = settings()
    with staging(found) as store:
        if dry_run:
            counts = store.count_dead_letters(dead)
            show_counts(counts)
            count = sum(counts.values())
        else:
            count = store.discard_letters(dead)
            typer.echo(f"{count} discarded")
    doubt_name(found, destination, count)


def wanted(  # noqa: PLR0913, PLR0917  each is an option
    destination: str | None = None,
    event: str | None = None,
    user: str | None = None,
    reason: str | None = None,
    from_: str | None = None,
    to: str | None = None,
    ids: list[int] | None = None,
) -> "Dead":
    """The letters that the options name; ends the command when one is no moment."""
    from analytics_platform.staging.base import Dead

    now = time.time()
    return Dead(destination, event, user, reason, since(from_, now), since(to, now), ids=ids)


def show_counts(counts: Mapping[tuple[str, str], int]) -> None:
    """Print how many letters there are, of each destination and reason."""
    typer.echo(f"{sum(counts.values())} dead")
    for (destination, reason), count in sorted(counts.items(), key=lambda item: -item[1]):
        typer.echo(f"  {count}  {destination}  {reason}")


def doubt_name(settings: "Settings", destination: str | None, count: int) -> None:
    """Where nothing was found, say that the destination is none of the configured ones: it may be misspelt.

    One that was taken out of the configuration may still have letters.
    """
    known = [each.name for each in settings.destinations]
    if not count and destination is not None and destination not in known:
        typer.echo(f"{printable(destination)} is not one of the configured destinations: {', '.join(known)}", err=True)


def _line(letter: "DeadLetter") -> str:
    call = json.loads(letter.event.payload)
    name = call.get("event") or call.get("type")
    line = f"{letter.id}  {_moment(letter.buried_at)}  {letter.destination}  {name}  {letter.reason}"
    return "".join(char if char.isprintable() else "?" for char in line)  # a terminal obeys some characters


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
