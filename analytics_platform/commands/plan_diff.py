"""Compares two tracking plans, and writes one down to be compared later."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analytics_platform.commands import installation

if TYPE_CHECKING:
    from event_registry.difference import Change

NAMES = "A .py file, a checkout's folder, a .json of `analytics plan dump`, or a git revision such as origin/main."
CANNOT_TELL = 2  # exit status; 1 is for breaking changes

Old = Annotated[str, typer.Argument(help=NAMES, show_default=False)]
New = Annotated[str, typer.Argument(help="The same; the working folder unless it is given.")]
Accept = Annotated[list[str] | None, typer.Option(help="An event, or identify or group, that may break; repeatable.")]
Json = Annotated[bool, typer.Option("--json", help="Print a list of changes for programs.")]
Out = Annotated[Path | None, typer.Argument(help="The file to write; else it is printed.")]


def diff(old: Old, new: New = ".", *, accept: Accept = None, as_json: Json = False) -> None:
    """Say what a change of the plan breaks, for senders and for destinations; exit with 1 if it breaks something."""
    from event_registry.defining import DefinitionError
    from event_registry.difference import changes
    from event_registry.dumped import UnreadablePlan
    from event_registry.loading import definitions

    try:
        found = changes(definitions(old, Path.cwd()), definitions(new, Path.cwd()))
    except (UnreadablePlan, DefinitionError) as error:
        installation.end(str(error), CANNOT_TELL)
    accepted = {*(accept or [])}
    for name in sorted(accepted - {each.name for each in found if each.is_breaking}):
        typer.echo(installation.printable(f"analytics: --accept {name} is not needed: nothing of it breaks"), err=True)
    typer.echo(json.dumps([asdict(each) for each in found], indent=2) if as_json else _report(found, accepted))
    if any(each.is_breaking and each.name not in accepted for each in found):
        raise typer.Exit(1)


def dump(out: Out = None) -> None:
    """Write the plan down as JSON, which `analytics plan diff` compares with another one."""
    from event_registry.dumped import dump as dumped
    from event_registry.registry import default

    text = dumped(default())
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        installation.end(f"{out} cannot be written ({type(error).__name__})")


def _report(found: "list[Change]", accepted: set[str]) -> str:
    meant = [each for each in found if each.is_breaking and each.name in accepted]
    breaking = [each for each in found if each.is_breaking and each.name not in accepted]
    sections = [
        *_section("breaks senders: calls that kept the old plan", [each for each in breaking if each.breaks_senders]),
        *_section(
            "breaks destinations: what they could count on", [each for each in breaking if each.breaks_destinations]
        ),
        *_section("breaks something, as accepted", meant),
        *_section("breaks nothing", [each for each in found if not each.is_breaking]),
    ]
    return "\n".join(sections or ["no change that anybody could notice"])


def _section(title: str, found: "Iterable[Change]") -> list[str]:
    lines = [f"  {each.name}{f'.{each.field}' if each.field else ''} {each.message}" for each in found]
    return [f"{title} ({len(lines)})", *map(installation.printable, lines)] if lines else []
