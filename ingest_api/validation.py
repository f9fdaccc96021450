"""Decides whether a call is accepted, quarantined or rejected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from analytics_platform.settings import Source
from event_registry.calls import Problem
from event_registry.registry import Registry
from ingest_api.consent import check_consent
from ingest_api.content import check_content

Outcome = Literal["accepted", "quarantined", "rejected"]

BROKEN_PLAN: dict[str, Outcome] = {"enforce": "rejected", "quarantine": "quarantined", "warn": "accepted"}
UNPLANNED: dict[str, Outcome] = {"reject": "rejected", "quarantine": "quarantined", "warn": "accepted"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a call, and why; an accepted call that has problems is accepted with a warning."""

    outcome: Outcome
    problems: list[Problem]


ACCEPTED = Verdict("accepted", [])


def judge(call: Any, kind: str | None, source: Source, registry: Registry, event_bytes: int) -> Verdict:
    """The verdict on one call, by what every call must be and then by the plan as the source's modes have it.

    `kind` is the type that the path asks for, None where each call says its own.
    """
    problems = check_content(call, kind, event_bytes)
    if problems:
        return Verdict("rejected", problems)
    verdict = _by_the_plan(call, source, registry)
    consent = check_consent(call)
    return Verdict(verdict.outcome, [*verdict.problems, *consent]) if consent else verdict


def _by_the_plan(call: Mapping[str, Any], source: Source, registry: Registry) -> Verdict:
    if source.plan_mode == "off":
        return ACCEPTED
    if not registry.is_planned(call):
        return Verdict(UNPLANNED[source.unplanned_mode], [_unplanned(call, registry)])
    problems = registry.validate(call)
    return Verdict(BROKEN_PLAN[source.plan_mode], problems) if problems else ACCEPTED


def _unplanned(call: Mapping[str, Any], registry: Registry) -> Problem:
    suggestion = registry.suggest(call["event"])
    hint = f": did you mean {suggestion}?" if suggestion else ""
    return Problem("$.event", "unplanned_event", f"the plan has no such event{hint}")
