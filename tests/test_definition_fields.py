"""Which fields may a definition have, and what does its author get to read of one that it may not?"""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, create_model
from pydantic import Field as Rule

from event_registry.definitions import DefinitionError, Event

SINCE: dict[str, Any] = {"since": "2026-01-31", "example": {}}


def test_every_field_is_described() -> None:
    """A property without a meaning will be given several."""
    with pytest.raises(DefinitionError, match="Vague: the field page_id has no docstring"):

        class Vague(Event, name="page.hidden", owner="docs", since="2026-01-31", example={"page_id": "p-1"}):
            """An event with a field that says nothing."""

            page_id: str


def test_the_examples_of_a_field_keep_the_definition() -> None:
    """They are shown to whoever writes the code that sends it."""
    with pytest.raises(DefinitionError, match=r"Wrong: the example .* \$\.example\.page: expected integer, found str"):

        class Wrong(Event, name="page.hidden", owner="docs", since="2026-01-31", example={"page": 1}):
            """An event with a field of which a bad example is given."""

            page: int = Rule(examples=[2, "3"])
            """The number of the page."""


def test_a_field_has_a_type_that_can_be_sent() -> None:
    """The error names the class and the field."""
    with pytest.raises(DefinitionError, match=r"Raw: the field content: no sender has the type bytes: use str"):

        class Raw(Event, name="page.hidden", owner="docs", since="2026-01-31", example={}):
            """An event with a field that JSON does not have."""

            content: bytes
            """What was on the page."""


def test_two_fields_have_two_names_on_the_wire() -> None:
    """Of one name, one field would be ignored."""
    with pytest.raises(DefinitionError, match=r"Twins: the field other: another one is called page_id on the wire"):

        class Twins(Event, name="page.hidden", owner="docs", since="2026-01-31", example={"page_id": "p"}):
            """An event with two fields of one name."""

            page_id: str
            """The page's id."""
            other: str = Rule(alias="page_id")
            """The page's id, again."""


@pytest.mark.filterwarnings("ignore:Field name:UserWarning")  # Pydantic's own, which names no remedy
@pytest.mark.parametrize("name", ["copy", "definition"])
def test_a_field_hides_nothing_that_its_class_needs(name: str) -> None:
    """The error says how to send a property of this name all the same."""
    said: dict[str, Any] = {"name": "page.hidden", "owner": "docs", "since": "2026-01-31", "example": {name: "c"}}
    fields: dict[str, Any] = {name: (str, ...)}

    with pytest.raises(DefinitionError, match=rf'Hiding: the field {name} .* Field\(alias="{name}"\)'):
        create_model("Hiding", __base__=Event, __doc__="It hid.", __cls_kwargs__=said, **fields)


def test_a_field_that_pydantic_would_keep_to_itself_is_refused() -> None:
    """It would be missing from the plan, and nobody would say so."""
    with pytest.raises(DefinitionError, match=r'Secretive: the field _id .* Field\(alias="_id"\)'):

        class Secretive(Event, name="page.hidden", owner="docs", since="2026-01-31", example={}):
            """An event with a field that is none."""

            _id: str
            """The page's id."""


def test_a_choice_has_choices() -> None:
    """Nothing could be sent."""
    with pytest.raises(DefinitionError, match=r"Empty: the field page_id: no sender has the type typing.Literal"):

        class Empty(Event, name="page.hidden", owner="docs", since="2026-01-31", example={"page_id": "p"}):
            """An event with a choice of nothing."""

            page_id: Literal[()]  # type: ignore[valid-type]  # the mistake that is tested
            """The page's id."""


def test_fields_that_several_events_have_are_described_once() -> None:
    """In a class of their own, or in the event that another one goes on from."""

    class OnPage(BaseModel):
        page_id: str
        """The page's id."""

    class PageMarked(OnPage, Event, name="page.marked", owner="docs", since="2026-01-31", example={"page_id": "p"}):
        """A reader marked a page."""

        color: str | None = None
        """The color of the mark."""

    class PageRemarked(PageMarked, name="page.remarked", owner="docs", since="2026-01-31", example={"page_id": "p"}):
        """A reader marked a page once more."""

    for event in (PageMarked, PageRemarked):
        assert [(field.name, field.description) for field in event.definition.fields] == [
            ("page_id", "The page's id."),
            ("color", "The color of the mark."),
        ]
