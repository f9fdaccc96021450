"""The `analytics` command."""

import os
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup


class _OneLine(TyperGroup):
    """Commands whose configuration errors end as one line on stderr."""

    def invoke(self, ctx: Any) -> Any:  # the context is typer's private copy of click's
        from analytics_platform.settings import ConfigurationError

        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            typer.echo(f"analytics: {error}", err=True)
            raise typer.Exit(1) from None


app = typer.Typer(cls=_OneLine, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def analytics() -> None:
    """A self-hosted pipeline for product analytics."""


@app.command()
def run() -> None:
    """Start everything (ingest API, Dagster and its UI), keep it running until Ctrl-C."""
    from analytics_platform.supervisor.run import run

    os.umask(0o077)  # events are nobody else's business on this machine
    run(os.environ, Path.cwd())
