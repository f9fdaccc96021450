"""Which word did somebody mean to write?"""

import pytest

from event_registry.spelling import Spelling

KNOWN = Spelling(["report.created", "report.exported", "user.invited", "plan", "id"])


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("report.created", "report.created"),
        ("report.craeted", "report.created"),
        ("report.crated", "report.created"),
        ("report.creatted", "report.created"),
        ("report.cleated", "report.created"),
        ("report.exporte", "report.exported"),
        ("Report Created", "report.created"),
        ("reportCreated", "report.created"),
        ("REPORT_CREATED", "report.created"),
        ("created.report", "report.created"),
        ("Created Report", "report.created"),
        ("reprt.creatd", "report.created"),
        ("exportde reprot", "report.exported"),
        ("plans", "plan"),
        ("ID", "id"),
    ],
)
def test_a_slip_another_case_or_another_convention_is_recognised(word: str, found: str) -> None:
    """One letter wrong, or one in each part, or the parts in another order."""
    assert KNOWN.closest(word) == found


@pytest.mark.parametrize(
    "word", ["Order Completed", "order.created", "", ".", "is", "report", "report.created" * 1000], ids=lambda w: w[:20]
)
def test_a_word_that_resembles_none_gets_none(word: str) -> None:
    """A wrong suggestion is worse than none; of very short words every other one is a slip away."""
    assert KNOWN.closest(word) is None


def test_of_two_that_look_alike_the_first_is_found() -> None:
    """In the order of the plan."""
    assert Spelling(["report_id", "reportId"]).closest("REPORT ID") == "report_id"
