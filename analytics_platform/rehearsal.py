"""Holds what is stored against a tracking plan, as if it had been sent under that one."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from analytics_platform.history import accepted, kept_aside
from analytics_platform.quarantine import event_name
from analytics_platform.staging.base import Event, Staging
from event_registry.calls import Problem
from event_registry.registry import Registry
from event_registry.verdicts import Modes, Outcome, StrictModes, Verdict, judge

MOST_EXAMPLES = 5
MOST_NAMES = 1000  # that are counted each by itself; senders can make up any number of them
OTHERS = "(others)"

_PLACE_IN_LIST = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Example:
    """One event that the plan would have refused: where to find it, never what it holds."""

    message_id: str
    received_at: float  # seconds since the epoch
    source: str
    event: str
    problem: str  # path and what was expected


@dataclass(slots=True)
class Rehearsal:
    """What would have become of the stored calls."""

    events: int = 0
    refused: Counter[Outcome] = field(default_factory=Counter)  # events by what would have become of them
    warned: int = 0  # events that would have been accepted with a warning
    sent: Counter[str] = field(default_factory=Counter)  # events by name
    by_event: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    by_problem: Counter[tuple[str, str]] = field(default_factory=Counter)  # event and problem
    firsts: list[Example] = field(default_factory=list)  # each with a problem that the others do not have
    seconds: list[Example] = field(default_factory=list)  # with problems that others have, too
    quarantined: int = 0  # calls in quarantine
    redeemed: int = 0  # those of them that would have been accepted

    @property
    def examples(self) -> list[Example]:
        """A few of the refused events, of as many kinds as there are."""
        return [*self.firsts, *self.seconds][:MOST_EXAMPLES]


def rehearse(staging: Staging, plan: Registry, modes: Mapping[str, Modes], since: float | None) -> Rehearsal:
    """Judge what was received since a moment (seconds since the epoch) by the plan, under the modes of its sources.

    The store is read a page at a time, and nothing is kept but counts; `modes` are by source.
    """
    found = Rehearsal()
    decode = msgspec.json.Decoder().decode
    for event in accepted(staging, since):
        call = decode(event.payload)
        verdict = judge(call, modes.get(event.source, StrictModes()), plan)
        _count(found, event, call, verdict)
    for kept in kept_aside(staging, since):
        verdict = judge(decode(kept.payload), modes.get(kept.source, StrictModes()), plan)
        found.quarantined += 1
        found.redeemed += verdict.outcome == "accepted"
    return found


def _count(found: Rehearsal, event: Event, call: dict[str, Any], verdict: Verdict) -> None:
    name = _bounded(found.sent, event_name(call), OTHERS)
    found.events += 1
    found.sent[name] += 1
    if verdict.outcome == "accepted":
        found.warned += bool(verdict.problems)
        return
    found.refused[verdict.outcome] += 1
    found.by_event[name, verdict.outcome] += 1
    problems = {(name, sentence(problem)) for problem in verdict.problems}
    kind = found.seconds if problems & found.by_problem.keys() else found.firsts
    if len(kind) < MOST_EXAMPLES:
        first = sentence(verdict.problems[0])
        kind.append(Example(event.message_id, event.received_at, event.source, name, first))
    for problem in problems:
        found.by_problem[_bounded(found.by_problem, problem, (name, OTHERS))] += 1


def sentence(problem: Problem) -> str:
    """Where and what, alike for all items of a list."""
    return f"{_PLACE_IN_LIST.sub('[*]', problem.path)}: {problem.message}"


def _bounded(counted: "Counter[Any]", name: Any, others: Any) -> Any:
    """The name under which to count: its own, as long as there is room for it."""
    return name if name in counted or len(counted) < MOST_NAMES else others
