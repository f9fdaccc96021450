"""Does the API take what real SDKs were recorded sending?"""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ingest_api.app import SDK_PATHS
from tests.running_api import KEY, Api, ApiStarter, basic, request, source

pytest_plugins = ["tests.ingest_fixtures"]

AS_SENT = ("type", "event", "userId", "anonymousId", "groupId", "previousId", "name", "properties", "traits")
RECORDINGS = Path(__file__).parent / "recordings"
SET_BY_THE_CLIENT_LIBRARY = ("Content-Length", "Accept-Encoding")


def recorded(method: str) -> list[Any]:
    """Every recorded request of a method to a path that is served, named after its SDK."""
    return [
        pytest.param(sent, id=f"{path.stem}-{index}")
        for path in sorted(RECORDINGS.glob("*.json"))
        for index, sent in enumerate(json.loads(path.read_text()))
        if sent["method"] == method and sent["path"] in (*SDK_PATHS, "/v1/projects/YOUR_WRITE_KEY/settings")
    ]


def wire_body(sent: dict[str, Any]) -> bytes:
    """The body as it was on the wire; recordings show it inflated."""
    body = json.dumps(sent["body"]).encode()
    return gzip.compress(body) if sent["headers"].get("Content-Encoding") == "gzip" else body


def calls(sent: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls that a recorded request holds."""
    batch: list[dict[str, Any]] = sent["body"].get("batch", [sent["body"]])
    return batch


def meant(call: dict[str, Any]) -> dict[str, Any]:
    """What a call says, without the nulls that SDKs send for what they do not have."""
    return {name: call[name] for name in AS_SENT if call.get(name) is not None}


@pytest.fixture
def open_api(start_api: ApiStarter) -> Api:
    """An API that takes events of any plan, for these SDKs' own test events."""
    return start_api(source(plan_mode="off"))


@pytest.mark.parametrize("sent", recorded("POST"))
def test_every_recorded_call_is_accepted_with_200(open_api: Api, sent: dict[str, Any]) -> None:
    """The status and the body that each of the SDKs takes for success, and every call stored once as it was meant."""
    headers = {name: value for name, value in sent["headers"].items() if name not in SET_BY_THE_CLIENT_LIBRARY}

    answer = request("POST", open_api.url + sent["path"], data=wire_body(sent), headers=headers)

    assert answer.status_code == 200
    assert answer.json()["success"] is True
    assert answer.json()["accepted"] == len(calls(sent))
    stored = open_api.staging.payloads()
    assert [call["messageId"] for call in stored] == [call["messageId"] for call in calls(sent)]
    assert [meant(call) for call in stored] == [meant(call) for call in calls(sent)]
    assert "YOUR_WRITE_KEY" not in str(stored)


@pytest.mark.parametrize("sent", recorded("POST"))
def test_a_recorded_call_keeps_its_time_and_its_context(open_api: Api, sent: dict[str, Any]) -> None:
    """The SDK's own word on the time, wherever it stands, is kept beside ours; traits in the context stay there."""
    request("POST", open_api.url + sent["path"], data=wire_body(sent), headers={"Authorization": basic(KEY)})

    stored = open_api.staging.payloads()
    times = [call.get("timestamp") or call.get("originalTimestamp") for call in calls(sent)]
    assert [call["originalTimestamp"] for call in stored] == times
    assert [{name: call["context"].get(name) for name in ("library", "traits")} for call in stored] == [
        {name: call["context"].get(name) for name in ("library", "traits")} for call in calls(sent)
    ]


def test_recorded_retries_are_one_event(open_api: Api) -> None:
    """The same messageId on each, with headers and fields that count them."""
    tries = [sent for sent in json.loads((RECORDINGS / "analytics-next-retry.json").read_text()) if sent["body"]]

    answers = [
        request("POST", open_api.url + sent["path"], data=wire_body(sent), headers=sent["headers"]) for sent in tries
    ]

    assert [answer.json().get("duplicates_count", 0) for answer in answers] == [0, 1, 1]
    assert len(open_api.staging.payloads()) == 1


@pytest.mark.parametrize("sent", recorded("GET"))
def test_every_recorded_question_at_the_start_is_answered(shared_api: Api, sent: dict[str, Any]) -> None:
    """With the host that was asked, and so that the page may read it."""
    answer = request("GET", shared_api.url + sent["path"], headers=sent["headers"])

    assert answer.json()["integrations"]["Segment.io"]["apiKey"] == KEY
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", sent["headers"]["Origin"])


@pytest.mark.parametrize("sent", recorded("OPTIONS"))
def test_every_recorded_preflight_is_allowed(shared_api: Api, sent: dict[str, Any]) -> None:
    """A browser then sends the event, and on a retry the headers of the retry."""
    answer = request("OPTIONS", shared_api.url + sent["path"], headers=sent["headers"])

    asked = {name.strip() for name in sent["headers"]["Access-Control-Request-Headers"].split(",")}
    allowed = {name.strip() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert answer.ok
    assert asked <= allowed
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", sent["headers"]["Origin"])
