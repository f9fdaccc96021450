"""Which fields may a definition have, and what is known of them?"""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, create_model
from pydantic import Field as Rule

from event_registry.fields import (
    HASHED,
    INTERNAL,
    PUBLIC,
    REDACTED,
    Amount,
    Count,
    Field,
    FieldError,
    Privacy,
    Timestamp,
    Type,
    number,
    read_field,
)

TEXT = Type("string")
EXAMPLE: dict[str, object] = {"shown": "x"}


def optional(annotation: Any, **rule: Any) -> Field:
    """The field of `annotation | None = None`, with what a Field says of it."""
    return read(create_model("Made", made=(annotation | None, Rule(None, **rule))))


def required(annotation: Any, **rule: Any) -> Field:
    """The field of an annotation alone."""
    return read(create_model("Made", made=(annotation, Rule(**rule))))


def read(model: type[BaseModel]) -> Field:
    """The only field of a class."""
    return read_field("made", model.model_fields["made"], "What it is made of.", EXAMPLE)


@pytest.mark.parametrize(
    ("annotation", "found"),
    [
        (str, TEXT),
        (int, Type("integer")),
        (float, Type("number")),
        (bool, Type("boolean")),
        (Count, Type("integer", minimum=0)),
        (Amount, Type("number", minimum=0)),
        (Annotated[float, Rule(ge=0.5)], Type("number", minimum=0.5)),
        (Timestamp, Type("timestamp")),
        (Literal["a", "b"], Type("choice", choices=("a", "b"))),
        (list[str], Type("list", item=TEXT)),
        (list[Timestamp], Type("list", item=Type("timestamp"))),
        (list[Count], Type("list", item=Type("integer", minimum=0))),
    ],
)
def test_a_type_is_the_same_required_or_not(annotation: Any, found: Type) -> None:
    """Pydantic keeps the rules of the two at different places."""
    assert (required(annotation).type, required(annotation).is_required) == (found, True)
    assert (optional(annotation).type, optional(annotation).is_required) == (found, False)


@pytest.mark.parametrize(
    "annotation", [dict[str, Any], bytes, complex, Literal[1, 2], str | int, list[dict[str, int]], "Later", tuple]
)
def test_a_type_that_no_sender_has_is_refused(annotation: Any) -> None:
    """Every language must be able to say it, and the ingest API to check it."""
    with pytest.raises(FieldError, match=r"no sender has the type .*: use str, int, float, bool, Literal"):
        required(annotation)


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[str, Rule(max_length=5)],
        Annotated[int, Rule(gt=0)],
        Annotated[str, Rule(ge=0)],
        list[Annotated[str, 7]],
    ],
    ids=repr,
)
def test_a_rule_that_no_client_keeps_is_refused(annotation: Any) -> None:
    """A rule that stands there and is not kept would be a lie."""
    with pytest.raises(FieldError, match="is a rule that no client could keep"):
        required(annotation)


@pytest.mark.parametrize(
    ("annotation", "default"), [(str, "x"), (str, None), (str | None, "x"), (str | None, ...), (int, 0)], ids=repr
)
def test_a_field_is_required_or_may_be_left_out(annotation: Any, default: Any) -> None:
    """There is no third way: nobody would send a default, and a null is absent."""
    with pytest.raises(FieldError, match=r"write `\| None = None`|ends in `\| None = None`"):
        read(create_model("Made", made=(annotation, default)))


def test_a_field_has_its_name_on_the_wire() -> None:
    """An alias says what the property is called that Python has no name for."""
    assert required(str, alias="2nd").name == "2nd"
    assert required(str).name == "made"


def test_a_field_keeps_its_examples() -> None:
    """They are checked with the definition that it stands in, whose own example serves a field that has none."""
    assert required(str, examples=["a", "b"]).examples == ("a", "b")
    assert required(str, alias="shown").examples == ("x",)
    assert required(str).examples == ()


@pytest.mark.parametrize("privacy", [INTERNAL, HASHED, REDACTED], ids=repr)
def test_a_field_says_who_may_know_it(privacy: Privacy) -> None:
    """Beside the type, within the optional one or around it."""
    assert required(Annotated[str, privacy]).privacy == privacy
    assert optional(Annotated[str, privacy]).privacy == privacy
    assert required(Annotated[str | None, privacy], default=None).privacy == privacy
    assert required(str).privacy == PUBLIC


@pytest.mark.parametrize("annotation", [int, Timestamp, Literal["a"], list[str]])
def test_a_secret_is_a_text(annotation: Any) -> None:
    """What is stored in its place is one, and must keep the plan, too."""
    with pytest.raises(FieldError, match="a secret must be a str"):
        required(Annotated[annotation, HASHED])


@pytest.mark.parametrize("privacy", [Privacy("secret"), Privacy("personal", "hash"), Privacy("public", "redact")])
def test_a_secret_alone_is_treated(privacy: Privacy) -> None:
    """A secret without a treatment would be stored as it is."""
    with pytest.raises(FieldError, match="may be known as PUBLIC, INTERNAL, PERSONAL, REDACTED or HASHED says"):
        required(Annotated[str, privacy])


def test_who_may_know_a_field_is_said_once() -> None:
    """Of two answers, one would be ignored."""
    with pytest.raises(FieldError, match="says twice who may know it"):
        required(Annotated[str, INTERNAL, HASHED])


@pytest.mark.parametrize("names", [{"validation_alias": "other"}, {"serialization_alias": "other"}, {"alias": " "}])
def test_a_field_has_one_name_that_can_be_read(names: dict[str, str]) -> None:
    """Pydantic knows several; a sender knows one."""
    with pytest.raises(FieldError, match="name on the wire"):
        required(str, **names)


@pytest.mark.parametrize("bound", [float("inf"), float("nan")])
def test_a_bound_is_a_number(bound: float) -> None:
    """No value keeps another one."""
    with pytest.raises(FieldError, match="a rule that no client could keep"):
        required(float, ge=bound)


def test_of_two_bounds_the_narrower_one_holds() -> None:
    """As Pydantic has it."""
    assert required(Annotated[int, Rule(ge=3)], ge=5).type.minimum == 5
    assert required(Annotated[int, Rule(ge=5)], ge=3).type.minimum == 5


def test_a_list_has_no_lists_in_it() -> None:
    """Few destinations could show them."""
    with pytest.raises(FieldError, match="a list of lists"):
        required(list[list[str]])


@pytest.mark.parametrize(
    ("value", "written"), [(0.0, "0"), (0.5, "0.5"), (-1.0, "-1"), (1e6, "1000000"), (1_234_567.0, "1234567")]
)
def test_a_number_is_written_as_every_language_has_it(value: float, written: str) -> None:
    """Without the fraction that makes a float of an integer, and with all its digits."""
    assert number(value) == written
