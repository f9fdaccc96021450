"""`analytics replay`: deliver dead letters once more, in runs of Dagster's."""

from typing import Annotated
from uuid import uuid4

import typer

from analytics_platform.commands.dead_letters import (
    Destination,
    DryRun,
    Event,
    Ids,
    Reason,
    Since,
    Until,
    User,
    doubt_name,
    show_counts,
    wanted,
)
from analytics_platform.commands.installation import end, settings, staging

Rate = Annotated[float, typer.Option(help="Requests a second, at the most; 0 is what the destination may have.", min=0)]


def replay(  # noqa: PLR0913, PLR0917  each is an option
    ids: Ids = None,
    destination: Destination = None,
    event: Event = None,
    user: User = None,
    reason: Reason = None,
    since: Since = None,
    until: Until = None,
    rate: Rate = 5.0,
    *,
    dry_run: DryRun = False,
) -> None:
    """Deliver dead letters once more: all that match, in one run for each destination."""
    from dataclasses import replace

    from analytics_platform.launching import LaunchError, launch_replay

    found = settings()
    dead = wanted(destination, event, user, reason, since, until, ids or None)
    with staging(found) as store:
        counts = store.count_dead_letters(dead)
        show_counts(counts)
        doubt_name(found, destination, sum(counts.values()))
        if dry_run:
            return
        for name in sorted({name for name, _ in counts}):
            selection = str(uuid4())
            count = store.select_letters(replace(dead, destination=name), selection)
            try:
                run_id = launch_replay(f"http://127.0.0.1:{found.dagster_port}", name, selection, rate)
            except LaunchError as error:
                end(f"{error}. Nothing was sent")
            typer.echo(f"{name}: {count} are replayed by the run {run_id}")
