"""What commands share that look into the installation: its settings, its store, one line when that fails."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from analytics_platform.settings import DestinationSettings, Settings
    from analytics_platform.staging.base import Staging


def settings() -> "Settings":
    """Those of the environment and the working folder; raises ConfigurationError."""
    from analytics_platform.settings import load

    os.umask(0o077)  # the data folder is nobody else's business on this machine
    return load(os.environ, Path.cwd())


def destination_of(settings: "Settings", name: str) -> "DestinationSettings":
    """The configured destination of this name; raises ConfigurationError with the names that there are."""
    from analytics_platform.settings import ConfigurationError

    known = {destination.name: destination for destination in settings.destinations}
    if name not in known:
        raise ConfigurationError(
            f"{printable(name)} is not one of the configured destinations: {', '.join(known)}; "
            "if it should be, give the command the variables and the folder that `analytics run` has"
        )
    return known[name]


@contextmanager
def staging(settings: "Settings") -> Iterator["Staging"]:
    """The staging store of this installation; what it cannot do ends the command with one line.

    Where there was none it is said: an empty store answers every question, and may stand in the wrong folder.
    """
    from analytics_platform.staging import SQLITE, open_staging
    from analytics_platform.staging.base import StagingError

    path = settings.queue.removeprefix(SQLITE)
    if settings.queue.startswith(SQLITE) and not Path(path).exists():
        typer.echo(
            f"there was no store, {path} is a new one: if the installation is elsewhere, "
            "give the command the folder and the variables that `analytics run` has",
            err=True,
        )
    try:
        with closing(open_staging(settings.shared_queue)) as opened:
            yield opened
    except StagingError as error:
        end(str(error))


def end(sentence: str, status: int = 1) -> NoReturn:
    """End the command with one line on stderr."""
    typer.echo(f"analytics: {sentence}", err=True)
    raise typer.Exit(status) from None


def printable(text: str) -> str:
    """Names are the sender's, and a terminal obeys some characters."""
    return "".join(char if char.isprintable() else "?" for char in text)
