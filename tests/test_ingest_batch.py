"""Which calls are in a request?"""

from typing import Any

import pytest

from ingest_api.batch import open_batch
from ingest_api.limits import Limits
from ingest_api.refusal import Refusal

LIMITS = Limits(body_bytes=1000, batch_events=3)


def calls(document: Any, kind: str = "batch") -> list[Any]:
    """The calls as the next steps see them."""
    return list(open_batch(document, kind, LIMITS))


def test_a_single_call_is_a_batch_of_one() -> None:
    """The path gives it its type."""
    assert calls({"userId": "u"}, "page") == [{"userId": "u", "type": "page"}]


@pytest.mark.parametrize("said", ["page", "track", 7])
def test_a_type_that_is_there_stays(said: object) -> None:
    """Whether it fits the path is for the next step to say."""
    assert calls({"type": said}, "page") == [{"type": said}]


def test_a_null_type_is_no_type() -> None:
    """It counts as absent."""
    assert calls({"type": None}, "page") == [{"type": "page"}]


def test_what_stands_beside_the_batch_is_under_each_call_s_own() -> None:
    """SDKs for Go and Java send their library only there; the call's own fields win."""
    document = {
        "batch": [{"context": {"ip": "own"}}, {"context": None}, {}],
        "context": {"ip": "shared", "library": "go"},
        "integrations": {"All": False},
    }

    opened = calls(document)

    own, null, none = [call["context"] for call in opened]
    assert own == {"ip": "own", "library": "go"}
    assert null == none == {"ip": "shared", "library": "go"}
    assert [call["integrations"] for call in opened] == [{"All": False}] * 3


def test_the_time_of_sending_is_found_beside_the_batch() -> None:
    """For calls that do not say their own."""
    assert open_batch({"batch": [{}], "sentAt": "2026-01-01T00:00:00Z"}, "batch", LIMITS).sent_at is not None


@pytest.mark.parametrize("absent", [None, ""])
def test_an_id_that_is_null_or_empty_is_absent(absent: object) -> None:
    """SDKs send the ids that they do not have as null."""
    assert calls({"batch": [{"userId": absent, "anonymousId": "a"}]}) == [{"anonymousId": "a"}]


@pytest.mark.parametrize(("number", "text"), [(42, "42"), (2**70, str(2**70)), (1.5, "1.5")])
def test_an_id_that_is_a_number_becomes_its_text(number: float, text: str) -> None:
    """Destinations take texts."""
    assert calls({"batch": [{"userId": number, "groupId": number}]}) == [{"userId": text, "groupId": text}]


@pytest.mark.parametrize("odd", [True, ["x"], {"x": 1}])
def test_an_id_of_another_kind_stays_for_the_next_step_to_reject(odd: object) -> None:
    """Nothing is made up."""
    assert calls({"batch": [{"userId": odd}]}) == [{"userId": odd}]


@pytest.mark.parametrize("odd", [7, None, "x", []])
def test_what_is_no_call_stays_for_the_next_step_to_reject(odd: object) -> None:
    """Its neighbours may be good."""
    assert calls({"batch": [odd, {}]}) == [odd, {}]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        pytest.param([], "invalid_json", id="list"),
        pytest.param({}, "invalid_batch", id="no-batch"),
        pytest.param({"batch": []}, "invalid_batch", id="empty"),
        pytest.param({"batch": {"a": 1}}, "invalid_batch", id="object"),
        pytest.param({"batch": [{}], "context": 7}, "invalid_batch", id="context"),
        pytest.param({"batch": [{}], "integrations": []}, "invalid_batch", id="integrations"),
        pytest.param({"batch": [{}] * 4}, "too_many_events", id="too-many"),
        pytest.param({"batch": [{}] * 3, "context": {"x": "y" * 400}}, "body_too_large", id="copies"),
    ],
)
def test_a_request_that_is_no_batch_is_refused(document: Any, code: str) -> None:
    """As is one that would become huge when its context is copied into each call."""
    with pytest.raises(Refusal) as refused:
        calls(document)

    assert refused.value.code == code
