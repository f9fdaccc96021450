"""Checks that a call says its consent in a form that routing can read."""

from collections.abc import Mapping
from typing import Any

from event_registry.calls import Problem, type_name

EXPECTED = "expected {}, found {}: it is stored as it is, and counts as no consent"


def check_consent(call: Mapping[str, Any]) -> list[Problem]:
    """The problems of a call's `context.consent`, which is `{"categoryPreferences": {"advertising": false, …}}`.

    They are warnings, never a reason to refuse the call: the person's event is as good as any, and consent that
    cannot be read keeps it from whoever needs consent. The form is Segment's
    (https://segment.com/docs/privacy/consent-management/consent-in-segment-connections/).
    """
    consent = (call.get("context") or {}).get("consent")
    if consent is None:
        return []
    if not isinstance(consent, dict):
        return [_problem("$.context.consent", "object", consent)]
    preferences = consent.get("categoryPreferences")
    if preferences is None:
        return []
    path = "$.context.consent.categoryPreferences"
    if not isinstance(preferences, dict):
        return [_problem(path, "object", preferences)]
    if odd := [value for value in preferences.values() if not isinstance(value, bool)]:
        return [_problem(path, "boolean for each category", odd[0])]
    return []


def _problem(path: str, expected: str, found: object) -> Problem:
    return Problem(path, "invalid_consent", EXPECTED.format(expected, type_name(found)))
