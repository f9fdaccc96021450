"""What has changed from one tracking plan to another, and for whom that breaks something.

It breaks something for *senders* when a call that kept the old plan may break the new one. It breaks something for
*destinations*, and for whoever reads there, when an event, a property or its type that they could count on is no longer
certain. A choice more or another minimum breaks nothing there: a text remains a text. What was sent without being
planned is not known here; the history knows it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from event_registry.defining import Definition
from event_registry.fields import Field, Type

_TREATMENTS = {None: "as it was sent", "redact": "redacted", "hash": "as a keyed hash"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different."""

    name: str  # the event; of traits the call
    field: str | None  # the property or trait; None when it is about the whole
    message: str  # follows the name and the field
    breaks_senders: bool = False
    breaks_destinations: bool = False

    @property
    def is_breaking(self) -> bool:
        """Whether it breaks something for anybody."""
        return self.breaks_senders or self.breaks_destinations


def changes(old: Iterable[Definition], new: Iterable[Definition]) -> list[Change]:
    """All that senders or destinations could notice, by name; a reworded description is nothing of that."""
    before = {(each.kind, each.name): each for each in old}
    after = {(each.kind, each.name): each for each in new}
    found: list[Change] = []
    for key in sorted(before.keys() | after.keys(), key=lambda key: (key[0] != "track", key)):
        found += _of_definition(before.get(key), after.get(key))
    return found


def _of_definition(old: Definition | None, new: Definition | None) -> Iterator[Change]:
    if old is None and new is not None:
        required = [field.name for field in new.fields if field.is_required] if new.kind != "track" else []
        demands = f", and requires {', '.join(required)}" if required else ""
        yield Change(new.name, None, f"is new{demands}", breaks_senders=bool(required))
    elif new is None and old is not None:
        yield _removed(old)
    elif old is not None and new is not None:
        yield from _of_whole(old, new)
        before = {field.name: field for field in old.fields}
        after = {field.name: field for field in new.fields}
        for name in before | after:
            yield from _of_field(new, before.get(name), after.get(name))


def _removed(old: Definition) -> Change:
    if old.kind != "track":  # their call is sent as before, with whatever traits
        return Change(old.name, None, "has no planned traits any more", breaks_destinations=True)
    told = f" (deprecated since {old.deprecated.since})" if old.deprecated else ""
    return Change(old.name, None, f"is gone{told}", breaks_senders=True, breaks_destinations=True)


def _of_whole(old: Definition, new: Definition) -> Iterator[Change]:
    name = new.name
    if new.version != old.version:
        meaning = f"is of version {new.version}, not {old.version}: it means something else"
        yield Change(name, None, meaning, breaks_destinations=True)
    yield from _of_destinations(name, old.destinations, new.destinations)
    if new.deprecated and new.deprecated != old.deprecated:
        yield Change(name, None, f"is deprecated. {new.deprecated.sentence}")
    elif old.deprecated and not new.deprecated:
        yield Change(name, None, "is no longer deprecated")
    for what, before, after in (("mode", old.mode, new.mode), ("unplanned mode", old.unplanned, new.unplanned)):
        if before != after:
            yield Change(name, None, f"has the {what} {after or 'of its source'}, not {before or 'of its source'}")


def _of_destinations(name: str, old: tuple[str, ...] | None, new: tuple[str, ...] | None) -> Iterator[Change]:
    if old is None and new is not None:
        yield Change(name, None, f"goes to no other destination than {_list(new)}", breaks_destinations=True)
    elif old is not None and new is None:
        yield Change(name, None, "goes to any destination")
    elif old is not None and new is not None:
        if lost := [each for each in old if each not in new]:
            yield Change(name, None, f"does not go to {_list(lost)} any more", breaks_destinations=True)
        if gained := [each for each in new if each not in old]:
            yield Change(name, None, f"goes to {_list(gained)}, too")


def _of_field(of: Definition, old: Field | None, new: Field | None) -> Iterator[Change]:
    if new is None and old is not None:
        yield Change(of.name, old.name, "is gone", breaks_senders=not of.is_open, breaks_destinations=True)
    elif old is None and new is not None:
        need = "required" if new.is_required else "optional"
        yield Change(of.name, new.name, f"is new, {need}, {new.type.words}", breaks_senders=new.is_required)
    elif old is not None and new is not None:
        yield from _of_both(of.name, old, new)


def _of_both(name: str, old: Field, new: Field) -> Iterator[Change]:
    if new.is_required and not old.is_required:
        yield Change(name, new.name, "is required now", breaks_senders=True)
    if old.is_required and not new.is_required:
        yield Change(name, new.name, "may be absent now", breaks_destinations=True)
    if new.type != old.type:
        yield Change(
            name,
            new.name,
            f"is {new.type.words}, not {old.type.words}",
            breaks_senders=not takes(new.type, old.type),
            breaks_destinations=not takes(_form(old.type), _form(new.type)),
        )
    if new.privacy.treatment != old.privacy.treatment:
        now, before = _TREATMENTS[new.privacy.treatment], _TREATMENTS[old.privacy.treatment]
        yield Change(name, new.name, f"is stored {now}, not {before}", breaks_destinations=True)
    elif new.privacy.level != old.privacy.level:
        yield Change(name, new.name, f"is {new.privacy.level}, not {old.privacy.level}")


def takes(taker: Type, given: Type) -> bool:
    """Whether each value of one type is also one of the other."""
    if taker.item and given.item:
        return takes(taker.item, given.item)
    if taker.kind == "choice":
        return given.kind == "choice" and {*given.choices} <= {*taker.choices}
    if given.kind not in _TAKEN_BY.get(taker.kind, (taker.kind,)):
        return False
    return taker.minimum is None or (given.minimum is not None and given.minimum >= taker.minimum)


_TAKEN_BY: Mapping[str, tuple[str, ...]] = {
    "number": ("number", "integer"),
    "string": ("string", "choice", "timestamp"),
}


def _form(kind: Type) -> Type:
    """What a column of this type would be."""
    if kind.item:
        return Type("list", item=_form(kind.item))
    return Type("string") if kind.kind == "choice" else replace(kind, minimum=None)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none at all"
