"""Decides what becomes of a call by the tracking plan: it is accepted, quarantined or rejected."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from event_registry.calls import Problem
from event_registry.defining import Definition, Mode, UnplannedMode
from event_registry.registry import Planned, Registry

Outcome = Literal["accepted", "quarantined", "rejected"]


class Modes(Protocol):
    """What a source says of calls that break the plan; what an event's definition says goes before."""

    @property
    def plan_mode(self) -> Mode:
        """Of planned calls, and of whatever has no other mode."""

    @property
    def unplanned_mode(self) -> UnplannedMode | None:
        """Of events that the plan does not know; None: quarantine, but `off` beside a plan mode of `off`."""

    @property
    def unplanned_property_mode(self) -> UnplannedMode | None:
        """Of planned events with properties that the plan does not know; None: like all that breaks the plan."""


MOST_MARKS = 5  # in one event
LONGEST_MARK = 100  # characters of a path; a key may have more


class Verdict(NamedTuple):
    """What becomes of a call, and why; an accepted call that has problems is accepted with a warning."""

    outcome: Outcome
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class StrictModes:
    """Those of a source that nobody knows any more."""

    plan_mode: Mode = "enforce"
    unplanned_mode: UnplannedMode | None = "reject"
    unplanned_property_mode: UnplannedMode | None = None


ACCEPTED = Verdict("accepted", [])

_OUTCOMES: Mapping[Mode | UnplannedMode, Outcome] = {
    "off": "accepted",
    "warn": "accepted",
    "quarantine": "quarantined",
    "enforce": "rejected",
    "reject": "rejected",
}
_MILD_TO_STRICT: tuple[Outcome, ...] = ("accepted", "quarantined", "rejected")


def judge(call: Mapping[str, object], modes: Modes, registry: Registry) -> Verdict:
    """The verdict on a call in which `check_call` has found no problem; a deprecated one is accepted with a warning."""
    planned = registry.look_up(call)
    if planned is None:
        return _unplanned(call, modes, registry) if call.get("type") == "track" else ACCEPTED
    if planned.definition.deprecated is None and planned.fits(call):
        return ACCEPTED
    mode = planned.definition.mode or modes.plan_mode
    property_mode = _property_mode(planned.definition, modes)
    if mode == property_mode == "off":
        return ACCEPTED
    problems = planned.problems(call)
    verdict = _by_modes(problems, mode, property_mode) if problems else ACCEPTED
    if planned.definition.deprecated and verdict.outcome == "accepted":
        return Verdict("accepted", [*verdict.problems, _deprecated(planned)])
    return verdict


def marks(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """What an event bears that is accepted with a warning, so that whoever counts can tell it from the rest."""
    return [{"path": each.path[:LONGEST_MARK], "code": each.code} for each in problems[:MOST_MARKS]]


def _property_mode(definition: Definition, modes: Modes) -> Mode | UnplannedMode:
    return definition.unplanned or definition.mode or modes.unplanned_property_mode or modes.plan_mode


def _by_modes(problems: Iterable[Problem], mode: Mode, property_mode: Mode | UnplannedMode) -> Verdict:
    """What the strictest mode makes of the problems, without those that are not looked at."""
    modes = [(property_mode if problem.code == "unplanned_property" else mode, problem) for problem in problems]
    seen = [(each, problem) for each, problem in modes if each != "off"]
    strictest = max((_MILD_TO_STRICT.index(_OUTCOMES[each]) for each, _ in seen), default=0)
    return Verdict(_MILD_TO_STRICT[strictest], [problem for _, problem in seen])


def _unplanned(call: Mapping[str, object], modes: Modes, registry: Registry) -> Verdict:
    mode = modes.unplanned_mode or ("off" if modes.plan_mode == "off" else "quarantine")
    if mode == "off":
        return ACCEPTED
    return Verdict(_OUTCOMES[mode], [registry.unplanned(str(call["event"]))])


def _deprecated(planned: Planned) -> Problem:
    definition = planned.definition
    path = "$.event" if definition.kind == "track" else "$.type"
    sentence = definition.deprecated.sentence if definition.deprecated else ""
    return Problem(path, "deprecated", f"{definition.name} is deprecated. {sentence}")
