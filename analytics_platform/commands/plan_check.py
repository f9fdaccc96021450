"""Checks a tracking plan, by itself or by what was sent."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analytics_platform.commands import installation
from analytics_platform.commands import since as moments
from analytics_platform.commands.plan_diff import CANNOT_TELL

if TYPE_CHECKING:
    from analytics_platform.rehearsal import Example, Rehearsal
    from event_registry.registry import Registry

MOST_LINES = 20  # of each list

Named = Annotated[
    str | None,
    typer.Argument(help="A .py file, a checkout's folder or a git revision; else the plan that is installed."),
]
History = Annotated[bool, typer.Option("--against-history", help="Hold the stored events against it.")]
Since = Annotated[str, typer.Option(help=moments.HELP)]


def check(plan: Named = None, *, against_history: History = False, since: Since = "7d") -> None:
    """Load a plan, and say what would have become of what was sent under it; exit with 1 if events were refused."""
    found = _plan(plan)
    name = plan or "the installed plan"
    if not against_history:
        typer.echo(f"{name} is right; events: {len(found.names)}, calls with traits: {len(found.traits)}")
        return
    from analytics_platform.rehearsal import rehearse

    moment = moments.since(since, time.time())
    settings = installation.settings()
    with installation.staging(settings) as staging:
        seen = rehearse(staging, found, {source.name: source for source in settings.sources}, moment)
    typer.echo(
        f"{name} would have quarantined {seen.refused['quarantined']:,} and rejected {seen.refused['rejected']:,} "
        f"of {seen.events:,} events since {_shown(moment or 0.0)}"
    )
    for line in _report(seen):
        typer.echo(installation.printable(line))
    if seen.refused:
        raise typer.Exit(1)


def _plan(named: str | None) -> "Registry":
    from event_registry import loading
    from event_registry.dumped import UnreadablePlan
    from event_registry.registry import default

    try:
        return loading.plan(named, Path.cwd()) if named else default()
    except UnreadablePlan as error:
        installation.end(str(error), CANNOT_TELL)


def _report(seen: "Rehearsal") -> list[str]:
    lines = [f"and accepted {seen.warned:,} with a warning"] if seen.warned else []
    events = [
        f"{count:,} of {seen.sent[name]:,}  {name}  {outcome}" for (name, outcome), count in seen.by_event.most_common()
    ]
    problems = [f"{count:,}  {name}  {problem}" for (name, problem), count in seen.by_problem.most_common()]
    lines += _list("by event", events)
    lines += _list("by problem", problems)
    lines += _list(f"here are {len(seen.examples)}", [_line(example) for example in seen.examples])
    if seen.quarantined:
        lines.append(f"of {seen.quarantined:,} calls in quarantine {seen.redeemed:,} would have been accepted")
    return lines


def _list(title: str, lines: list[str]) -> list[str]:
    more = [f"  and {len(lines) - MOST_LINES:,} more"] if len(lines) > MOST_LINES else []
    return [f"{title}:", *(f"  {line}" for line in lines[:MOST_LINES]), *more] if lines else []


def _line(example: "Example") -> str:
    return f"{example.message_id}  {_shown(example.received_at)}  {example.source}  {example.event}  {example.problem}"


def _shown(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
