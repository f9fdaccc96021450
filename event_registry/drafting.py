"""Writes definitions of events that were seen and are not planned, for their owners to go on from."""

import keyword
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from event_registry.defining import OBJECT_ACTION, TAKEN, NameConvention
from event_registry.fields import Type
from event_registry.generate.naming import pascal
from event_registry.generate.text import quoted
from event_registry.registry import Registry
from event_registry.sightings import Property, Sighting, Sightings
from event_registry.spelling import plainly

ENOUGH = 20  # calls: a property that was in so many, and in all of them, is taken for required
OWNER = "nobody-yet"
_WIDTH = 120  # columns

_USED = (
    *("Annotated", "Event", "Field", "HASHED", "NAMES", "NameConvention", "PERSONAL", "REDACTED", "Timestamp", "re"),
    *("bool", "definition", "float", "int", "list", "str"),
)
"""The names that the draft itself needs, and that no class or property may take from it."""
_TYPES = {"string": "str", "timestamp": "Timestamp", "integer": "int", "number": "float", "boolean": "bool"}
_EXAMPLES = {
    "string": '"example"',
    "timestamp": '"2026-01-31T12:00:00Z"',
    "integer": "1",
    "number": "1.5",
    "boolean": "True",
}
_PERSONAL = re.compile(r"e-?mail|phone|address|birth|(first|last|full|user)_?name", re.IGNORECASE)
_TREATMENTS = {"redact": "REDACTED", "hash": "HASHED"}

_OPENING = '''"""Events that were seen and are not planned: a draft.

It loads as it is. What it cannot know stands in it as a placeholder: the owner, what happened, what each property
means, the examples, who may know it. Move each class to events.py when that is filled in, and release what is in
quarantine.
"""
'''


def draft(seen: Sightings, plan: Registry, convention: NameConvention) -> str:
    """A module of Python with a class for each event that can have one, and a remark for each that cannot."""
    taken = {*_USED}
    classes, remarks = [], []
    found = faults(seen, plan, convention)
    for name, sighting in sorted(seen.events.items()):
        if fault := found.get(name):
            remarks.append(f"# {quoted(name)}, seen {_times(sighting.calls)}: {fault}")
        else:
            classes.append("\n".join(_class(name, sighting, taken)))
    if seen.overlooked:
        remarks.append(f"# There were more: {_times(seen.overlooked)} something that found no room here.")
    body = "\n\n\n".join([*classes, *(["\n".join(remarks)] if remarks else [])])
    imports = _imports(body, convention)
    return "\n".join([_OPENING, *([imports, "", ""] if imports else []), body, ""])


def faults(seen: Sightings, plan: Registry, convention: NameConvention) -> dict[str, str]:
    """Why some of the events can have no definition; of several spellings of one name, the one sent most can."""
    found = {name: fault for name in seen.events if (fault := _fault(name, plan, convention))}
    good = sorted((name for name in seen.events if name not in found), key=lambda name: seen.events[name].calls)
    most = {plainly(name) or name: name for name in good}
    others = {name: most[plainly(name) or name] for name in good}
    return found | {
        name: f"most likely {other}, in another spelling" for name, other in others.items() if other != name
    }


def _fault(name: str, plan: Registry, convention: NameConvention) -> str | None:
    """Why an event has no definition."""
    if suggestion := plan.suggest(name):
        return f"most likely {suggestion}, misspelt"
    if not convention.pattern.fullmatch(name):
        return f"the name must be {convention.meaning}"
    return None


def _imports(body: str, convention: NameConvention) -> str:
    has_convention = convention is not OBJECT_ACTION
    used = {name for name in ("HASHED", "PERSONAL", "REDACTED") if f", {name}]" in body}
    used |= {"Timestamp"} if "Timestamp" in body else set()
    used |= {"Event"} if "class " in body else set()
    used |= {"NameConvention"} if has_convention else set()
    standard = ["import re"] if has_convention else []
    standard += ["from typing import Annotated"] if "Annotated[" in body else []
    blocks = [standard, ["from pydantic import Field"] if "Field(" in body else []]
    blocks += [[f"from event_registry.definitions import {', '.join(_sorted(used))}"] if used else []]
    if has_convention:
        pattern, meaning = quoted(convention.pattern.pattern), quoted(convention.meaning)
        blocks += [[f"NAMES = NameConvention(re.compile({pattern}), {meaning})"]]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _sorted(names: Iterable[str]) -> list[str]:
    """The constants first, as ruff has imports."""
    return sorted(names, key=lambda name: (not name.isupper(), name))


def _class(name: str, seen: Sighting, taken: set[str]) -> Iterator[str]:
    fields = dict(_fields(seen))
    example = [f"{quoted(key)}: {_example(kind)}" for key, kind in fields.items()]
    yield f"class {_unique(pascal(name), taken)}("
    yield "    Event,"
    yield f"    name={quoted(name)},"
    yield f'    owner="{OWNER}",'
    yield f'    since="{datetime.fromtimestamp(seen.first, UTC).date()}",'
    if len(one_line := f"    example={{{', '.join(example)}}},") <= _WIDTH:
        yield one_line
    else:
        yield from ("    example={", *(f"        {each}," for each in example), "    },")
    yield "):"
    sources = ", ".join(sorted(seen.sources))
    yield f'    """Not described yet: seen {_times(seen.calls)}, sent by {sources}."""'
    identifiers = {*_USED}
    if seen.properties:
        yield ""
    for key, kind in fields.items():
        yield from _field(key, kind, seen.properties[key], seen.calls, identifiers)
    for key, found in seen.properties.items():
        if key not in fields:
            yield f"    # {quoted(key)} is left out, {found.fault if key.strip() else 'it has no name'}"


def _fields(seen: Sighting) -> Iterator[tuple[str, Type]]:
    for name, found in seen.properties.items():
        if name.strip() and (kind := found.type):
            yield name, kind


def _field(name: str, kind: Type, found: Property, calls: int, identifiers: set[str]) -> Iterator[str]:
    is_required = found.calls == calls >= ENOUGH
    identifier = _unique(_identifier(name), identifiers)
    annotation = _spelling(kind) if is_required else f"{_spelling(kind)} | None"
    if found.privacy and found.privacy.treatment:
        annotation = f"Annotated[{annotation}, {_TREATMENTS[found.privacy.treatment]}]"
    elif _PERSONAL.search(name):
        annotation = f"Annotated[{annotation}, PERSONAL]"
    default = "" if is_required else " = None"
    if identifier != name:
        default = f" = Field({'' if is_required else 'default=None, '}alias={quoted(name)})"
    yield f"    {identifier}: {annotation}{default}"
    yield f'    """Not described yet: in {found.calls} of {calls} calls."""'


def _spelling(kind: Type) -> str:
    return f"list[{_spelling(kind.item)}]" if kind.item else _TYPES[kind.kind]


def _example(kind: Type) -> str:
    return f"[{_example(kind.item)}]" if kind.item else _EXAMPLES[kind.kind]


def _identifier(name: str) -> str:
    """The property's own name, if a class can have it; else one that it can."""
    plain = re.sub(r"\W+", "_", name).strip("_")
    if not plain.isidentifier():
        plain = f"property_{plain}".rstrip("_")
    is_taken = keyword.iskeyword(plain) or plain in TAKEN or plain.startswith("model_")
    return f"{plain}_" if is_taken else plain


def _unique(wish: str, taken: set[str]) -> str:
    name, number = wish, 2
    while name in taken:
        name, number = f"{wish}_{number}", number + 1
    taken.add(name)
    return name


def _times(calls: int) -> str:
    return "once" if calls == 1 else f"{calls} times"
