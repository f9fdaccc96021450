"""The tracking plan as a whole, which a call is validated against."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import ModuleType

from event_registry.calls import Problem
from event_registry.definitions import Event, Traits
from event_registry.validation import check_values, closest


class Registry:
    """The events and traits of a plan.

    Its methods take calls in which `check_call` has found no problem.
    """

    def __init__(self, events: Mapping[str, type[Event]], traits: Mapping[str, type[Traits]]) -> None:
        """Hold the events by name, and the traits by the call that carries them."""
        self.events = events
        self.traits = traits

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all planned events, in order of the alphabet."""
        return tuple(sorted(self.events))

    def is_planned(self, call: Mapping[str, object]) -> bool:
        """Whether the plan knows a track call's event; the other five calls are always planned."""
        return call.get("type") != "track" or self._event(call) is not None

    def validate(self, call: Mapping[str, object]) -> list[Problem]:
        """Every problem of the properties or traits of a call; none where the plan says nothing of it."""
        if call.get("type") == "track":
            event = self._event(call)
            return check_values(event, call.get("properties"), "properties") if event else []
        traits = self.traits.get(str(call.get("type")))
        return check_values(traits, *_traits(call)) if traits else []

    def suggest(self, name: str) -> str | None:
        """The planned event that an unplanned name is most likely a misspelling of."""
        return closest(name, self.events)

    def _event(self, call: Mapping[str, object]) -> type[Event] | None:
        name = call.get("event")
        return self.events.get(name) if isinstance(name, str) else None


def collect(module: ModuleType) -> Registry:
    """The plan that the classes of a module make up; those it merely imports are not of its plan."""
    planned = [
        value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__
    ]
    return Registry(
        {event.definition.name: event for event in planned if issubclass(event, Event)},
        {traits.definition.name: traits for traits in planned if issubclass(traits, Traits)},
    )


@cache
def default() -> Registry:
    """The plan of events.py; raises DefinitionError when one of its classes is wrong."""
    return collect(import_module("event_registry.events"))


def _traits(call: Mapping[str, object]) -> tuple[object, *tuple[str, ...]]:
    """The traits of a call, and the keys that lead to them.

    RudderStack's SDKs send those of identify in the context only; with group, the context has the user's.
    """
    context = call.get("context")
    if call.get("type") == "identify" and not call.get("traits") and isinstance(context, dict):
        return context.get("traits"), "context", "traits"
    return call.get("traits"), "traits"
