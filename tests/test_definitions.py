"""Which definitions does the tracking plan refuse, and what does their author get to read?"""

import pytest

from event_registry.definitions import DefinitionError, Event, Traits


def test_a_definition_says_what_it_is() -> None:
    """The class keeps its name, owner, description and example for whoever reads the plan."""

    class PageRead(Event, name="page.read", owner="docs", example={"page_id": "p-1"}):
        """A reader reached the end of a page."""

        page_id: str
        """The page's id."""

    assert PageRead.definition.name == "page.read"
    assert PageRead.definition.owner == "docs"
    assert PageRead.definition.description == "A reader reached the end of a page."
    assert PageRead.definition.example == {"page_id": "p-1"}
    assert PageRead.model_fields["page_id"].description == "The page's id."


def test_an_event_may_have_no_properties() -> None:
    """Its name can be all there is to say."""

    class UserSignedOut(Event, name="user.signed_out", owner="docs", example={}):
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

        class Misnamed(Event, name=name, owner="docs", example={}):
            """An event with a bad name."""


def test_an_event_has_a_docstring() -> None:
    """Nobody can use an event of which nobody knows when it happens."""
    with pytest.raises(DefinitionError, match=r"Silent: the docstring is missing"):

        class Silent(Event, name="page.hidden", owner="docs", example={}):
            pass


def test_an_event_has_an_owner() -> None:
    """Questions need somebody who answers them."""
    with pytest.raises(DefinitionError, match=r"Orphan: the owner is missing"):

        class Orphan(Event, name="page.hidden", example={}):
            """An event of nobody."""


def test_an_event_has_an_example() -> None:
    """Documentation and generated clients are tested with it."""
    with pytest.raises(DefinitionError, match=r"Abstract: the example is missing"):

        class Abstract(Event, name="page.hidden", owner="docs"):
            """An event that nobody has seen."""


def test_an_example_keeps_the_definition() -> None:
    """The error says where the example breaks it."""
    with pytest.raises(
        DefinitionError, match=r"Wrong: the example .* \$\.example\.page_id: expected string, found int"
    ):

        class Wrong(Event, name="page.hidden", owner="docs", example={"page_id": 7}):
            """An event with a bad example."""

            page_id: str
            """The page's id."""


def test_every_field_is_described() -> None:
    """A property without a meaning will be given several."""
    with pytest.raises(DefinitionError, match="Vague: the field page_id has no docstring"):

        class Vague(Event, name="page.hidden", owner="docs", example={"page_id": "p-1"}):
            """An event with a field that says nothing."""

            page_id: str


def test_a_name_is_defined_once() -> None:
    """The error names the class that has it already."""

    class First(Event, name="page.printed", owner="docs", example={}):
        """A reader printed a page."""

    with pytest.raises(DefinitionError, match=r"Second: page\.printed is defined by First already"):

        class Second(Event, name="page.printed", owner="docs", example={}):
            """A reader printed a page, said twice."""

    assert First.definition.name == "page.printed"


@pytest.mark.parametrize("call", ["", "track", "page"])
def test_traits_belong_to_identify_or_group(call: str) -> None:
    """No other call carries traits."""
    with pytest.raises(DefinitionError, match=r"Stray: the call .* must be one of identify, group"):

        class Stray(Traits, call=call, owner="docs", example={}):
            """Traits of nothing."""


def test_traits_are_held_to_the_same_rules() -> None:
    """They are described, owned and exemplified like events."""
    with pytest.raises(DefinitionError, match=r"Silent: the docstring is missing"):

        class Silent(Traits, call="group", owner="docs", example={}):
            pass

    with pytest.raises(DefinitionError, match=r"\$\.example\.seats: expected integer"):

        class Wrong(Traits, call="identify", owner="docs", example={"seats": "3"}):
            """Traits with a bad example."""

            seats: int | None = None
            """The number of seats."""
