"""Tries every destination with one probe."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from analytics_platform.commands import installation


def check(
    names: Annotated[list[str] | None, typer.Argument(help="The destinations to try; all when none is named.")] = None,
) -> None:
    """Send one event to each destination, and explain the answers; exit with 1 if one is bad."""
    from analytics_platform.destinations.checking import check

    settings = installation.settings()
    wanted = [installation.destination_of(settings, name) for name in names or ()] or settings.destinations
    findings = {each.name: check(each, settings.data_dir, lambda: datetime.now(UTC)) for each in wanted}
    for name, finding in findings.items():
        typer.echo(f"{'ok ' if finding.is_well else 'BAD'}  {name}: {finding.sentence}")
    if not all(finding.is_well for finding in findings.values()):
        raise typer.Exit(1)
