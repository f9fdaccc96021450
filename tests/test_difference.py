"""What does a change of the plan break, and for whom?"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_registry.defining import Definition, Deprecation
from event_registry.difference import Change, changes, takes
from event_registry.fields import HASHED, PERSONAL, REDACTED, Field, Type
from event_registry.validation import Values

STRING, INTEGER, NUMBER, TIMESTAMP = Type("string"), Type("integer"), Type("number"), Type("timestamp")
AB, ABC = Type("choice", choices=("a", "b")), Type("choice", choices=("a", "b", "c"))

BOTH, SENDERS, DESTINATIONS, NOBODY = "both", "senders", "destinations", "nobody"


def event(*fields: Field, **said: Any) -> Definition:
    """An event with these properties."""
    told = {"name": "report.created", "description": "It happened.", "owner": "team", "since": "2026-01-31"}
    return Definition("track", version=said.pop("version", 1), example={}, fields=fields, **{**told, **said})


def traits(*fields: Field, **said: Any) -> Definition:
    """Those of group."""
    return replace(event(*fields, **said), kind="group", name="group")


def prop(kind: Type = STRING, *, required: bool = False, **said: Any) -> Field:
    """A property named `a`."""
    return Field("a", kind, "It.", required, **said)


def broken(change: Change) -> str:
    """For whom it breaks something."""
    match change.breaks_senders, change.breaks_destinations:
        case (True, True):
            return BOTH
        case (True, False):
            return SENDERS
        case (False, True):
            return DESTINATIONS
        case _:
            return NOBODY


@pytest.mark.parametrize(
    ("old", "new", "message", "whom"),
    [
        (None, event(), "is new", NOBODY),
        (event(), None, "is gone", BOTH),
        (event(deprecated=Deprecation("2026-01-01")), None, "is gone (deprecated since 2026-01-01)", BOTH),
        (None, traits(prop()), "is new", NOBODY),
        (None, traits(prop(required=True)), "is new, and requires a", SENDERS),
        (traits(), None, "has no planned traits any more", DESTINATIONS),
        (traits(unplanned="reject"), None, "has no planned traits any more", DESTINATIONS),
        (event(), event(version=2), "is of version 2, not 1: it means something else", DESTINATIONS),
        (event(), event(destinations=("crm",)), "goes to no other destination than crm", DESTINATIONS),
        (event(), event(destinations=()), "goes to no other destination than none at all", DESTINATIONS),
        (event(destinations=("crm",)), event(), "goes to any destination", NOBODY),
        (event(destinations=("crm",)), event(destinations=("crm", "dwh")), "goes to dwh, too", NOBODY),
        (event(destinations=("crm", "dwh")), event(destinations=("crm",)), "does not go to dwh any more", DESTINATIONS),
        (event(), event(mode="warn"), "has the mode warn, not of its source", NOBODY),
        (event(unplanned="off"), event(), "has the unplanned mode of its source, not off", NOBODY),
        (
            event(),
            event(deprecated=Deprecation("2026-01-01", reason="It is old.")),
            "is deprecated. Since 2026-01-01: It is old.",
            NOBODY,
        ),
        (event(deprecated=Deprecation("2026-01-01")), event(), "is no longer deprecated", NOBODY),
    ],
)
def test_a_change_of_the_whole(old: Definition | None, new: Definition | None, message: str, whom: str) -> None:
    """Senders lose what they may send, destinations what they could count on."""
    [change] = changes([old] if old else [], [new] if new else [])

    assert (change.message, broken(change)) == (message, whom)


@pytest.mark.parametrize(
    ("old", "new", "message", "whom"),
    [
        (event(), event(prop()), "is new, optional, string", NOBODY),
        (event(), event(prop(required=True)), "is new, required, string", SENDERS),
        (event(prop()), event(), "is gone", BOTH),
        (traits(prop()), traits(), "is gone", DESTINATIONS),
        (traits(prop(), unplanned="warn"), traits(unplanned="warn"), "is gone", BOTH),
        (traits(), traits(prop()), "is new, optional, string", NOBODY),
        (event(prop()), event(prop(required=True)), "is required now", SENDERS),
        (event(prop(required=True)), event(prop()), "may be absent now", DESTINATIONS),
        (event(prop(STRING)), event(prop(INTEGER)), "is integer, not string", BOTH),
        (event(prop(INTEGER)), event(prop(NUMBER)), "is number, not integer", DESTINATIONS),
        (event(prop(NUMBER)), event(prop(INTEGER)), "is integer, not number", SENDERS),
        (event(prop(AB)), event(prop(ABC)), 'is one of "a", "b", "c", not one of "a", "b"', NOBODY),
        (event(prop(ABC)), event(prop(AB)), 'is one of "a", "b", not one of "a", "b", "c"', SENDERS),
        (event(prop(STRING)), event(prop(AB)), 'is one of "a", "b", not string', SENDERS),
        (event(prop(AB)), event(prop(STRING)), 'is string, not one of "a", "b"', NOBODY),
        (event(prop(TIMESTAMP)), event(prop(STRING)), "is string, not timestamp", DESTINATIONS),
        (event(prop(STRING)), event(prop(TIMESTAMP)), "is timestamp, not string", SENDERS),
        (event(prop(INTEGER)), event(prop(Type("integer", 0.0))), "is integer, 0 or more, not integer", SENDERS),
        (event(prop(Type("integer", 0.0))), event(prop(INTEGER)), "is integer, not integer, 0 or more", NOBODY),
        (event(prop(privacy=PERSONAL)), event(prop()), "is public, not personal", NOBODY),
        (event(prop()), event(prop(privacy=HASHED)), "is stored as a keyed hash, not as it was sent", DESTINATIONS),
        (
            event(prop(privacy=HASHED)),
            event(prop(privacy=REDACTED)),
            "is stored redacted, not as a keyed hash",
            DESTINATIONS,
        ),
        (event(prop(privacy=HASHED)), event(prop()), "is stored as it was sent, not as a keyed hash", DESTINATIONS),
    ],
)
def test_a_change_of_a_property(old: Definition, new: Definition, message: str, whom: str) -> None:
    """Narrower breaks senders, wider breaks destinations, unless the value's form stays what it was."""
    [change] = changes([old], [new])

    assert (change.field, change.message, broken(change)) == ("a", message, whom)


def test_words_alone_are_no_change() -> None:
    """Descriptions, owners, dates and examples: nobody who sends or reads could notice."""
    new = event(prop(examples=("y",)), owner="other", since="2026-02-28", description="It did.")

    assert changes([event(prop(examples=("x",)))], [new]) == []


def test_changes_come_by_name_the_events_first() -> None:
    """Whatever the order of the plans."""
    names = [change.name for change in changes([traits(prop())], [event(name="b.done"), event(name="a.done")])]

    assert names == ["a.done", "b.done", "group"]


@pytest.mark.parametrize(
    ("taker", "given", "does"),
    [
        (STRING, STRING, True),
        (STRING, AB, True),
        (STRING, TIMESTAMP, True),
        (TIMESTAMP, AB, False),
        (AB, STRING, False),
        (NUMBER, INTEGER, True),
        (Type("number", 0.0), Type("integer", 1.0), True),
        (Type("number", 2.0), Type("integer", 1.0), False),
        (Type("list", item=STRING), Type("list", item=AB), True),
        (Type("list", item=AB), Type("list", item=STRING), False),
        (Type("list", item=STRING), STRING, False),
        (STRING, Type("list", item=STRING), False),
    ],
)
def test_a_type_takes_each_value_of_a_narrower_one(taker: Type, given: Type, does: bool) -> None:  # noqa: FBT001
    """And of no wider one."""
    assert takes(taker, given) is does


MINIMA = st.sampled_from([None, 0.0, 2.0])
SIMPLE = st.one_of(
    st.sampled_from([STRING, TIMESTAMP, Type("boolean"), AB, ABC]),
    st.builds(Type, st.sampled_from(["integer", "number"]), MINIMA),
)
TYPES = st.one_of(SIMPLE, st.builds(lambda item: Type("list", item=item), SIMPLE))
VALUES = st.one_of(
    *(st.sampled_from(["a", "c", "x", "2026-01-31T12:00:00Z"]), st.booleans(), st.sampled_from([-1, 0, 1, 2, 3])),
    st.sampled_from([-1.5, 0.0, 0.5, 2.5]),
    st.lists(st.sampled_from(["a", "c", 0, 3, 2.5, True, "2026-01-31T12:00:00Z"]), max_size=2),
)


@given(TYPES, TYPES, VALUES)
def test_what_breaks_no_sender_is_accepted_by_the_new_plan(old: Type, new: Type, value: object) -> None:
    """Whatever the old one accepted: the API judges with the same rules."""

    def accepts(kind: Type) -> bool:
        return not Values([prop(kind)], is_open=False).problems({"a": value}, "properties")

    assert accepts(new) or not accepts(old) or not takes(new, old)
