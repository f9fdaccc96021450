"""Decides whether a call is accepted, quarantined or rejected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import msgspec

from analytics_platform.settings import Source
from event_registry.calls import Problem, check_call, json_path
from event_registry.registry import Registry

Outcome = Literal["accepted", "quarantined", "rejected"]

BROKEN_PLAN: dict[str, Outcome] = {"enforce": "rejected", "quarantine": "quarantined", "warn": "accepted"}
UNPLANNED: dict[str, Outcome] = {"reject": "rejected", "quarantine": "quarantined", "warn": "accepted"}
ENOUGH_PROBLEMS = 10  # of one kind in one call; paths are as long as the caller's keys


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
    if source.plan_mode == "off":
        return ACCEPTED
    if not registry.is_planned(call):
        return Verdict(UNPLANNED[source.unplanned_mode], [_unplanned(call, registry)])
    problems = registry.validate(call)
    return Verdict(BROKEN_PLAN[source.plan_mode], problems) if problems else ACCEPTED


def check_content(call: Any, kind: str | None, event_bytes: int) -> list[Problem]:
    """The problems of a call whatever the plan says; a call too large to be looked at has only this one."""
    try:
        encoded = msgspec.json.encode(call)
    except RecursionError:
        return check_call(call)
    if len(encoded) > event_bytes:
        message = f"expected at most {event_bytes} bytes as JSON, found {len(encoded)}"
        return [Problem("$", "event_too_large", message)]
    problems = check_call(call)
    if not problems and kind is not None and call["type"] != kind:
        problems = [Problem("$.type", "invalid_type", f"expected {kind} or no type on this path, found another")]
    # Looking at the bytes says for almost every call that there is no NUL to be searched for.
    if not problems and b"\\u0000" in encoded:
        problems = list(islice(_find_nul(call, ()), ENOUGH_PROBLEMS))
    return problems


def _unplanned(call: Mapping[str, Any], registry: Registry) -> Problem:
    suggestion = registry.suggest(call["event"])
    hint = f": did you mean {suggestion}?" if suggestion else ""
    return Problem("$.event", "unplanned_event", f"the plan has no such event{hint}")


def _find_nul(value: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    """NUL characters, which databases refuse or take for the end of a text."""
    if isinstance(value, str):
        if "\0" in value:
            yield Problem(json_path(path), "invalid_json", "expected no NUL characters, found one")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _find_nul(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _find_nul(key, (*path, key))
            yield from _find_nul(item, (*path, key))
