"""The `analytics` command."""

import os
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from analytics_platform.commands import dead_letters, quarantine, redeliver, snapshot, sources, suppress
from analytics_platform.commands.backup import backup, restore
from analytics_platform.commands.catalog import catalog
from analytics_platform.commands.check_destinations import check
from analytics_platform.commands.generate import generate
from analytics_platform.commands.part import part
from analytics_platform.commands.plan_check import check as check_plan
from analytics_platform.commands.plan_diff import diff, dump
from analytics_platform.commands.plan_infer import infer
from analytics_platform.commands.preview import preview
from analytics_platform.commands.replay import replay


class _OneLine(TyperGroup):
    """Commands that end with one line on stderr when a setting or the tracking plan is wrong."""

    def invoke(self, ctx: Any) -> Any:  # the context is typer's private copy of click's
        from analytics_platform.settings import ConfigurationError
        from event_registry.defining import DefinitionError

        try:
            return super().invoke(ctx)
        except (ConfigurationError, DefinitionError) as error:
            typer.echo(f"analytics: {error}", err=True)
            raise typer.Exit(1) from None


app = typer.Typer(cls=_OneLine, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def analytics() -> None:
    """A self-hosted pipeline for product analytics."""


destinations = typer.Typer(no_args_is_help=True, help="Look at destinations, and try them.")
destinations.command()(preview)
destinations.command()(check)

plan = typer.Typer(no_args_is_help=True, help="Work with the tracking plan.")
plan.command()(catalog)
plan.command("check")(check_plan)
plan.command()(diff)
plan.command()(dump)
plan.command()(infer)
plan.command()(generate)

app.add_typer(plan, name="plan")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(snapshot.app, name="snapshot")
app.add_typer(suppress.app, name="suppress")
app.add_typer(destinations, name="destinations")
app.add_typer(sources.app, name="sources")
app.add_typer(dead_letters.app, name="dead-letters")
app.command()(replay)
app.add_typer(redeliver.app, name="redeliver")
app.command()(part)
app.command()(backup)
app.command()(restore)


@app.command()
def run() -> None:
    """Start everything (ingest API, Dagster and its UI), keep it running until Ctrl-C."""
    from analytics_platform.supervisor.run import run

    os.umask(0o077)  # events are nobody else's business on this machine
    run(os.environ, Path.cwd())
