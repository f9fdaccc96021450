"""`analytics part`: one part of the pipeline, for containers and service managers."""

import os
from pathlib import Path
from typing import Annotated

import typer

Listen = Annotated[
    str,
    typer.Option(help="Where the webserver or the code server listens; whoever reaches either can run code."),
]


def part(
    name: Annotated[str, typer.Argument(help="ingest, code-server, webserver or daemon.")],
    listen: Listen = "127.0.0.1",
) -> None:
    """Run one part in the foreground, where containers or a service manager keep it running."""
    from analytics_platform.supervisor.alone import names, run_alone

    if name not in names():
        raise typer.BadParameter(f"the parts are {', '.join(names())}")
    os.umask(0o077)  # events are nobody else's business on this machine
    raise typer.Exit(run_alone(names()[name], os.environ, Path.cwd(), listen))
