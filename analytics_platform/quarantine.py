"""Releases quarantined calls that keep the tracking plan by now."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from analytics_platform.staging.aside import Aside, Quarantined
from analytics_platform.staging.base import Staging
from event_registry.calls import Problem
from event_registry.registry import Registry
from event_registry.verdicts import Modes, StrictModes, Verdict, judge, marks

GROUP = 500  # calls in one transaction, so that the ingest API waits milliseconds for it


class Plan(NamedTuple):
    """What calls are held to: the plan of today, with the modes that their sources have today."""

    registry: Registry
    modes: Mapping[str, Modes]  # by source; strict for those that are gone
    hash_key: bytes  # under which the plan's secrets are hashed


@dataclass(slots=True)
class Release:
    """What became of the quarantined calls that were asked for."""

    released: int = 0
    duplicates: int = 0  # in the log already, since their sender sent them again
    suppressed: int = 0  # of people on the suppression list; they stay where they are
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)  # by event and problem

    @property
    def asked_for(self) -> int:
        """How many there were in quarantine."""
        return self.released + self.duplicates + self.suppressed + self.refused.total()


def release(
    staging: Staging,
    wanted: Aside,
    plan: Plan,
    suppressed: Callable[[Sequence[Quarantined]], set[int]],
    *,
    is_dry_run: bool = False,
) -> Release:
    """Judge the calls again; those that are accepted now become events, with the id and the times that they had.

    They are stored as they were enriched when they came, but for secrets that the plan has learnt of since. The rest
    stays. `suppressed` gives the places of calls that nobody may have. A dry run changes nothing, and does not know
    duplicates.
    """
    found = Release()
    after = 0
    while calls := staging.quarantined(wanted, after, GROUP):
        after = calls[-1].id
        places = suppressed(calls)
        found.suppressed += len(places)
        allowed = [call for place, call in enumerate(calls) if place not in places]
        payloads = dict(filter(None, (_payload(call, plan, found) for call in allowed)))
        new = dict.fromkeys(payloads, True) if is_dry_run else staging.release_quarantined(payloads)
        found.released += sum(new.values())
        found.duplicates += len(new) - sum(new.values())
    return found


def event_name(call: Mapping[str, Any]) -> str:
    """What a call is known by: its event, or its type when it has none."""
    return str(call.get("event") if call.get("type") == "track" else call.get("type"))


def _payload(quarantined: Quarantined, plan: Plan, found: Release) -> tuple[int, str] | None:
    """What is stored of a call that is accepted now; what is not accepted is counted."""
    call = msgspec.json.decode(quarantined.payload)
    verdict = judge(call, plan.modes.get(quarantined.source, StrictModes()), plan.registry)
    if verdict.outcome != "accepted":
        found.refused.update((event_name(call), _sentence(problem)) for problem in verdict.problems[:1])
        return None
    released = _marked(plan.registry.protect(call, plan.hash_key), verdict)
    is_changed = released != call
    return quarantined.id, msgspec.json.encode(released).decode() if is_changed else quarantined.payload


def _marked(call: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
    if not verdict.problems:
        return call
    return {**call, "context": {**call["context"], "warnings": marks(verdict.problems)}}


def _sentence(problem: Problem) -> str:
    return f"{problem.path}: {problem.message}"
