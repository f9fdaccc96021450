"""`analytics snapshot`: looks at snapshots, and takes one now."""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from analytics_platform.snapshots.declaration import Declaration
    from analytics_platform.snapshots.findings import Finding
    from analytics_platform.snapshots.taking import Occasion

app = typer.Typer(no_args_is_help=True, help="Look at snapshots, and take one now.")

SHOWN_CALLS = 3


@app.command("list")
def list_() -> None:
    """Show each snapshot with its schedule and owner, and what is wrong with one that cannot be read."""
    from analytics_platform.settings import load
    from analytics_platform.snapshots.declaration import read_all
    from event_registry import registry

    good, faults = read_all(load(os.environ, Path.cwd()).snapshots, registry.default())
    for each in good:
        typer.echo(f"ok   {each.name}: {each.call}(), {each.cron} {each.timezone}, {each.partitions}, {each.owner}")
    for name, fault in faults.items():
        typer.echo(f"BAD  {name}: {fault}")
    if faults:
        raise typer.Exit(1)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="The snapshot.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the first calls; send and remember nothing.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Send every entity again.")] = False,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Send although a number has changed more than is tolerated.")
    ] = False,
    partition: Annotated[
        str | None, typer.Option(help="A day or an hour, as Dagster names it; else the latest.")
    ] = None,
) -> None:
    """Read a snapshot now and send what has changed, by the same path as the schedule; Dagster does not hear of it."""
    from analytics_platform.settings import ConfigurationError
    from analytics_platform.snapshots.database import DatabaseError
    from analytics_platform.snapshots.taking import PartitionError
    from analytics_platform.staging.base import StagingError

    os.umask(0o077)  # the data folder is nobody else's business on this machine
    try:
        occasion = _occasion(name, partition, is_full=full)
        if dry_run:
            _rehearse(occasion, accept_changes=accept_changes)
        else:
            _take(occasion, accept_changes=accept_changes)
    except (DatabaseError, PartitionError, StagingError) as error:
        raise ConfigurationError(f"{name}: {error}") from None


def _occasion(name: str, partition: str | None, *, is_full: bool) -> "Occasion":
    from analytics_platform.partitions import key_at, period_of
    from analytics_platform.settings import ConfigurationError, load
    from analytics_platform.snapshots.installed import occasion_of

    settings, now = load(os.environ, Path.cwd()), time.time()
    declaration = _declaration(settings.snapshots, name)
    key = partition or key_at(declaration, datetime.fromtimestamp(now, UTC))
    if key is None:
        raise ConfigurationError(f"{name} begins on {declaration.start}: no partition of it can be taken yet")
    return occasion_of(declaration, period_of(declaration, key), os.environ, settings, now, is_full=is_full)


def _declaration(folder: Path, name: str) -> "Declaration":
    from analytics_platform.settings import ConfigurationError
    from analytics_platform.snapshots.declaration import names, read
    from event_registry import registry

    if name not in (known := names(folder)):
        raise ConfigurationError(f"{name} is none of the snapshots in {folder}: {', '.join(known) or 'there are none'}")
    return read(folder, name, registry.default())


def _rehearse(occasion: "Occasion", *, accept_changes: bool) -> None:
    from analytics_platform.settings import load
    from analytics_platform.snapshots.findings import stopped
    from analytics_platform.snapshots.installed import rehearse

    found, calls = rehearse(occasion, load(os.environ, Path.cwd()), SHOWN_CALLS)
    typer.echo(json.dumps(calls, indent=2, ensure_ascii=False))
    against = stopped(found.findings, accept_changes=accept_changes)
    waiting = found.changed + found.farewells
    what = "nothing would be sent" if against else f"{waiting} call(s) would be sent, the first {len(calls)} are above"
    typer.echo(f"{occasion.period.key}: {found.rows} row(s) read, {found.changed} changed; {what}", err=True)
    _complain(occasion, against)


def _take(occasion: "Occasion", *, accept_changes: bool) -> None:
    from analytics_platform.settings import load
    from analytics_platform.snapshots.installed import take_now

    outcome = take_now(occasion, load(os.environ, Path.cwd()), accept_changes=accept_changes)
    found = outcome.reading
    typer.echo(
        f"{occasion.period.key}: {found.rows} row(s) read, {found.changed} changed, {found.farewells} gone, "
        f"{outcome.sent} call(s) sent"
    )
    _complain(occasion, outcome.stopped)


def _complain(occasion: "Occasion", stopped: "list[Finding]") -> None:
    """Say why nothing is sent, and end the command with 1."""
    from analytics_platform.snapshot_metadata import sentence

    if stopped:
        typer.echo(f"analytics: {sentence(occasion.declaration, stopped)}", err=True)
        raise typer.Exit(1)
