"""Tries every destination with one probe."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer


def check(
    names: Annotated[list[str] | None, typer.Argument(help="The destinations to try; all when none is named.")] = None,
) -> None:
    """Send one event to each destination, and explain the answers; exit with 1 if one is bad."""
    from analytics_platform.destinations.checking import check
    from analytics_platform.settings import ConfigurationError, load

    settings = load(os.environ, Path.cwd())
    known = {destination.name: destination for destination in settings.destinations}
    for name in names or ():
        if name not in known:
            raise ConfigurationError(f"{name} is not one of the configured destinations: {', '.join(known)}")
    findings = {name: check(known[name], settings.data_dir, lambda: datetime.now(UTC)) for name in names or known}
    for name, finding in findings.items():
        typer.echo(f"{'ok ' if finding.is_well else 'BAD'}  {name}: {finding.sentence}")
    if not all(finding.is_well for finding in findings.values()):
        raise typer.Exit(1)
