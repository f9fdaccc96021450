"""The tracking plan as a whole, which a call is validated against."""

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from traceback import extract_tb
from types import ModuleType
from typing import Any, NamedTuple

from event_registry.calls import PlainCall, Problem
from event_registry.defining import Definition, DefinitionError, definition_error
from event_registry.definitions import Event, Traits
from event_registry.protection import Protection
from event_registry.spelling import Spelling, plainly
from event_registry.validation import Values


class Planned(NamedTuple):
    """What the plan says of a call."""

    definition: Definition
    values: Values

    def fits(self, call: Mapping[str, object]) -> bool:
        """Whether the call surely has no problem, as almost every one; others may have none, either."""
        values = call.get("properties") if self.definition.kind == "track" else _traits(call)[0]
        return self.values.fit({} if values is None else values)

    def problems(self, call: Mapping[str, object]) -> list[Problem]:
        """Every problem of the call's properties or traits."""
        if self.definition.kind == "track":
            return self.values.problems(call.get("properties"), "properties")
        return self.values.problems(*_traits(call))


class Registry:
    """The events and traits of a plan; iterating gives their definitions, the events first.

    Its methods take calls in which `check_call` has found no problem.
    """

    def __init__(self, events: Mapping[str, type[Event]], traits: Mapping[str, type[Traits]]) -> None:
        """Hold the events by name, and the traits by the call that carries them; raises DefinitionError."""
        self.events = events
        self.traits = traits
        planned = [Planned(each, Values(each.fields, is_open=each.is_open)) for each in self]
        self._events = {each.definition.name: each for each in planned if each.definition.kind == "track"}
        self._traits = {each.definition.name: each for each in planned if each.definition.kind != "track"}
        self._simple = {name: each.values for name, each in self._events.items() if _is_simple(each.definition)}
        classes: list[type[Event | Traits]] = [*events.values(), *traits.values()]
        for cls in classes:
            _check_successor(cls, events)
        _check_spellings(events.values())

    def __iter__(self) -> Iterator[Definition]:
        yield from (self.events[name].definition for name in self.names)
        yield from (self.traits[name].definition for name in sorted(self.traits))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all planned events, in order of the alphabet."""
        return tuple(sorted(self.events))

    def is_planned(self, call: Mapping[str, object]) -> bool:
        """Whether the plan knows a track call's event; the other five calls are always planned."""
        return call.get("type") != "track" or self.look_up(call) is not None

    def look_up(self, call: Mapping[str, object]) -> Planned | None:
        """What the plan says of a call; None where it says nothing."""
        kind = call.get("type")
        if kind == "track":
            name = call.get("event")
            return self._events.get(name) if isinstance(name, str) else None
        return self._traits.get(kind) if isinstance(kind, str) else None

    def validate(self, call: Mapping[str, object]) -> list[Problem]:
        """Every problem of the properties or traits of a call; none where the plan says nothing of it."""
        planned = self.look_up(call)
        return planned.problems(call) if planned else []

    def passes(self, plain: PlainCall, call: Mapping[str, object]) -> bool:
        """Whether a plain call surely keeps the plan and has no secret in it, as almost every one; others may do so."""
        values = self._simple.get(plain.event) if plain.event is not None and plain.type == "track" else None
        if values is None or plain.traits is not None or (plain.context and plain.context.traits is not None):
            return False
        return values.fit(call.get("properties") or {})

    def kept_from(self, names: Collection[str]) -> frozenset[str]:
        """The events, and types of other calls, that may not go to a destination with these names (lower case)."""
        return frozenset(
            each.name
            for each in self
            if each.destinations is not None and not {name.lower() for name in each.destinations} & {*names}
        )

    def suggest(self, name: str) -> str | None:
        """The planned event that an unplanned name is most likely a misspelling of."""
        return self._spelling.closest(name)

    def unplanned(self, name: str) -> Problem:
        """What is wrong with a track call whose event has this name, which the plan does not know."""
        return Problem("$.event", "unplanned_event", f"the plan has no such event{self._spelling.hint(name)}")

    def protect(self, call: dict[str, Any], key: bytes) -> dict[str, Any]:
        """The call as it may be stored: what the plan declares secret is redacted, or hashed under `key`."""
        return self._protection.protect(call, key)

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling(self.names)

    @cached_property
    def _protection(self) -> Protection:
        return Protection(self)


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
    """The plan of events.py; raises DefinitionError when it, or one of its classes, is wrong."""
    return load("event_registry.events")


def load(name: str) -> Registry:
    """The plan of the module with this name; raises DefinitionError when it, or one of its classes, is wrong."""
    was_on = gc.isenabled()
    gc.disable()  # it would look through a large plan again and again, of which nothing can go: a quarter of the time
    try:
        return collect(_imported(name))
    finally:
        if was_on:
            gc.enable()


def _imported(name: str) -> ModuleType:
    """The module; what is wrong with the Python in it is one line, as what is wrong with a class is."""
    try:
        return import_module(name)
    except DefinitionError:
        raise
    except SyntaxError as error:
        raise DefinitionError(f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}") from error
    except Exception as error:
        file = name.rpartition(".")[2] + ".py"
        places = [f"{each.filename}:{each.lineno}" for each in extract_tb(error.__traceback__)]
        where = next((place for place in reversed(places) if f"/{file}:" in place), name)
        raise DefinitionError(f"{where}: {type(error).__name__}: {error}") from error


def _is_simple(definition: Definition) -> bool:
    """Whether there is nothing to say of an event that keeps the plan, and nothing to protect in it."""
    return not definition.deprecated and not any(field.privacy.treatment for field in definition.fields)


def _check_spellings(events: Iterable[type[Event]]) -> None:
    """Raises DefinitionError for two events whose names differ in signs and case only, unless one is deprecated."""
    seen: dict[str, Definition] = {}
    for cls in events:
        own = cls.definition
        other = own if own.deprecated else seen.setdefault(plainly(own.name) or own.name, own)
        if other is not own:
            raise definition_error(cls, f"the name {own.name} is {other.name} in another spelling: have one of them")


def _check_successor(cls: type[Event | Traits], events: Mapping[str, type[Event]]) -> None:
    definition = cls.definition
    successor = definition.deprecated.successor if definition.deprecated else None
    if successor is None:
        return
    if successor not in events or successor == definition.name:
        hint = Spelling(name for name in events if name != definition.name).hint(successor)
        raise definition_error(cls, f"the successor {successor!r} must be another event of the plan{hint}")
    if events[successor].definition.deprecated:
        raise definition_error(cls, f"the successor {successor!r} is deprecated itself: name what is sent today")


def _traits(call: Mapping[str, object]) -> tuple[object, *tuple[str, ...]]:
    """The traits of a call, and the keys that lead to them.

    RudderStack's SDKs send those of identify in the context only; with group, the context has the user's.
    """
    context = call.get("context")
    if call.get("type") == "identify" and not call.get("traits") and isinstance(context, dict):
        return context.get("traits"), "context", "traits"
    return call.get("traits"), "traits"
