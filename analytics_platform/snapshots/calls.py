"""The group() calls that a snapshot becomes."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from analytics_platform.staging.base import Entry
from event_registry.calls import Problem, check_call
from event_registry.registry import Registry

SOURCE = "snapshots"
NAMESPACE = UUID("8f6f2f0e-6c0e-4a53-9d6c-6a1c1b6f9d11")


class NonsenseError(Exception):
    """A snapshot's rows break the tracking plan; nothing is sent, somebody mends the query or the plan."""


Row = Mapping[Any, Any]
"""A row by its columns' names, as pandas gives it."""


def group_calls(snapshot: str, rows: Iterable[Row], occasion: str, at: float) -> list[dict[str, Any]]:
    """One group() for each row; `group_id` and `user_id` identify it, the other columns are its traits.

    `occasion` names this reading of the state: reading again on the same occasion makes the same messageIds,
    so nothing is sent twice. `at` is in seconds since the epoch.
    """
    time = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [_group_call(snapshot, dict(row), occasion, time) for row in rows]


def _group_call(snapshot: str, traits: dict[Any, Any], occasion: str, time: str) -> dict[str, Any]:
    group_id, user_id = traits.pop("group_id"), traits.pop("user_id")
    return {
        "type": "group",
        "messageId": str(uuid5(NAMESPACE, f"{snapshot}:{occasion}:{group_id}")),
        "userId": user_id,
        "groupId": group_id,
        "traits": traits,
        "context": {"library": {"name": f"snapshot-{snapshot}", "version": "1"}},
        "timestamp": time,
        "originalTimestamp": time,
        "receivedAt": time,
    }


def entries(calls: Iterable[Mapping[str, Any]], registry: Registry, at: float) -> list[Entry]:
    """The calls as entries for the staging store, checked like any other call.

    Raises NonsenseError with every problem; the values stay out of the message.
    """
    checked = [(call, [*check_call(call), *registry.validate(call)]) for call in calls]
    if problems := [problem for _, found in checked for problem in found]:
        raise NonsenseError(_sentence(problems))
    return [Entry(SOURCE, str(call["messageId"]), at, json.dumps(call)) for call, _ in checked]


def _sentence(problems: list[Problem]) -> str:
    kinds = sorted({f"{problem.path}: {problem.message}" for problem in problems})
    return f"{len(problems)} problem(s), nothing was sent: " + "; ".join(kinds)
