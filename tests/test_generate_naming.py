"""What does a name of the plan become in the languages of its clients?"""

import pytest

from event_registry.generate.naming import Identifiers, camel, exported, pascal, snake, unexported
from event_registry.generate.plan import GenerationError


@pytest.mark.parametrize(
    ("name", "in_snake", "in_camel", "in_pascal", "as_exported"),
    [
        ("report.created", "report_created", "reportCreated", "ReportCreated", "ReportCreated"),
        ("user.signed_up", "user_signed_up", "userSignedUp", "UserSignedUp", "UserSignedUp"),
        ("Order Completed", "order_completed", "orderCompleted", "OrderCompleted", "OrderCompleted"),
        ("reportId", "report_id", "reportId", "ReportId", "ReportID"),
        ("HTTPStatus", "http_status", "httpStatus", "HttpStatus", "HTTPStatus"),
        ("api_url", "api_url", "apiUrl", "ApiUrl", "APIURL"),
        ("step2", "step_2", "step2", "Step2", "Step2"),
        ("2fa.enabled", "_2_fa_enabled", "_2FaEnabled", "The2FaEnabled", "The2FaEnabled"),
        ("+", "u2b", "u2b", "U2b", "U2b"),
        ("", "empty", "empty", "Empty", "Empty"),
    ],
)
def test_words_are_joined_by_the_convention_of_a_language(
    name: str, in_snake: str, in_camel: str, in_pascal: str, as_exported: str
) -> None:
    """Words end at a sign and where capitals begin; Go writes initialisms in capitals."""
    assert (snake(name), camel(name), pascal(name), exported(name)) == (in_snake, in_camel, in_pascal, as_exported)


@pytest.mark.parametrize(
    ("name", "in_go"),
    [("report_id", "reportID"), ("id", "id"), ("HTTPStatus", "httpStatus"), ("api_url", "apiURL"), ("2nd", "the2Nd")],
)
def test_a_parameter_of_go_begins_small(name: str, in_go: str) -> None:
    """An initialism, too; behind the first word they are in capitals."""
    assert unexported(name) == in_go


def test_a_taken_identifier_gets_an_underscore() -> None:
    """Whether the language has it as a keyword, or the client as a name of its own."""
    assert Identifiers("Python", {"class"}).of("class", "class") == "class_"


def test_the_same_name_may_come_again() -> None:
    """It is the same thing."""
    names = Identifiers("Python")

    names.of("report_created", "report.created")

    assert names.of("report_created", "report.created") == "report_created"


@pytest.mark.parametrize(("identifier", "taken"), [("report_created", ()), ("class", {"class"})])
def test_two_names_that_become_the_same_are_refused(identifier: str, taken: set[str]) -> None:
    """Both are named with the language, and its author decides: a number would move when the plan grows."""
    names = Identifiers("Ruby", taken)
    found = names.of(identifier, "report.created")

    with pytest.raises(GenerationError) as refusal:
        names.of(identifier, "report_created")

    assert str(refusal.value) == f"report.created and report_created both become {found} in Ruby: rename one of them"
