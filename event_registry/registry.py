"""The tracking plan as a whole, which a call is validated against."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType

from event_registry.calls import Problem
from event_registry.defining import Definition, definition_error
from event_registry.definitions import Event, Traits
from event_registry.validation import Values, closest


class Registry:
    """The events and traits of a plan; iterating gives their definitions, the events first.

    Its methods take calls in which `check_call` has found no problem.
    """

    def __init__(self, events: Mapping[str, type[Event]], traits: Mapping[str, type[Traits]]) -> None:
        """Hold the events by name, and the traits by the call that carries them; raises DefinitionError."""
        self.events = events
        self.traits = traits
        self._values: dict[tuple[str, str], Values] = {
            (each.kind, each.name): Values(each.fields, is_open=each.is_open) for each in self
        }
        for event in events.values():
            _check_successor(event, events)

    def __iter__(self) -> Iterator[Definition]:
        yield from (self.events[name].definition for name in self.names)
        yield from (self.traits[name].definition for name in sorted(self.traits))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all planned events, in order of the alphabet."""
        return tuple(sorted(self.events))

    def is_planned(self, call: Mapping[str, object]) -> bool:
        """Whether the plan knows a track call's event; the other five calls are always planned."""
        return call.get("type") != "track" or self._values_of(call) is not None

    def definition_of(self, call: Mapping[str, object]) -> Definition | None:
        """What the plan says of a call; None where it says nothing."""
        if call.get("type") == "track":
            name = call.get("event")
            event = self.events.get(name) if isinstance(name, str) else None
            return event.definition if event else None
        traits = self.traits.get(str(call.get("type")))
        return traits.definition if traits else None

    def validate(self, call: Mapping[str, object]) -> list[Problem]:
        """Every problem of the properties or traits of a call; none where the plan says nothing of it."""
        values = self._values_of(call)
        if values is None:
            return []
        if call["type"] == "track":
            return values.problems(call.get("properties"), "properties")
        return values.problems(*_traits(call))

    def suggest(self, name: str) -> str | None:
        """The planned event that an unplanned name is most likely a misspelling of."""
        return closest(name, self.events)

    def _values_of(self, call: Mapping[str, object]) -> Values | None:
        kind = call.get("type")
        name = call.get("event") if kind == "track" else kind
        return self._values.get((kind, name)) if isinstance(kind, str) and isinstance(name, str) else None


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


def _check_successor(event: type[Event], events: Mapping[str, object]) -> None:
    deprecated = event.definition.deprecated
    successor = deprecated.successor if deprecated else None
    if successor is not None and (successor not in events or successor == event.definition.name):
        suggestion = closest(successor, events)
        hint = f": did you mean {suggestion}?" if suggestion else ""
        raise definition_error(event, f"the successor {successor!r} must be another event of the plan{hint}")


def _traits(call: Mapping[str, object]) -> tuple[object, *tuple[str, ...]]:
    """The traits of a call, and the keys that lead to them.

    RudderStack's SDKs send those of identify in the context only; with group, the context has the user's.
    """
    context = call.get("context")
    if call.get("type") == "identify" and not call.get("traits") and isinstance(context, dict):
        return context.get("traits"), "context", "traits"
    return call.get("traits"), "traits"
