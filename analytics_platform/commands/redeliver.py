"""`analytics redeliver`: send a destination what was accepted before, once more."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from analytics_platform.commands.installation import destination_of, end, printable, settings, staging
from analytics_platform.commands.since import HELP, since

if TYPE_CHECKING:
    from analytics_platform.delivery.estimate import Estimate
    from analytics_platform.delivery.job import Job
    from analytics_platform.settings import Settings
    from analytics_platform.staging.base import Staging
    from analytics_platform.staging.streams import Part, Redelivery

MINUTE, HOUR = 60, 3600  # seconds

app = typer.Typer(
    invoke_without_command=True,
    help="Send a destination what was accepted before, once more; what it has confirmed, and what was discarded, too.",
)

Destination = Annotated[str | None, typer.Option(help="Where to send it.")]
Since = Annotated[str | None, typer.Option("--since", help=f"What was received then or later. {HELP}")]
Until = Annotated[str | None, typer.Option(help="What was received before that moment, written in the same way.")]
Event = Annotated[str | None, typer.Option(help="Only this event; of calls without one, their type.")]
Rate = Annotated[float, typer.Option(help="Requests a second, at the most; 0 is what the destination may have.", min=0)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Send nothing; say how much it is, and how long it takes.")]


@app.callback()
def redeliver(  # noqa: PLR0913, PLR0917  each is an option
    context: typer.Context,
    destination: Destination = None,
    since_: Since = None,
    until: Until = None,
    event: Event = None,
    rate: Rate = 5.0,
    *,
    dry_run: DryRun = False,
) -> None:
    """Send a destination what was accepted before, once more; what it has confirmed, and what was discarded, too.

    It goes out beside live delivery, which comes first. Runs of Dagster's do it while `analytics run` runs.
    """
    if context.invoked_subcommand:
        return
    if destination is None or since_ is None:
        raise typer.BadParameter("say to whom and from when on: --destination NAME --since 7d")
    found, now = settings(), time.time()
    destination_of(found, destination)
    span = since(since_, now), since(until, now)
    if span[0] is not None and span[1] is not None and span[1] <= span[0]:
        raise typer.BadParameter("--until is before --since: nothing is of that time")
    with staging(found) as store:
        _redeliver(found, store, destination, span, event, rate, dry_run=dry_run)


@app.command("list")
def list_(destination: Annotated[str | None, typer.Option(help="Only of this destination.")] = None) -> None:
    """Show the redeliveries, the oldest first, and how far each is."""
    with staging(settings()) as store:
        found = store.redeliveries(destination)
    for each in found:
        typer.echo(_line(each))
    if not found:
        typer.echo("none")


@app.command()
def cancel(name: Annotated[str, typer.Argument(help="As in the list.")]) -> None:
    """End a redelivery where it is: what it has not sent yet stays unsent."""
    with staging(settings()) as store:
        if not store.cancel_redelivery(name):
            end(f"{printable(name)} is no redelivery that goes on: `analytics redeliver list` has their names")
    typer.echo(f"{name} is cancelled; requests that are on their way arrive")


def _redeliver(  # noqa: PLR0913, PLR0917  the options
    found: "Settings",
    store: "Staging",
    destination: str,
    span: tuple[float | None, float | None],
    event: str | None,
    rate: float,
    *,
    dry_run: bool,
) -> None:
    from dataclasses import replace

    from analytics_platform.deliveries import job_of
    from analytics_platform.staging.streams import Part

    job = replace(job_of(found, destination), rate=rate)  # before anything is stored: it says what is wrong
    store.register([destination])
    seqs = store.span(destination, *span)
    pending = store.counts(destination).pending
    if pending:
        typer.echo(f"{pending} that {destination} is still to get are left to live delivery")
    if seqs is None:
        typer.echo(f"nothing to send: the log has nothing of that time that live delivery is done with{_reach(store)}")
        return
    part = Part(seqs[0] - 1, seqs[1], since=span[0], until=span[1], event=event)
    if dry_run:
        _show(_estimate(found, store, job, part), job)
        return
    begun = store.redeliver(destination, part, rate)
    typer.echo(
        f"{begun.stream} begins: what was accepted from {_moment_of(store, seqs[0])} to {_moment_of(store, seqs[1])} "
        f"goes to {destination} once more. `analytics redeliver list` shows how far it is, "
        f"`analytics redeliver cancel {begun.stream}` ends it"
    )


def _estimate(found: "Settings", store: "Staging", job: "Job", part: "Part") -> "Estimate":
    import os

    from analytics_platform.delivery.estimate import estimate
    from analytics_platform.settings.hash_key import hash_key
    from analytics_platform.staging.suppression import SuppressionList

    listed = SuppressionList(store, hash_key(os.environ, found.data_dir))
    return estimate(store, job, part, listed.among)


def _show(found: "Estimate", job: "Job") -> None:
    """Print what would be sent."""
    typer.echo(f"{found.sent} events would be sent to {job.name}, those that it has confirmed before as well")
    if found.first_at is not None and found.last_at is not None:
        typer.echo(f"  accepted from {_moment(found.first_at)} to {_moment(found.last_at)}")
    if found.kept:
        typer.echo(f"  {found.kept} more would not: routed elsewhere, without consent, or of a suppressed person")
    seconds = found.seconds(job)
    if seconds is None:
        typer.echo(f"  as fast as {job.name} takes them")
    else:
        typer.echo(f"  {_duration(seconds)} at {job.fastest:g} requests a second, or longer: live delivery goes first")


def _line(found: "Redelivery") -> str:
    state = "goes on" if found.ended_at is None else "finished"
    how_far = "cancelled" if found.is_cancelled else f"{state}  {found.progress:.0%}"
    part = found.part
    asked = [
        *([f"since {_moment(part.since)}"] if part.since is not None else []),
        *([f"until {_moment(part.until)}"] if part.until is not None else []),
        *([printable(part.event)] if part.event is not None else []),
    ]
    return (
        f"{found.stream}  {found.destination}  {how_far}  "
        f"{found.delivered} delivered, {found.skipped} not for it  ({', '.join(asked)})"
    )


def _reach(store: "Staging") -> str:
    """How far back the log goes."""
    oldest = store.logged(None, 0, 1)
    return f"; it goes back to {_moment(oldest[0].received_at)}" if oldest else ""


def _moment_of(store: "Staging", seq: int) -> str:
    """When an event was received; nothing but its number when it has just left the log."""
    found = store.logged(None, seq - 1, 1)
    return _moment(found[0].received_at) if found else f"place {seq}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _duration(seconds: float) -> str:
    """About how long that is, in words."""
    if round(seconds) == 0:
        return "less than 1 s"
    if seconds < 2 * MINUTE:
        return f"about {seconds:.0f} s"
    return f"about {seconds / MINUTE:.0f} min" if seconds < 2 * HOUR else f"about {seconds / HOUR:.1f} h"
