"""What do the languages get to see of the tracking plan?"""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field as Rule

from event_registry.definitions import Amount, Count, Event, Timestamp, Traits
from event_registry.generate.plan import GenerationError, Type, describe
from event_registry.registry import Registry, default

TEXT = Type("string")


class ThingDone(Event, name="thing.done", owner="things\x00", example={"id": "t", "kind": "a"}):
    """Somebody did a thing.

    It took long.
    """

    id: str
    """Which one."""
    kind: Literal["a", "b"]
    """Of which kind."""
    count: Count | None = None
    """How many."""
    share: Annotated[float, Rule(ge=0.5)] | None = None
    """How much of it."""
    at: Timestamp | None = None
    """When."""
    marks: list[str] | None = None
    """What was said of it."""
    moments: list[Timestamp] | None = None
    """When it was looked at."""
    is_big: bool | None = None
    """Whether it is."""


class Mapped(Event, name="thing.mapped", owner="things", example={"map": {}}):
    """Somebody mapped a thing."""

    map: dict[str, Any]
    """No client can have this."""


class People(Traits, call="identify", owner="people", example={"since": "2026-01-31T12:00:00Z"}):
    """Who somebody is."""

    since: Timestamp
    """From when on."""


def test_fields_are_described_by_kind_bounds_and_need() -> None:
    """The same, whether a rule stands in the type or beside it."""
    [thing] = describe(Registry({"thing.done": ThingDone}, {})).events

    assert {field.name: (field.type, field.is_required) for field in thing.fields} == {
        "id": (TEXT, True),
        "kind": (Type("choice", choices=("a", "b")), True),
        "count": (Type("integer", minimum=0), False),
        "share": (Type("number", minimum=0.5), False),
        "at": (Type("timestamp"), False),
        "marks": (Type("list", item=TEXT), False),
        "moments": (Type("list", item=Type("timestamp")), False),
        "is_big": (Type("boolean"), False),
    }


def test_a_required_timestamp_is_one_too() -> None:
    """Pydantic keeps its rule at another place than that of an optional one."""
    [since] = describe(Registry({}, {"identify": People})).identify.fields

    assert (since.type, since.is_required) == (Type("timestamp"), True)


def test_an_amount_may_be_required() -> None:
    """The same for its bound."""

    class Sold(Event, name="thing.sold", owner="things", example={"price": 1.5}):
        """Somebody bought a thing."""

        price: Amount
        """In euros."""

    [sold] = describe(Registry({"thing.sold": Sold}, {})).events

    assert sold.fields[0].type == Type("number", minimum=0)


def test_texts_are_printable_lines() -> None:
    """Some compilers refuse control characters even in comments."""
    [thing] = describe(Registry({"thing.done": ThingDone}, {})).events

    assert thing.description == "Somebody did a thing.\n\nIt took long."
    assert thing.owner == "things "


def test_a_plan_without_traits_has_calls_without_them() -> None:
    """Clients can identify users all the same."""
    plan = describe(Registry({}, {}))

    assert (plan.identify.fields, plan.group.fields) == ((), ())
    assert [entry.name for entry in plan.entries] == ["identify", "group"]


def test_events_are_in_order_of_the_alphabet() -> None:
    """The output does not depend on where in the file an event stands."""
    names = [event.name for event in describe(default()).events]

    assert names == sorted(names)


def test_a_type_that_clients_cannot_have_is_refused() -> None:
    """With the class and the field."""
    with pytest.raises(
        GenerationError, match=r"Mapped: the field map: clients have no type for dict\[str, typing.Any\]"
    ):
        describe(Registry({"thing.mapped": Mapped}, {}))
