"""Generates the typed clients of the tracking plan."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from analytics_platform.commands import installation

GENERATED = Path(__file__).parents[2] / "event_registry" / "generated"

Languages = Annotated[
    list[str] | None, typer.Option("--language", help="typescript, python, ruby, go or json_schema; else all of them.")
]
Out = Annotated[Path, typer.Option(help="The folder, in which each language has one of its own.")]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 and name each stale file.")]


def generate(language: Languages = None, out: Out = GENERATED, *, check: Check = False) -> None:
    """Generate the typed clients of the tracking plan, one folder a language."""
    from event_registry import registry
    from event_registry.generate import outputs
    from event_registry.generate.plan import GenerationError, describe

    try:
        files = outputs.rendered(describe(registry.default()), _known(language or [*outputs.LANGUAGES]))
    except GenerationError as error:
        installation.end(str(error))
    if not check:
        _write(files, out)
    elif stale := outputs.stale(files, out):
        typer.echo("\n".join(f"stale: {out / path}" for path in stale), err=True)
        typer.echo("run: analytics plan generate", err=True)
        raise typer.Exit(1)


def _write(files: Mapping[str, str], out: Path) -> None:
    from event_registry.generate import outputs

    try:
        outputs.write(files, out)
    except OSError as error:
        installation.end(f"{out} cannot be written ({type(error).__name__})")
    typer.echo(f"files written below {out}: {len(files)}")


def _known(languages: list[str]) -> list[str]:
    from event_registry.generate.outputs import LANGUAGES

    for language in languages:
        if language not in LANGUAGES:
            raise typer.BadParameter(f"{language} is none of {', '.join(LANGUAGES)}", param_hint="--language")
    return languages
