"""What is read of a call before anybody decodes all of it?"""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.destinations.envelope import open_envelope

FIELDS = (
    "type",
    "messageId",
    "userId",
    "anonymousId",
    "event",
    "properties",
    "traits",
    "groupId",
    "previousId",
    "name",
    "category",
    "context",
    "integrations",
    "timestamp",
)
EMPTY_ROUTING: tuple[str, dict[str, Any]] = ("integrations", {})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
OTHERS = st.text().filter(lambda name: name not in FIELDS)


@given(st.dictionaries(st.sampled_from(FIELDS) | OTHERS, JSON))
def test_an_envelope_encoded_again_is_the_call_with_its_own_fields(call: dict[str, Any]) -> None:
    """Whatever they hold; without what is null, empty routing, and what is not of Segment's spec."""
    written = msgspec.json.encode(open_envelope(json.dumps(call)))

    expected = {name: call[name] for name in FIELDS if call.get(name) is not None}
    assert json.loads(written) == {name: value for name, value in expected.items() if (name, value) != EMPTY_ROUTING}


@pytest.mark.parametrize("payload", ["", "[7]", '"text"', "null", '{"userId": ', '{"context": {"a": }}', '{"x": tru}'])
def test_what_is_no_object_has_no_envelope(payload: str) -> None:
    """Also where the fault is in a part that stays text."""
    with pytest.raises(msgspec.DecodeError):
        open_envelope(payload)


def test_large_parts_stay_the_text_that_they_are() -> None:
    """A number, and the order of keys, are the sender's."""
    written = msgspec.json.encode(open_envelope('{"properties": {"z": 1.50, "a": 12345678901234567890123}}'))

    assert written == b'{"properties":{"z": 1.50, "a": 12345678901234567890123}}'


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ({"anonymousId": "a", "userId": "u", "groupId": "g"}, "a"),
        ({"userId": "u", "groupId": "g"}, "u"),
        ({"anonymousId": "", "userId": 7}, "7"),
        ({"groupId": "g"}, "g"),
        ({"anonymousId": None}, ""),
    ],
)
def test_the_id_is_the_one_that_the_user_keeps_for_longest(call: dict[str, Any], expected: str) -> None:
    """An anonymousId stays the same when the user logs in."""
    assert open_envelope(json.dumps(call)).id == expected
