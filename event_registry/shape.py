"""Says what a definition's values must be in the words of msgspec, which looks at them in a sixth of the time."""

import re
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Annotated, Any, Literal

import msgspec

from event_registry.fields import Field, Kind, Type

_CLASSES: Mapping[Kind, Any] = {"string": str, "integer": int, "number": float, "boolean": bool, "timestamp": str}
_LARGEST = 2**53  # from which on a number of JSON may be another one in C
_ODD = re.compile(r'["\\\x00-\x1f]')  # what a name must not have in msgspec


def shape(fields: Sequence[Field], *, is_open: bool) -> type[msgspec.Struct]:
    """A class to which msgspec converts no values that are wrong, but for what is judged by hand; a null is absent.

    It may refuse values that are right: a closed definition's with a null of another name.
    """
    shaped = {f"field{place}": field for place, field in enumerate(fields) if not _ODD.search(field.name)}
    return msgspec.defstruct(
        "Shape",
        [
            (name, _annotation(field.type)) if field.is_required else (name, _annotation(field.type) | None, None)
            for name, field in shaped.items()
        ],
        rename={name: field.name for name, field in shaped.items()},
        kw_only=True,
        forbid_unknown_fields=not is_open,
        gc=False,
    )


def judged_by_hand(fields: Sequence[Field]) -> tuple[Field, ...]:
    """Those of which a shape does not say all."""
    return tuple(field for field in fields if _ODD.search(field.name) or not _is_shaped(field.type))


def _is_shaped(kind: Type) -> bool:
    if kind.item is not None:
        return _is_shaped(kind.item)
    return kind.kind != "timestamp" and _can_say_minimum(kind)


def _can_say_minimum(kind: Type) -> bool:
    return kind.minimum is None or abs(kind.minimum) < _LARGEST


def _annotation(kind: Type) -> Any:
    if kind.item is not None:
        return list[_annotation(kind.item)]  # type: ignore[misc]  # a type that is made at run time
    if kind.choices:
        return Literal[kind.choices]
    plain = _CLASSES[kind.kind]
    if kind.minimum is None or not _can_say_minimum(kind):
        return plain
    return Annotated[plain, msgspec.Meta(ge=ceil(kind.minimum) if plain is int else kind.minimum)]
