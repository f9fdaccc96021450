"""What do the languages get to see of the tracking plan?"""

from typing import Annotated

from event_registry.definitions import HASHED, INTERNAL, PERSONAL, REDACTED, Event
from event_registry.generate.plan import describe
from event_registry.registry import Registry, default


class ThingDone(Event, name="thing.done", owner="things\x00", since="2026-01-31", example={"id": "t"}):
    """Somebody did a thing."""

    id: str
    """Which one."""


class PersonMet(Event, name="person.met", owner="things", since="2026-01-31", example={"place": "t"}):
    """Somebody met a person."""

    place: str
    """Where."""
    person: Annotated[str | None, PERSONAL] = None
    """Whom."""
    purpose: Annotated[str | None, INTERNAL] = None
    """What for."""
    card: Annotated[str | None, REDACTED] = None
    """With which card"""
    passport: Annotated[str | None, HASHED] = None
    """By which passport."""


def test_texts_are_printable_lines() -> None:
    """Some compilers refuse control characters even in comments."""
    [thing] = describe(Registry({"thing.done": ThingDone}, {})).events

    assert thing.description == "Somebody did a thing."
    assert thing.owner == "things "
    assert thing.fields[0].description == "Which one."


def test_a_field_says_who_may_know_it() -> None:
    """In its description, which every language puts beside it; of what is public there is nothing to say."""
    [thing] = describe(Registry({"person.met": PersonMet}, {})).events

    assert [field.description for field in thing.fields] == [
        "Where.",
        "Whom. Personal.",
        "What for. Internal.",
        "With which card. Secret: it is never stored.",
        "By which passport. Secret: only a keyed hash of it is stored.",
    ]


def test_an_entry_says_whom_to_ask_and_since_when() -> None:
    """Traits that nobody has planned are nobody's, and since no day."""
    plan = describe(Registry({"thing.done": ThingDone}, {}))

    assert [entry.origin for entry in plan.entries] == ["Owner: things . Since 2026-01-31.", *["Owner: nobody."] * 2]


def test_a_plan_without_traits_has_calls_without_them() -> None:
    """Clients can identify users all the same."""
    plan = describe(Registry({}, {}))

    assert (plan.identify.fields, plan.group.fields) == ((), ())
    assert [entry.name for entry in plan.entries] == ["identify", "group"]


def test_events_are_in_order_of_the_alphabet() -> None:
    """The output does not depend on where in the file an event stands."""
    names = [event.name for event in describe(default()).events]

    assert names == sorted(names)
