"""Is a draft a plan that loads, that takes what was seen, and that pretends to know nothing?"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from event_registry.defining import OBJECT_ACTION, NameConvention
from event_registry.drafting import ENOUGH, draft
from event_registry.fields import HASHED, PERSONAL
from event_registry.loading import plan
from event_registry.protection import treated
from event_registry.registry import Registry, default
from event_registry.sightings import Sightings

HOSTILE = 'x"""\n\\\'; import os\u2028{0}\x00 é🙂'
NAMES = [
    *("class", "copy", "json", "model_fields", "definition", "str", "Timestamp", "Annotated", "_private", "__init__"),
    *("Line Items", "line_items", "Line_Items", "Line-Items", "1st", "größe", "$ref", HOSTILE),
]
ANY_NAME = NameConvention(re.compile(r"(?s).+"), "any")


def seen(*properties: dict[str, object], event: str = "it.was_done", times: int = 1) -> Sightings:
    """What is remembered of calls with these properties."""
    remembered = Sightings()
    for each in [*properties] * times:
        remembered.see({"type": "track", "event": event, "properties": each}, "web", 1_767_225_600.0)
    return remembered


def loaded(folder: Path, text: str) -> Registry:
    """The plan that a draft is."""
    (folder / "draft.py").write_text(text, encoding="utf-8")
    return plan("draft.py", folder)


def test_a_draft_is_what_a_person_would_begin_with() -> None:
    """Names and types are known; the rest says that it is not."""
    calls = [{"invoice_id": "i-1", "paid_at": "2026-01-31T12:00:00Z", "total": 7.5, "payer_email": "a@b.c", "meta": {}}]

    text = draft(seen(*calls, event="invoice.paid", times=ENOUGH), default(), OBJECT_ACTION)

    assert (
        text.partition('"""\n\n')[2]
        == '''from typing import Annotated

from event_registry.definitions import PERSONAL, Event, Timestamp


class InvoicePaid(
    Event,
    name="invoice.paid",
    owner="nobody-yet",
    since="2026-01-01",
    example={"invoice_id": "example", "paid_at": "2026-01-31T12:00:00Z", "total": 1.5, "payer_email": "example"},
):
    """Not described yet: seen 20 times, sent by web."""

    invoice_id: str
    """Not described yet: in 20 of 20 calls."""
    paid_at: Timestamp
    """Not described yet: in 20 of 20 calls."""
    total: float
    """Not described yet: in 20 of 20 calls."""
    payer_email: Annotated[str, PERSONAL]
    """Not described yet: in 20 of 20 calls."""
    # "meta" is left out, an object: its parts must be properties of their own
'''
    )


def test_a_draft_takes_what_was_seen(tmp_path: Path) -> None:
    """It is a plan at once."""
    properties: dict[str, object] = {"a": "x", "b": 1, "c": 1.5, "d": True, "e": ["x"], "f": "2026-01-31T12:00:00Z"}

    found = loaded(tmp_path, draft(seen(properties), default(), OBJECT_ACTION))

    assert found.names == ("it.was_done",)
    assert found.validate({"type": "track", "event": "it.was_done", "properties": properties}) == []


@pytest.mark.parametrize(("times", "is_required"), [(ENOUGH, True), (ENOUGH - 1, False)])
def test_a_property_of_many_calls_and_of_all_is_required(tmp_path: Path, times: int, is_required: bool) -> None:  # noqa: FBT001
    """A few calls prove nothing."""
    found = loaded(tmp_path, draft(seen({"a": "x"}, times=times), default(), OBJECT_ACTION))

    [field] = found.events["it.was_done"].definition.fields
    assert field.is_required is is_required


def test_a_property_that_was_missing_once_is_optional(tmp_path: Path) -> None:
    """However many calls had it."""
    found = loaded(tmp_path, draft(seen({"a": "x"}, {}, times=ENOUGH), default(), OBJECT_ACTION))

    [field] = found.events["it.was_done"].definition.fields
    assert not field.is_required


def test_who_may_know_it_is_guessed_on_the_safe_side(tmp_path: Path) -> None:
    """What names a person is personal; what came hashed stays a secret."""
    calls = seen({"user_email": "a", "pin": treated("1", "hash", b"key")})

    found = loaded(tmp_path, draft(calls, default(), OBJECT_ACTION))

    assert [field.privacy for field in found.events["it.was_done"].definition.fields] == [PERSONAL, HASHED]


@pytest.mark.parametrize("name", NAMES)
def test_a_property_may_have_any_name(tmp_path: Path, name: str) -> None:
    """One that a class cannot have is said in an alias; none of them is run."""
    found = loaded(tmp_path, draft(seen({name: "x", "plain": 1}), default(), OBJECT_ACTION))

    assert [field.name for field in found.events["it.was_done"].definition.fields] == [name, "plain"]


@pytest.mark.parametrize("name", ["", " "])
def test_a_property_without_a_name_is_left_out(tmp_path: Path, name: str) -> None:
    """No plan can have it."""
    text = draft(seen({name: "x"}), default(), OBJECT_ACTION)

    assert f'    # "{name}" is left out, it has no name\n' in text
    assert loaded(tmp_path, text).events["it.was_done"].definition.fields == ()


def test_properties_whose_names_are_nearly_the_same_stay_apart(tmp_path: Path) -> None:
    """All of the odd ones together."""
    found = loaded(tmp_path, draft(seen(dict.fromkeys(NAMES, "x")), default(), OBJECT_ACTION))

    assert [field.name for field in found.events["it.was_done"].definition.fields] == NAMES


@pytest.mark.parametrize("name", ["Event", "str", "Order Completed", "1", "-", HOSTILE])
def test_a_draft_keeps_the_convention_of_the_plan(tmp_path: Path, name: str) -> None:
    """Whatever that allows."""
    found = loaded(tmp_path, draft(seen({"a": "x"}, event=name), Registry({}, {}), ANY_NAME))

    assert found.names == (name,)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("report.craeted", '# "report.craeted", seen once: most likely report.created, misspelt'),
        ("Done", '# "Done", seen once: the name must be object.action in lower case, such as report.created'),
        ("x\nimport os", '# "x\\nimport os", seen once: the name must be object.action'),
    ],
)
def test_an_event_that_cannot_be_planned_is_a_remark(name: str, told: str) -> None:
    """A misspelt name, and one against the convention, are mended where they are sent."""
    text = draft(seen({}, event=name), default(), OBJECT_ACTION)

    assert told in text
    assert "class " not in text.partition('"""\n')[2]
    compile(text, "draft", "exec")


def test_of_two_spellings_of_an_event_the_one_that_is_sent_most_is_drafted(tmp_path: Path) -> None:
    """A plan cannot have both, and senders must agree."""
    calls = seen({}, event="line.item_added")
    for _ in range(2):
        calls.see({"type": "track", "event": "line_item.added"}, "web", 1_767_225_600.0)

    text = draft(calls, default(), OBJECT_ACTION)

    assert '# "line.item_added", seen once: most likely line_item.added, in another spelling' in text
    assert loaded(tmp_path, text).names == ("line_item.added",)


def test_a_draft_is_formatted_as_our_code_is(tmp_path: Path) -> None:
    """So that it can be moved as it stands."""
    text = draft(seen({f"property_{number}": ["x"] for number in range(9)}), default(), OBJECT_ACTION)
    (tmp_path / "draft.py").write_text(text, encoding="utf-8")

    command = [sys.executable, "-m", "ruff", "format", "--check", "--line-length", "120", str(tmp_path / "draft.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_no_value_is_in_a_draft() -> None:
    """It may be shown to anybody."""
    text = draft(seen({"a": "ada@example.com", "b": [4711]}, {"a": "ada@example.com"}), default(), OBJECT_ACTION)

    assert "ada@example.com" not in text
    assert "4711" not in text
