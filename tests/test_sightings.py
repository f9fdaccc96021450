"""Is what was seen of an unknown event remembered by its types, and by nothing else?"""

import pytest

from event_registry.fields import HASHED, REDACTED, Privacy, Type
from event_registry.protection import REDACTED_TEXT, treated
from event_registry.sightings import MOST_EVENTS, MOST_PROPERTIES, Sightings


def see(*properties: object) -> Sightings:
    """What is remembered of calls with these properties."""
    seen = Sightings()
    for each in properties:
        seen.see({"type": "track", "event": "it.happened", "properties": each}, "web", 1000.0)
    return seen


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a"], Type("string")),
        (["2026-01-31T12:00:00Z"], Type("timestamp")),
        (["2026-01-31T12:00:00Z", "a"], Type("string")),
        ([1], Type("integer")),
        ([1, 1.5], Type("number")),
        ([True], Type("boolean")),
        ([True, 1], None),
        (["a", 1], None),
        ([{}], None),
        ([["a"], []], Type("list", item=Type("string"))),
        ([[1, 1.5, None]], Type("list", item=Type("number"))),
        ([[]], None),
        ([["a"], "a"], None),
        ([["a", 1]], None),
        ([[["a"]]], None),
    ],
)
def test_a_type_takes_all_that_was_seen(values: list[object], kind: Type | None) -> None:
    """If a plan has one that does."""
    seen = see(*({"a": value} for value in values))

    assert seen.events["it.happened"].properties["a"].type == kind


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (["a", 1], "seen as integer and as string: its senders must agree"),
        ([{}], "an object: its parts must be properties of their own"),
        ([["a"], 7], "seen as integer and as list of string: its senders must agree"),
        ([[]], "only seen as an empty list"),
    ],
)
def test_what_has_no_type_has_a_reason(values: list[object], fault: str) -> None:
    """And what to do about it."""
    seen = see(*({"a": value} for value in values))

    assert seen.events["it.happened"].properties["a"].fault == fault


@pytest.mark.parametrize("privacy", [HASHED, REDACTED])
def test_a_protected_value_is_known_by_what_stands_in_its_place(privacy: Privacy) -> None:
    """So that it stays a secret when it is planned."""
    assert privacy.treatment is not None

    seen = see({"a": treated("x", privacy.treatment, b"key")})

    assert REDACTED_TEXT
    assert seen.events["it.happened"].properties["a"].privacy == privacy


def test_a_null_is_not_there() -> None:
    """As everywhere."""
    seen = see({"a": None}, None, "no object", {"a": 1})

    assert (seen.events["it.happened"].calls, seen.events["it.happened"].properties["a"].calls) == (4, 1)


def test_an_event_is_known_by_its_first_moment_and_its_sources() -> None:
    """Whatever the order in which they are read."""
    seen = Sightings()

    for source, received_at in (("web", 2000.0), ("app", 1000.0), ("web", 3000.0)):
        seen.see({"type": "track", "event": "it.happened"}, source, received_at)

    assert (seen.events["it.happened"].first, seen.events["it.happened"].sources) == (1000.0, {"web", "app"})


def test_made_up_names_do_not_fill_the_memory() -> None:
    """Neither of events nor of properties."""
    seen = see({f"p{number}": 1 for number in range(MOST_PROPERTIES + 1)})

    for number in range(MOST_EVENTS + 1):
        seen.see({"type": "track", "event": f"made.up_{number}"}, "web", 1000.0)

    assert len(seen.events["it.happened"].properties) == MOST_PROPERTIES
    assert (len(seen.events), seen.overlooked) == (MOST_EVENTS, 2)
