"""What do the languages get to see of the tracking plan?"""

from event_registry.definitions import Event
from event_registry.generate.plan import describe
from event_registry.registry import Registry, default


class ThingDone(Event, name="thing.done", owner="things\x00", since="2026-01-31", example={"id": "t"}):
    """Somebody did a thing."""

    id: str
    """Which one."""


def test_texts_are_printable_lines() -> None:
    """Some compilers refuse control characters even in comments."""
    [thing] = describe(Registry({"thing.done": ThingDone}, {})).events

    assert thing.description == "Somebody did a thing."
    assert thing.owner == "things "
    assert thing.fields[0].description == "Which one."


def test_a_plan_without_traits_has_calls_without_them() -> None:
    """Clients can identify users all the same."""
    plan = describe(Registry({}, {}))

    assert (plan.identify.fields, plan.group.fields) == ((), ())
    assert [entry.name for entry in plan.entries] == ["identify", "group"]


def test_events_are_in_order_of_the_alphabet() -> None:
    """The output does not depend on where in the file an event stands."""
    names = [event.name for event in describe(default()).events]

    assert names == sorted(names)
