"""Does JSON Schema judge as the tracking plan does?"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from event_registry.generate.json_schema import json_schema
from event_registry.generate.plan import describe
from event_registry.registry import default
from tests.generated import awkward
from tests.generated.said import everything

REGISTRY = default()
DOCUMENTS = {Path(path).name: json.loads(text) for path, text in json_schema(describe(REGISTRY)).items()}
WHOLE = Draft202012Validator(DOCUMENTS["plan.schema.json"])

# Without what JSON Schema cannot say: 3.0 is an integer to it, and `format` a remark.
ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer()),
    st.text(),
    st.sampled_from(["csv", "pdf", "google"]),
    st.lists(st.text() | st.none(), max_size=3),
    st.dictionaries(st.text(), st.none(), max_size=1),
)
REPORT_FIELDS = ["report_id", "format", "row_count", "duration_ms", "template", "unplanned"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_document_is_a_schema(name: str) -> None:
    """By the dialect that it names."""
    Draft202012Validator.check_schema(DOCUMENTS[name])

    assert DOCUMENTS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "do not edit" in DOCUMENTS[name]["$comment"]


@pytest.mark.parametrize("event", REGISTRY.events)
def test_the_examples_of_the_plan_are_valid(event: str) -> None:
    """In the document of the event, and as a whole call."""
    example = dict(REGISTRY.events[event].definition.example)

    problems = [*Draft202012Validator(DOCUMENTS[f"{event}.schema.json"]).iter_errors(example)]

    assert problems == []
    assert WHOLE.is_valid({"type": "track", "userId": "u", "event": event, "properties": example})


@given(st.dictionaries(st.sampled_from(REPORT_FIELDS), ODD_VALUES))
def test_properties_are_judged_as_the_plan_judges_them(properties: dict[str, Any]) -> None:
    """Types, choices, bounds, required, unplanned and null ones."""
    planned = REGISTRY.validate({"type": "track", "event": "report.exported", "properties": properties}) == []

    assert Draft202012Validator(DOCUMENTS["report.exported.schema.json"]).is_valid(properties) == planned


@given(st.dictionaries(st.sampled_from(["email", "plan", "other"]), ODD_VALUES))
def test_traits_are_judged_as_the_plan_judges_them(traits: dict[str, Any]) -> None:
    """Others may come besides."""
    planned = REGISTRY.validate({"type": "identify", "traits": traits}) == []

    assert WHOLE.is_valid({"type": "identify", "userId": "u", "traits": traits}) == planned


@pytest.mark.parametrize(
    ("call", "is_valid"),
    [
        ({"type": "page", "name": "Pricing"}, True),
        ({"type": "group", "groupId": "g", "traits": None}, True),
        ({"type": "group", "groupId": "g"}, True),
        ({"type": "track", "event": "report.craeted", "properties": {}}, False),
        ({"type": "track", "properties": {}}, False),
        ({"type": "track", "event": "report.created"}, False),
        ({"type": "shout"}, False),
        ({}, False),
    ],
)
def test_a_whole_call_must_be_one_of_the_plan(call: dict[str, Any], is_valid: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The plan says nothing of pages, and traits may be left out."""
    assert WHOLE.is_valid(call) == is_valid


def test_odd_names_and_texts_make_documents_too() -> None:
    """What clients can send, the documents accept."""
    plan = awkward.PLAN
    files = json_schema(plan)
    whole = Draft202012Validator(json.loads(files["json_schema/plan.schema.json"]))

    refused = [said for said in everything(plan) if not whole.is_valid(said.stored)]

    assert refused == []
    assert "json_schema/Call_options.schema.json" in files


def test_a_deprecated_event_is_marked() -> None:
    """Editors strike it through."""
    files = json_schema(awkward.PLAN)

    assert json.loads(files["json_schema/new.delete.schema.json"])["deprecated"] is True


def test_traits_that_may_have_no_others_are_closed() -> None:
    """As an event is."""
    files = json_schema(replace(awkward.PLAN, identify=replace(awkward.PLAN.identify, is_open=True)))
    documents = {call: json.loads(files[f"json_schema/{call}.schema.json"]) for call in ("identify", "group")}

    assert Draft202012Validator(documents["identify"]).is_valid({"class": "first", "other": 1})
    assert not Draft202012Validator(documents["group"]).is_valid({"other": 1})


def test_a_field_says_who_may_know_it() -> None:
    """Of what everybody may know there is nothing to say."""
    fields = DOCUMENTS["user.invited.schema.json"]["properties"]

    assert fields["invitee_email"]["$comment"] == "privacy: secret"
    assert "$comment" not in fields["invitation_id"]
