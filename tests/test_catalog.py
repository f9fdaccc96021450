"""Does the catalog say all that the plan says, and nothing that the plan does not?"""

import re
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest

from event_registry.catalog.page import Volume, Volumes, render
from event_registry.defining import Definition, Deprecation
from event_registry.fields import HASHED, INTERNAL, PERSONAL, Field, Type
from event_registry.registry import default

HOSTILE = """</script><script>alert("x")</script><!--<style>"'&{{ 7 * 7 }}"""


class Words(HTMLParser):
    """What a reader sees of a page, and which elements it is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: list[tuple[str, Mapping[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All texts, with one space where there is any."""
        return " ".join(" ".join(self.texts).split())

    def ids(self) -> list[str]:
        """The anchors of all entries."""
        return [given["id"] or "" for _, given in self.elements if given.get("class") == "entry"]


def event(name: str = "report.created", **said: object) -> Definition:
    """An event that says little, but for what is given."""
    told = {"description": "It happened.", "owner": "team", "since": "2026-01-31", "version": 1, "example": {}}
    return Definition(kind="track", name=name, **{**told, **said})  # type: ignore[arg-type]  # of any kind


def test_every_definition_of_the_plan_has_an_entry() -> None:
    """Events, and the traits of identify and group."""
    ids = Words(render(default())).ids()

    assert ids == [*default().names, "traits-of-group", "traits-of-identify"]


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        (event(description="A user saved it."), "A user saved it."),
        (event(owner="reporting"), "Owner reporting"),
        (event(since="2025-03-03"), "Since 2025-03-03"),
        (event(version=3), "Version 3"),
        (event(), "Goes to any destination"),
        (event(destinations=("crm", "segment")), "Goes to crm, segment"),
        (event(destinations=()), "Goes to no destination"),
        (event(mode="warn"), "A call that breaks it accepted with a warning"),
        (event(unplanned="off"), "A call with other properties accepted, nobody looks"),
        (event(example={"a": "Zoë"}), 'Example: {"a": "Zoë"}'),
        (event(deprecated=Deprecation("2026-06-01", reason="It is old.")), "Deprecated. Since 2026-06-01: It is old."),
    ],
)
def test_an_entry_says_what_its_definition_says(definition: Definition, told: str) -> None:
    """In words that a reader without the code understands."""
    assert told in Words(render([definition])).text


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (Field("a", Type("string"), "The id.", is_required=True), "a required string The id."),
        (Field("a", Type("integer", 0), "How many.", is_required=False), "a optional integer, 0 or more How many."),
        (Field("a", Type("choice", choices=("x", "y")), "Which.", is_required=True), 'one of "x", "y" Which.'),
        (Field("a", Type("list", item=Type("timestamp")), "When.", is_required=True), "list of timestamp When."),
        (Field("a", Type("number"), "It.", is_required=True, examples=(1.5, 2)), "It. Such as 1.5 , 2"),
        (Field("a", Type("number"), "It.", is_required=True, privacy=INTERNAL), "It. internal"),
        (Field("a", Type("string"), "It.", is_required=True, privacy=PERSONAL), "It. personal"),
        (Field("a", Type("string"), "It.", is_required=True, privacy=HASHED), "It. secret: nobody may read it"),
    ],
)
def test_an_entry_describes_each_property(field: Field, told: str) -> None:
    """Its name, whether it must be there, its type, its meaning, examples, and who may know it."""
    assert told in Words(render([event(fields=(field,))])).text


def test_a_deprecated_event_leads_to_its_successor() -> None:
    """By a link within the page."""
    old = event("report.made", deprecated=Deprecation("2026-06-01", successor="report.created"))

    links = [given.get("href") for tag, given in Words(render([event(), old])).elements if tag == "a"]

    assert links.count("#report.created") == 2


def test_volumes_are_shown_when_there_are_some() -> None:
    """Also of what nobody has sent."""
    volumes = Volumes("2026-01-24", {("track", "report.created"): Volume(12_345, 6)})

    text = Words(render([event(), event("report.opened")], volumes)).text

    assert "Since 2026-01-24 12,345 accepted, 6 in quarantine" in text
    assert "Since 2026-01-24 0 accepted, 0 in quarantine" in text


def test_without_a_store_nothing_is_said_of_volumes() -> None:
    """A 0 would be a lie."""
    text = Words(render([event()])).text

    assert "accepted" not in text.partition("Events")[2].partition('"use strict"')[0]


def test_nothing_of_the_plan_becomes_an_element() -> None:
    """Whatever an author writes is text, in attributes and examples, too."""
    field = Field(HOSTILE, Type("choice", choices=(HOSTILE,)), HOSTILE, is_required=True, examples=(HOSTILE,))
    evil = event(
        HOSTILE,
        description=HOSTILE,
        owner=HOSTILE,
        destinations=(HOSTILE,),
        example={HOSTILE: HOSTILE},
        deprecated=Deprecation("2026-06-01", HOSTILE, HOSTILE),
        fields=(field,),
    )
    tame = event(fields=(Field("a", Type("string"), "It.", is_required=True, examples=("b",)),))

    page = Words(render([evil], Volumes(HOSTILE)))

    count = [tag for tag, _ in page.elements].count
    assert (count("script"), count("style"), count("details")) == (1, 1, 1)
    assert {name for _, given in page.elements for name in given} == {
        name for _, given in Words(render([tame])).elements for name in given
    }
    assert HOSTILE.split(maxsplit=1)[0] in page.text


def test_two_names_never_share_an_anchor() -> None:
    """Though an anchor has fewer signs to be made of than a name."""
    ids = Words(render([event("Report Created"), event("Report_Created"), event("Report/Created")])).ids()

    assert ids == ["Report_Created", "Report_Created-2", "Report_Created-3"]


def test_an_event_does_not_share_its_anchor_with_the_page() -> None:
    """A link to an event called `search` would lead to the field to search in."""
    page = render([event("search"), event("events")])

    assert Words(page).ids() == ["search-2", "events-2"]


def test_the_page_loads_nothing() -> None:
    """It may be opened from a disk, and says so itself: whatever else it held would be blocked."""
    page = render(default())

    elements = Words(page).elements
    [policy] = [given["content"] for _, given in elements if given.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; base-uri 'none'; form-action 'none'; "
        r"script-src 'sha256-[\w+/]{43}='; style-src 'sha256-[\w+/]{43}='",
        policy,
    )
    assert [tag for tag, given in elements if {"src", "srcset", "style", "onclick"} & {*given}] == []


def test_the_same_plan_gives_the_same_page() -> None:
    """Byte for byte: it can be committed, and nothing in it is a moment."""
    assert render(default()) == render(default())
