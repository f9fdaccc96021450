"""Checks values against the fields of a definition, in the words of a Problem."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

import msgspec

from event_registry.calls import Problem, json_path, timestamp_seconds, type_name
from event_registry.fields import Field, Type, number
from event_registry.shape import judged_by_hand, shape
from event_registry.spelling import Spelling

MAX_PROBLEMS = 50  # of one call: the answer to a hostile call stays about as small as the call

_Keys = tuple[str | int, ...]


class Values:
    """What properties or traits must be, made ready to check many of them. A null counts as absent."""

    def __init__(self, fields: Sequence[Field], *, is_open: bool) -> None:
        """Open ones may have other names besides the planned ones."""
        self._fields = {field.name: field for field in fields}
        self._is_open = is_open
        self._by_hand = [(field, _JUDGES[field.type.kind]) for field in judged_by_hand(fields)]

    def problems(self, values: object, *at: str) -> list[Problem]:
        """Every problem of the `values` that stand `at` these keys of a call, up to MAX_PROBLEMS."""
        if values is None:
            values = {}
        if not isinstance(values, dict):
            return [Problem(json_path(at), "invalid_property", f"expected object, found {type_name(values)}")]
        return [*islice(self._find(values, at), MAX_PROBLEMS)]

    def fit(self, values: Any) -> bool:
        """Whether the values surely have no problem, as those of almost every call; others may have none, either."""
        try:
            msgspec.convert(values, self._shape)
        except msgspec.ValidationError:
            return False
        for field, judge in self._by_hand:
            value = values.get(field.name)
            if value is None:
                if field.is_required:
                    return False
            elif judge(field.type, value) is not None:
                return False
        return True

    def _find(self, values: Mapping[str, object], at: _Keys) -> Iterator[Problem]:
        for name, field in self._fields.items():
            value = values.get(name)
            if value is not None:
                for keys, expected, found in _faults(field.type, value, (*at, name)):
                    yield Problem(json_path(keys), "invalid_property", f"expected {expected}, found {type_name(found)}")
            elif field.is_required:
                yield Problem(json_path((*at, name)), "missing_property", "expected a required property, found none")
        if not self._is_open:
            for name, value in values.items():
                if name not in self._fields and value is not None:
                    yield self._unplanned(name, at)

    def _unplanned(self, name: str, at: _Keys) -> Problem:
        complaint = f"the plan has no such property{self._spelling.hint(name)}"
        return Problem(json_path((*at, name)), "unplanned_property", complaint)

    # Each is made for the first call that needs it: a large plan has to be loaded quickly.

    @cached_property
    def _shape(self) -> type[msgspec.Struct]:
        return shape([*self._fields.values()], is_open=self._is_open)

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling(self._fields)


def _faults(kind: Type, value: object, at: _Keys) -> Iterator[tuple[_Keys, str, object]]:
    """Where a value, or an item of a list, is not what it must be: its keys, what is expected, what was found."""
    if kind.item is None:
        if expected := _JUDGES[kind.kind](kind, value):
            yield at, expected, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(kind.item, item, (*at, index))
    else:
        yield at, "list", value


def _string(_kind: Type, value: object) -> str | None:
    return None if isinstance(value, str) else "string"


def _boolean(_kind: Type, value: object) -> str | None:
    return None if isinstance(value, bool) else "boolean"


def _integer(kind: Type, value: object) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return "integer"
    return _too_small(kind, value)


def _number(kind: Type, value: object) -> str | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "number"
    return _too_small(kind, value)


def _too_small(kind: Type, value: float) -> str | None:
    # Asked so that NaN, which JSON does not have but Python does, is too small.
    return None if kind.minimum is None or value >= kind.minimum else f"at least {number(kind.minimum)}"


def _timestamp(_kind: Type, value: object) -> str | None:
    if not isinstance(value, str):
        return "string"
    return None if timestamp_seconds(value) is not None else "ISO 8601 date-time"


def _choice(kind: Type, value: object) -> str | None:
    if isinstance(value, str) and value in kind.choices:
        return None
    *others, last = [f"'{choice}'" for choice in kind.choices]
    return f"{', '.join(others)} or {last}" if others else last


def _list(kind: Type, value: object) -> str | None:
    return next((expected for _, expected, _ in _faults(kind, value, ())), None)


_JUDGES: Mapping[str, Callable[[Type, object], str | None]] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "timestamp": _timestamp,
    "choice": _choice,
    "list": _list,
}
"""What says of a value what it should be instead; None when it is right."""
