"""Does msgspec pass only values that keep the plan?"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_registry.fields import Field, Type
from event_registry.validation import Values

HUGE = 2.0**53

MINIMA = st.none() | st.sampled_from([0.0, 0.5, -1.5, HUGE - 1, HUGE, -HUGE, 1e300])
TYPES = (
    st.sampled_from([Type("string"), Type("boolean"), Type("timestamp"), Type("choice", choices=("EUR", "USD"))])
    | MINIMA.map(lambda minimum: Type("integer", minimum))
    | MINIMA.map(lambda minimum: Type("number", minimum))
)
NAMES = ("seats", "a b", 'say "hi"', "back\\slash", "self", "")
FIELDS = st.lists(
    st.builds(
        Field,
        st.sampled_from(NAMES),
        TYPES | TYPES.map(lambda item: Type("list", item=item)),
        st.just("It is something."),
        st.booleans(),
    ),
    unique_by=lambda field: field.name,
)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([-(2**64), 2**53 - 1, 2**53, 2**53 + 1, 2**53 + 3, 2**63, 2**64, 10**400])
    | st.sampled_from([0.5, 1.0, -1.5, HUGE, 1e300, 1e308])
    | st.sampled_from(["", "EUR", "GBP", "2026-01-31T12:00:00Z", "2026-01-32T12:00:00Z"])
)
VALUES = st.dictionaries(
    st.sampled_from((*NAMES, "zebra", "field0")),
    PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.sampled_from(NAMES), PLAIN, max_size=1),
)


@given(fields=FIELDS, values=VALUES)
@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
def test_the_quick_look_passes_only_what_the_thorough_one_does(
    fields: list[Field], values: dict[str, Any], *, is_open: bool
) -> None:
    """Whatever is planned, and whatever is sent."""
    planned = Values(fields, is_open=is_open)

    assert not planned.fit(values) or planned.problems(values) == []


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Type("string"), "report"),
        (Type("boolean"), False),
        (Type("integer", minimum=0.5), 1),
        (Type("integer"), 10**30),
        (Type("number", minimum=0), 0),
        (Type("number", minimum=HUGE), HUGE),
        (Type("timestamp"), "2026-01-31T12:00:00Z"),
        (Type("choice", choices=("EUR", "USD")), "USD"),
        (Type("list", item=Type("string")), ["a", "b"]),
        (Type("list", item=Type("timestamp")), ["2026-01-31T12:00:00Z"]),
        (Type("string"), None),
    ],
    ids=str,
)
def test_the_quick_look_is_enough_for_what_keeps_the_plan(kind: Type, value: object, *, is_open: bool) -> None:
    """So that almost every call costs no more; a null is absent."""
    planned = Values([Field("seats", kind, "It is something.", is_required=False)], is_open=is_open)

    assert planned.fit({"seats": value})
    assert planned.fit({})


def test_an_open_definition_fits_whatever_else_is_there() -> None:
    """As those of traits."""
    planned = Values([Field("seats", Type("integer"), "The seats.", is_required=True)], is_open=True)

    assert planned.fit({"seats": 3, "zebra": {"stripes": [1]}})
