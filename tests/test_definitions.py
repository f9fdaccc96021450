"""Which definitions does the tracking plan refuse, and what does their author get to read?"""

import re
from typing import Any

import pytest
from pydantic import ConfigDict, field_validator

from event_registry.definitions import Definition, DefinitionError, Deprecation, Event, Traits
from event_registry.fields import Field, Type

SINCE: dict[str, Any] = {"since": "2026-01-31", "example": {}}


def test_a_definition_says_what_it_is() -> None:
    """The class keeps its name, owner, description and example for whoever reads the plan."""

    class PageRead(Event, name="page.read", owner="docs", since="2026-01-31", example={"page_id": "p-1"}):
        """A reader reached the end of a page."""

        page_id: str
        """The page's id."""

    assert PageRead.definition == Definition(
        kind="track",
        name="page.read",
        description="A reader reached the end of a page.",
        owner="docs",
        since="2026-01-31",
        version=1,
        example={"page_id": "p-1"},
        fields=(Field("page_id", Type("string"), "The page's id.", is_required=True, examples=("p-1",)),),
    )


def test_a_definition_may_say_more() -> None:
    """Where it may go, what becomes of it when it breaks the plan, and that it is on its way out."""
    deprecated = Deprecation(since="2026-02-01", reason="Nobody printed.")

    class PagePrinted(
        Event,
        name="page.put_on_paper",
        owner="docs",
        since="2026-01-31",
        version=2,
        example={},
        destinations=("crm",),
        deprecated=deprecated,
        mode="warn",
        unplanned="off",
    ):
        """A reader printed a page."""

    definition = PagePrinted.definition
    assert definition.description == "A reader printed a page."
    assert (definition.version, definition.destinations, definition.deprecated) == (2, ("crm",), deprecated)
    assert (definition.mode, definition.unplanned) == ("warn", "off")


def test_an_event_may_have_no_properties() -> None:
    """Its name can be all there is to say."""

    class UserSignedOut(Event, name="user.signed_out", owner="docs", since="2026-01-31", example={}):
        """A user signed out."""

    assert UserSignedOut.definition.example == {}


@pytest.mark.parametrize(
    "name",
    ["", "report", "Report Created", "report.Created", "report..created", ".created", "report.", "1a.b", "a.b\n"],
)
def test_a_name_is_object_dot_action(name: str) -> None:
    """Lower case with dots between; the error names the class and shows a good name."""
    with pytest.raises(
        DefinitionError, match=r"Misnamed: the name .* must be object\.action .* such as report\.created"
    ):

        class Misnamed(Event, name=name, owner="docs", since="2026-01-31", example={}):
            """An event with a bad name."""


def test_an_event_has_a_docstring() -> None:
    """Nobody can use an event of which nobody knows when it happens."""
    with pytest.raises(DefinitionError, match=r"Silent: the docstring is missing"):

        class Silent(Event, name="page.hidden", owner="docs", since="2026-01-31", example={}):
            pass


@pytest.mark.parametrize("docstring", ["It happened", "It happened.\n\nTwice.", "It happened. Then it stopped."])
def test_a_docstring_is_one_sentence(docstring: str) -> None:
    """It fits on the line of a catalog."""
    with pytest.raises(DefinitionError, match=r"Verbose: the docstring must be one sentence, with its full stop"):

        class Verbose(Event, name="page.hidden", owner="docs", since="2026-01-31", example={}):
            __doc__ = docstring


def test_an_event_has_an_owner() -> None:
    """Questions need somebody who answers them."""
    with pytest.raises(DefinitionError, match=r"Orphan: the owner is missing"):

        class Orphan(Event, name="page.hidden", example={}):
            """An event of nobody."""


def test_an_event_has_an_example() -> None:
    """Documentation and generated clients are tested with it."""
    with pytest.raises(DefinitionError, match=r"Abstract: the example is missing"):

        class Abstract(Event, name="page.hidden", owner="docs", since="2026-01-31"):
            """An event that nobody has seen."""


def test_an_example_keeps_the_definition() -> None:
    """The error says where the example breaks it."""
    with pytest.raises(
        DefinitionError, match=r"Wrong: the example .* \$\.example\.page_id: expected string, found int"
    ):

        class Wrong(Event, name="page.hidden", owner="docs", since="2026-01-31", example={"page_id": 7}):
            """An event with a bad example."""

            page_id: str
            """The page's id."""


def test_a_name_is_defined_once() -> None:
    """The error names the class that has it already."""

    class First(Event, name="page.printed", owner="docs", since="2026-01-31", example={}):
        """A reader printed a page."""

    with pytest.raises(DefinitionError, match=r"Second: page\.printed is defined by First already"):

        class Second(Event, name="page.printed", owner="docs", since="2026-01-31", example={}):
            """A reader printed a page, said twice."""

    assert First.definition.name == "page.printed"


@pytest.mark.parametrize("since", [None, "2026", "31.01.2026", "2026-02-30", 20260131])
def test_an_event_has_a_date(since: Any) -> None:
    """From when on it can be counted."""
    with pytest.raises(DefinitionError, match=r"Ageless: since must be the date .* since=\"2026-01-31\""):

        class Ageless(Event, name="page.hidden", owner="docs", since=since, example={}):
            """An event of any time."""


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"version": 0}, "the version must be 1 or more"),
        ({"version": "2"}, "the version must be 1 or more"),
        ({"destinations": "crm"}, 'destinations must be a tuple of names, as in destinations=("crm",)'),
        ({"destinations": (7,)}, 'destinations must be a tuple of names, as in destinations=("crm",)'),
        ({"mode": "reject"}, "mode must be one of enforce, quarantine, warn, off"),
        ({"unplanned": ""}, "unplanned must be one of reject, quarantine, warn, off"),
        ({"deprecated": "2026-01-31"}, "deprecated must be a Deprecation with a date"),
        ({"deprecated": Deprecation("soon")}, "deprecated must be a Deprecation with a date"),
        ({"onwer": "docs"}, "there is no keyword onwer, only deprecated, destinations, example, mode, owner"),
    ],
)
def test_what_a_definition_says_can_be_understood(said: dict[str, Any], fault: str) -> None:
    """A slip in a keyword is found before it changes what is stored."""
    with pytest.raises(DefinitionError, match=f"Odd: {re.escape(fault)}"):

        class Odd(Event, name="page.hidden", owner="docs", **SINCE, **said):
            """An event said oddly."""


@pytest.mark.parametrize("call", ["", "track", "page"])
def test_traits_belong_to_identify_or_group(call: str) -> None:
    """No other call carries traits."""
    with pytest.raises(DefinitionError, match=r"Stray: the call .* must be one of identify, group"):

        class Stray(Traits, call=call, owner="docs", since="2026-01-31", example={}):
            """Traits of nothing."""


def test_traits_are_held_to_the_same_rules() -> None:
    """They are described, owned and exemplified like events."""
    with pytest.raises(DefinitionError, match=r"Silent: the docstring is missing"):

        class Silent(Traits, call="group", owner="docs", since="2026-01-31", example={}):
            pass

    with pytest.raises(DefinitionError, match=r"\$\.example\.seats: expected integer"):

        class Wrong(Traits, call="identify", owner="docs", since="2026-01-31", example={"seats": "3"}):
            """Traits with a bad example."""

            seats: int | None = None
            """The number of seats."""


@pytest.mark.parametrize("owner", ["", "  ", 7, ["docs"]])
def test_an_owner_is_a_name(owner: Any) -> None:
    """What is no text names nobody."""
    with pytest.raises(DefinitionError, match=r"Orphan: the owner is missing"):

        class Orphan(Event, name="page.hidden", owner=owner, since="2026-01-31", example={}):
            """An event of nobody."""


@pytest.mark.parametrize("name", [None, 7, "page." + "x" * 600], ids=["none", "number", "long"])
def test_a_name_is_one_that_a_call_may_have(name: Any) -> None:
    """The ingest API takes no event whose name is longer, so nobody could send it."""
    with pytest.raises(DefinitionError, match=r"Misnamed: the name .*must"):

        class Misnamed(Event, name=name, owner="docs", since="2026-01-31", example={}):
            """An event with a bad name."""


@pytest.mark.parametrize(
    ("example", "fault"),
    [
        ("page_id", "the example is missing"),
        (["page_id"], "the example is missing"),
        ({1: "p"}, "the example is missing"),
        ({"page_id": {"a set"}}, "JSON does not have"),
        ({"page_id": float("nan")}, "JSON does not have"),
        ({"page_id": "\ud800"}, "JSON does not have"),
    ],
    ids=repr,
)
def test_an_example_is_an_object_that_can_be_sent(example: Any, fault: str) -> None:
    """It stands in schemas and documentation as JSON."""
    with pytest.raises(DefinitionError, match=rf"Wrong: .*{fault}"):

        class Wrong(Event, name="page.hidden", owner="docs", since="2026-01-31", example=example):
            """An event with a bad example."""

            page_id: str
            """The page's id."""


@pytest.mark.parametrize("said", [{"successor": 7}, {"reason": 7}], ids=repr)
def test_a_deprecation_is_told_in_texts(said: dict[str, Any]) -> None:
    """Developers read it."""
    with pytest.raises(DefinitionError, match=r"Old: the successor and the reason of a Deprecation must be texts"):

        class Old(
            Event,
            name="page.hidden",
            owner="docs",
            since="2026-01-31",
            example={},
            deprecated=Deprecation("2026-01-31", **said),
        ):
            """An event of yesterday."""


def test_a_rule_in_python_is_refused() -> None:
    """The ingest API would not run it, and its author would think that it does."""
    with pytest.raises(DefinitionError, match=r"Ruled: is_short is a rule that no client could keep"):

        class Ruled(Event, name="page.hidden", owner="docs", since="2026-01-31", example={"page_id": "p"}):
            """An event with a rule."""

            page_id: str
            """The page's id."""

            @field_validator("page_id")
            @classmethod
            def is_short(cls, page_id: str) -> str:
                """Refuse long ones."""
                return page_id


def test_what_pydantic_refuses_is_told_like_the_rest() -> None:
    """With the class: a field without a type."""
    with pytest.raises(DefinitionError, match=r"Untyped: A non-annotated attribute was detected: `copies = 3`"):

        class Untyped(Event, name="page.hidden", owner="docs", since="2026-01-31", example={}):
            """An event with a field of no type."""

            copies = 3


def test_a_configuration_that_nobody_heeds_is_refused() -> None:
    """The ingest API goes by what the definition says; its author would think that it goes by Pydantic's words."""
    with pytest.raises(DefinitionError, match=r'Open: model_config says nothing to the ingest API.* unplanned="off"'):

        class Open(Event, name="page.hidden", owner="docs", since="2026-01-31", example={}):
            """An event that would like to have other properties."""

            model_config = ConfigDict(extra="allow")


def test_two_events_have_two_classes() -> None:
    """The second class of a name would take the first one's event out of the plan, and nobody would notice."""

    class PageHidden(Event, name="page.hidden", owner="docs", since="2026-01-31", example={}):
        """A reader hid a page."""

    assert PageHidden.definition.name == "page.hidden"
    with pytest.raises(DefinitionError, match=r"PageHidden: page\.hidden has a class of this name already"):

        class PageHidden(Event, name="page.shown", owner="docs", since="2026-01-31", example={}):  # type: ignore[no-redef]  # the mistake that is tested
            """A reader showed a page."""
