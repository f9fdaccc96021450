"""When does a call say its consent in a form that nobody can read?"""

from typing import Any

import pytest

from ingest_api.consent import check_consent


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"context": None},
        {"context": {}},
        {"context": {"consent": None}},
        {"context": {"consent": {}}},
        {"context": {"consent": {"categoryPreferences": None}}},
        {"context": {"consent": {"categoryPreferences": {}}}},
        {"context": {"consent": {"categoryPreferences": {"advertising": False, "analytics": True}}}},
        {"context": {"consent": {"categoryPreferences": {"C0001": True}, "version": "of their own"}}},
    ],
)
def test_consent_that_can_be_read_is_no_problem(call: dict[str, Any]) -> None:
    """Nor is none at all; what stands beside the preferences is the client's own business."""
    assert check_consent(call) == []


@pytest.mark.parametrize(
    ("consent", "path", "expected"),
    [
        ("granted", "$.context.consent", "expected object, found string"),
        (["analytics"], "$.context.consent", "expected object, found list"),
        (
            {"categoryPreferences": ["analytics"]},
            "$.context.consent.categoryPreferences",
            "expected object, found list",
        ),
        (
            {"categoryPreferences": {"analytics": "yes", "advertising": 1}},
            "$.context.consent.categoryPreferences",
            "expected boolean for each category, found string",
        ),
        (
            {"categoryPreferences": {"analytics": None}},
            "$.context.consent.categoryPreferences",
            "expected boolean for each category, found null",
        ),
    ],
)
def test_consent_that_cannot_be_read_is_one_problem(consent: Any, path: str, expected: str) -> None:
    """It says where, what was expected, and what follows."""
    (problem,) = check_consent({"context": {"consent": consent}})

    assert (problem.path, problem.code) == (path, "invalid_consent")
    assert problem.message == f"{expected}: it is stored as it is, and counts as no consent"
