"""What does a sender hear whose properties break the plan?"""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_registry.calls import Problem
from event_registry.definitions import Amount, Count, Event, Timestamp, Traits
from event_registry.validation import MAX_PROBLEMS, Values

PERSONAL = "ada@example.com"


class OrderPlaced(
    Event, name="order.placed", owner="shop", since="2026-01-31", example={"order_id": "o-1", "total": 9.5}
):
    """A customer placed an order."""

    order_id: str
    """The order's id."""
    total: Amount
    """The sum."""
    items: Count | None = None
    """The number of items."""
    weight: float | None = None
    """The weight in kilograms."""
    currency: Literal["EUR", "USD"] | None = None
    """The currency of the sum."""
    is_gift: bool | None = None
    """Whether it is a gift."""
    coupons: list[str] | None = None
    """The coupons used."""
    placed_at: Timestamp | None = None
    """When it was placed."""


class ShopTraits(Traits, call="group", owner="shop", since="2026-01-31", example={"seats": 3}):
    """What is known of a shop."""

    seats: Count | None = None
    """The number of seats."""


REQUIRED = {"order_id": "o-1", "total": 9.5}
ORDER = Values(OrderPlaced.definition.fields, is_open=False)
SHOP = Values(ShopTraits.definition.fields, is_open=True)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.just(PERSONAL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def problem_with(**properties: object) -> Problem:
    """Validate a good order with these properties besides or instead, and return its only problem."""
    (problem,) = ORDER.problems(REQUIRED | properties, "properties")
    return problem


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"total": 9},
        {"weight": 2},
        {"weight": 2.5, "items": 0, "currency": "EUR", "is_gift": False, "coupons": []},
        {"coupons": ["a", "b"], "placed_at": "2026-01-31T12:00:00.000Z"},
    ],
    ids=repr,
)
def test_properties_that_keep_the_plan_have_no_problem(properties: dict[str, object]) -> None:
    """What is optional may be absent, and an integer is a number."""
    assert ORDER.problems(REQUIRED | properties, "properties") == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("order_id", 7, "expected string, found integer"),
        ("total", "9.5", "expected number, found string"),
        ("total", True, "expected number, found boolean"),
        ("total", -1, "expected at least 0, found integer"),
        ("items", "5", "expected integer, found string"),
        ("items", 5.0, "expected integer, found number"),
        ("items", False, "expected integer, found boolean"),
        ("currency", "GBP", "expected 'EUR' or 'USD', found string"),
        ("currency", ["EUR"], "expected 'EUR' or 'USD', found list"),
        ("is_gift", 1, "expected boolean, found integer"),
        ("is_gift", "true", "expected boolean, found string"),
        ("coupons", "summer", "expected list, found string"),
        ("coupons", {}, "expected list, found object"),
        ("placed_at", 1700000000, "expected string, found integer"),
        ("placed_at", "yesterday", "expected ISO 8601 date-time, found string"),
    ],
)
def test_types_are_strict(name: str, value: object, message: str) -> None:
    """Nothing is converted; the message names both types in the words of JSON."""
    assert problem_with(**{name: value}) == Problem(f"$.properties.{name}", "invalid_property", message)


@pytest.mark.parametrize("item", [1, None, []], ids=repr)
def test_a_path_leads_into_a_list(item: object) -> None:
    """The wrong item is named, not the list; a null is wrong there too."""
    problem = problem_with(coupons=["summer", item])

    assert (problem.path, problem.code) == ("$.properties.coupons[1]", "invalid_property")


def test_a_required_property_must_be_there() -> None:
    """Its path is where it should stand."""
    (problem,) = ORDER.problems({"total": 1}, "properties")

    assert problem == Problem("$.properties.order_id", "missing_property", "expected a required property, found none")


def test_null_is_absent() -> None:
    """A required property that is null is missing; any other null is no problem, planned or not."""
    assert problem_with(order_id=None).code == "missing_property"
    assert ORDER.problems(REQUIRED | {"items": None, "unheard_of": None}, "properties") == []


def test_absent_properties_lack_the_required_ones() -> None:
    """A call without properties is judged as one with an empty object."""
    codes = [problem.code for problem in ORDER.problems(None, "properties")]

    assert codes == ["missing_property", "missing_property"]


@pytest.mark.parametrize("values", [[], "text", 1, True], ids=repr)
def test_properties_that_are_no_object_are_one_problem(values: object) -> None:
    """Its path is that of the properties themselves."""
    (problem,) = ORDER.problems(values, "properties")

    assert (problem.path, problem.code) == ("$.properties", "invalid_property")
    assert problem.message.startswith("expected object, found ")


def test_an_event_has_only_planned_properties() -> None:
    """Others are a problem, because nobody else will ever look for them."""
    assert problem_with(zebra=1) == Problem("$.properties.zebra", "unplanned_property", "the plan has no such property")


@pytest.mark.parametrize("misspelt", ["isGift", "is_gfit", "IS_GIFT", "isgift", "is gift"])
def test_a_misspelt_property_gets_a_suggestion(misspelt: str) -> None:
    """A slip, another case or another convention: the planned name is found."""
    assert problem_with(**{misspelt: True}).message == "the plan has no such property: did you mean is_gift?"


def test_traits_may_be_more_than_planned() -> None:
    """SDKs and snapshots send others; only the planned ones are checked."""
    assert SHOP.problems({"seats": 3, "zebra": 1}, "traits") == []
    assert SHOP.problems({"seats": "3", "zebra": 1}, "traits") == [
        Problem("$.traits.seats", "invalid_property", "expected integer, found string")
    ]


def test_all_problems_are_reported_at_once() -> None:
    """Whoever mends a call reads one answer, not one after the other."""
    problems = ORDER.problems({"order_id": 1, "items": "2", "zebra": 1}, "properties")

    assert [(problem.path, problem.code) for problem in problems] == [
        ("$.properties.order_id", "invalid_property"),
        ("$.properties.total", "missing_property"),
        ("$.properties.items", "invalid_property"),
        ("$.properties.zebra", "unplanned_property"),
    ]


def test_the_answer_to_a_hostile_call_is_short() -> None:
    """A thousand unplanned properties are reported as the first fifty."""
    problems = ORDER.problems(REQUIRED | {f"k{n}": n for n in range(1000)}, "properties")

    assert len(problems) == MAX_PROBLEMS


@given(st.dictionaries(st.sampled_from(list(OrderPlaced.model_fields)) | st.text(max_size=5), json_values))
@pytest.mark.parametrize("planned", [ORDER, SHOP])
def test_no_problem_repeats_a_value(planned: Values, values: dict[str, object]) -> None:
    """Whatever JSON is sent, validation answers, and its answer shows no value."""
    assert PERSONAL not in repr(planned.problems(values, "properties"))
