"""`analytics backup` and `analytics restore`."""

import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from analytics_platform.commands.installation import end, settings

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The backup's folder.")]


def backup(folder: Folder) -> None:
    """Copy the installation into a new folder, while everything runs."""
    from analytics_platform.backup.manifest import BackupError
    from analytics_platform.backup.taking import take

    try:
        taken = take(settings(), folder.absolute(), datetime.now(UTC))
    except BackupError as error:
        end(str(error))
    size = sum((folder / name).stat().st_size for name in taken.files)
    typer.echo(f"{folder}: {len(taken.files)} files, {size / 1e6:,.1f} MB, as of {taken.taken_at}")
    if os.environ.get("ANALYTICS_HASH_KEY"):
        typer.echo("ANALYTICS_HASH_KEY is not in it: keep the key where your other keys are")


def restore(folder: Folder) -> None:
    """Put a backup into an installation in which nothing has happened yet, and which does not run."""
    from analytics_platform.backup.manifest import BackupError
    from analytics_platform.backup.restoring import restore as put_back
    from analytics_platform.staging import open_staging
    from analytics_platform.supervisor.checks import claimed
    from analytics_platform.supervisor.data_folder import prepare
    from analytics_platform.supervisor.parts import environment_of_parts

    found = settings()
    try:
        with claimed(found.data_dir):
            restored = put_back(
                found, folder.absolute(), lambda: prepare(found, environment_of_parts(os.environ, found, 0))
            )
            with closing(open_staging(found.queue)) as staging:
                names = [each.name for each in found.destinations]
                staging.register(names)
                waiting = {name: staging.counts(name).pending for name in names}
    except BackupError as error:
        end(str(error))
    typer.echo(f"Restored what was there at {restored.taken_at}. Waiting: {_listed(waiting)}.")
    typer.echo(
        "What was delivered since then is sent again, with the same deduplication keys; "
        "what was accepted since then is not in it, unless its senders send it again."
    )


def _listed(waiting: dict[str, int]) -> str:
    return ", ".join(f"{count} for {name}" for name, count in waiting.items())
