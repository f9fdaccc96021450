"""`analytics suppress`: whose calls are neither stored nor delivered."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analytics_platform.commands import installation

if TYPE_CHECKING:
    from analytics_platform.staging.suppression import Person, SuppressionList

app = typer.Typer(no_args_is_help=True, help="Whose calls are neither stored nor delivered, from the next one on.")

Users = Annotated[list[str] | None, typer.Option("--user", help="A userId; may be given several times.")]
Anonymous = Annotated[list[str] | None, typer.Option("--anonymous", help="An anonymousId; the same.")]
FromFile = Annotated[Path | None, typer.Option(help="A file with `user ID` or `anonymous ID` in each line.")]


@app.command()
def add(user: Users = None, anonymous: Anonymous = None, from_file: FromFile = None) -> None:
    """Put people on the list; only a keyed hash of each id is stored."""
    people = _people(user or [], anonymous or [], from_file)
    with _suppression_list() as suppressed:
        typer.echo(f"{suppressed.add(people)} added")


@app.command()
def remove(user: Users = None, anonymous: Anonymous = None, from_file: FromFile = None) -> None:
    """Take people off the list; their calls are stored again from the next one on."""
    people = _people(user or [], anonymous or [], from_file)
    with _suppression_list() as suppressed:
        typer.echo(f"{suppressed.remove(people)} removed")


@app.command()
def clear() -> None:
    """Take everybody off the list: what remains when its hash key is lost."""
    with _suppression_list() as suppressed:
        typer.echo(f"{suppressed.clear()} removed")


@app.command()
def count() -> None:
    """Say how many ids are on the list, and how many calls it has kept out."""
    with installation.staging(installation.settings()) as staging:
        counts = staging.suppression_counts()
    typer.echo(f"ids on the list: {counts.listed}, calls dropped for it: {counts.dropped}")


def _people(users: list[str], anonymous: list[str], from_file: Path | None) -> list["Person"]:
    """Everybody whom the options name; ends the command when that is nobody."""
    from analytics_platform.staging.suppression import Person

    people = [Person("user", each) for each in users if each]
    people += [Person("anonymous", each) for each in anonymous if each]
    people += _read(from_file) if from_file else []
    if not people:
        installation.end("name somebody with --user, --anonymous or --from-file")
    return people


def _read(path: Path) -> list["Person"]:
    """The people of a file; ends the command, with nobody added, at a line that names nobody."""
    from analytics_platform.staging.suppression import Person

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        installation.end(f"{path} cannot be read ({type(error).__name__})")
    people = []
    for number, line in enumerate(lines, 1):
        match line.split(maxsplit=1):
            case ["user" | "anonymous" as kind, name]:
                people.append(Person(kind, name.rstrip()))
            case [_, *_]:
                installation.end(
                    f"{path}, line {number}: write `user ID` or `anonymous ID`; nobody of the file was taken"
                )
    return people


@contextmanager
def _suppression_list() -> Iterator["SuppressionList"]:
    """The list of this installation."""
    from analytics_platform.settings.hash_key import hash_key
    from analytics_platform.staging.suppression import SuppressionList

    settings = installation.settings()
    with installation.staging(settings) as staging:
        yield SuppressionList(staging, hash_key(os.environ, settings.data_dir))
