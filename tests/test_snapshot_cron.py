"""Which cron expressions does a declaration take?"""

import pytest

from analytics_platform.snapshots.cron import cron_fault


@pytest.mark.parametrize(
    "expression", ["* * * * *", "0 1 * * *", "*/15 0-6 1,15 * 1-5", "5-59/10 * * 12 7", "0  6 * * 0"]
)
def test_five_fields_of_numbers_are_taken(expression: str) -> None:
    """With lists, ranges and steps."""
    assert cron_fault(expression) is None


@pytest.mark.parametrize(
    ("expression", "field"),
    [
        ("60 * * * *", "minute"),
        ("0 24 * * *", "hour"),
        ("0 0 0 * *", "day of month"),
        ("0 0 * 13 *", "month"),
        ("0 0 * * 8", "day of week"),
        ("0 5-1 * * *", "hour"),
        ("*/0 * * * *", "minute"),
        ("0, * * * *", "minute"),
        ("x * * * *", "minute"),
        ("0 0 * jan *", "month"),
    ],
)
def test_the_field_that_is_wrong_is_named(expression: str, field: str) -> None:
    """With what it may be."""
    fault = cron_fault(expression)

    assert fault is not None
    assert fault.startswith(f"the {field} must be *")


@pytest.mark.parametrize("expression", ["", "0 1 * *", "@daily", "0 0 1 * * *"])
def test_another_number_of_fields_is_none(expression: str) -> None:
    """The sentence shows a good one."""
    assert "must have five fields" in (cron_fault(expression) or "")
