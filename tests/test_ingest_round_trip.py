"""Does any JSON that is accepted come out of the store equal to what was sent?"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from event_registry.calls import MAX_DEPTH
from tests.running_api import Api, ApiStarter, source, track

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))  # what is no JSON is refused
NUMBERS = st.integers(-(10**300), 10**300) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=30,
)
OBJECTS = st.dictionaries(TEXTS, VALUES)


@pytest.fixture(scope="module")
def open_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API that takes events of any plan, for all examples."""
    with ExitStack() as stack:
        start = ApiStarter(tmp_path_factory.mktemp("ingest"), stack)
        yield start(source(plan_mode="off", unplanned_mode="off"))


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all examples."""
    with requests.Session() as session:
        yield session


def spelled(value: object) -> str:
    """A value as JSON, in which 1 is not 1.0, nor 0.0 its negative, nor true 1."""
    return json.dumps(value, sort_keys=True)


@given(properties=OBJECTS, extra=VALUES)
def test_what_is_accepted_is_stored_as_it_was_sent(
    open_api: Api, session: requests.Session, properties: dict[str, Any], extra: object
) -> None:
    """In the properties, and in a field that nobody knows; to the last digit and character, with its type."""
    before = len(open_api.staging.payloads())

    answer = open_api.post("/api/analytics/track", track(properties=properties, extra=extra), session=session)

    stored = open_api.staging.payloads()[before:]
    assert (answer.status_code, len(stored)) == (202, 1)
    assert spelled(stored[0]["properties"]) == spelled(properties)
    assert spelled(stored[0]["extra"]) == spelled(extra)


@settings(max_examples=50)
@given(batch=st.lists(OBJECTS, min_size=1, max_size=8))
def test_each_call_of_a_batch_is_stored_as_it_was_sent(
    open_api: Api, session: requests.Session, batch: list[dict[str, Any]]
) -> None:
    """In the order in which it was sent; traits, too."""
    before = len(open_api.staging.payloads())
    calls = [{"type": "identify", "userId": "user-1", "traits": traits} for traits in batch]

    answer = open_api.post("/v1/batch", {"batch": calls}, session=session)

    assert answer.json()["accepted"] == len(batch)
    assert [spelled(call["traits"]) for call in open_api.staging.payloads()[before:]] == [*map(spelled, batch)]


@pytest.mark.parametrize(("depth", "status"), [(MAX_DEPTH - 2, 202), (MAX_DEPTH - 1, 400)])
def test_the_deepest_that_is_accepted_is_stored_whole(open_api: Api, depth: int, status: int) -> None:
    """One level more is refused, and nothing of it stored."""
    before = len(open_api.staging.payloads())
    value: object = "bottom"
    for _ in range(depth):
        value = [value]

    answer = open_api.post("/api/analytics/track", track(properties={"deep": value}))

    stored = open_api.staging.payloads()[before:]
    assert answer.status_code == status
    assert [call["properties"]["deep"] for call in stored] == ([value] if status == 202 else [])
