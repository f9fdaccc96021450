"""Does an image in a mail become a call, and is it always an image?"""

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.staging.base import StagingError
from ingest_api import pixel
from ingest_api.app import PIXEL_PATHS
from ingest_api.pixel import call_in
from tests.running_api import KEY, Api, ApiStarter, source, track

pytest_plugins = ["tests.ingest_fixtures"]

OPENED = {"writeKey": KEY, **track()}
BY_PARAMETERS = {"writeKey": KEY, "event": "report.created", "userId": "user-1", "properties.report_id": "r-1"}


def encoded(call: object) -> str:
    """The call as `?data=`, safe for addresses and without padding, as Segment's documentation shows it."""
    return base64.urlsafe_b64encode(json.dumps(call).encode()).decode().rstrip("=")


def seen(api: Api, path: str, method: str = "GET") -> requests.Response:
    """What a mail sees."""
    return api.get(path, method, headers={"User-Agent": "a mail program"})


def outcome(answer: requests.Response) -> str:
    """What has become of the call, once it is sure that the answer is the image."""
    assert (answer.status_code, answer.content) == (200, pixel.IMAGE)
    assert answer.headers["Content-Type"] == "image/gif"
    return answer.headers["Analytics-Outcome"]


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", PIXEL_PATHS)
def test_every_kind_of_call_has_an_image(start_api: ApiStarter, path: str, slash: str) -> None:
    """At Segment's paths, and at RudderStack's."""
    api = start_api(source(plan_mode="off", unplanned_mode="off"))
    call = {"writeKey": KEY, "userId": "user-1", "groupId": "g", "previousId": "p", "event": "Email Opened"}

    assert outcome(seen(api, f"{path}{slash}?data={encoded(call)}")) == "accepted"

    [stored] = api.staging.payloads()
    assert (stored["type"], stored["userId"]) == (PIXEL_PATHS[path], "user-1")
    assert "writeKey" not in stored


def test_a_call_may_stand_in_the_parameters(api: Api) -> None:
    """A dot leads inside; who needs a number sends `data`."""
    assert outcome(seen(api, "/v1/pixel/track?" + urlencode(BY_PARAMETERS))) == "accepted"

    [stored] = api.staging.payloads()
    assert stored["properties"] == {"report_id": "r-1"}


def test_the_image_says_who_has_opened_it(start_api: ApiStarter) -> None:
    """The address, shortened, and the program, as of every call of a browser's key; it happened when it was seen."""
    api = start_api(source(kind="browser"))

    seen(api, f"/v1/pixel/track?data={encoded(OPENED)}")

    [stored] = api.staging.payloads()
    assert (stored["context"]["ip"], stored["context"]["userAgent"]) == ("127.0.0.0", "a mail program")
    assert stored["timestamp"] == "2026-01-01T00:00:00.000Z"


def test_each_time_that_it_is_shown_counts(api: Api) -> None:
    """Nobody may keep the image, and calls that do not say when they happened are never taken for one."""
    answers = [seen(api, f"/v1/pixel/track?data={encoded(OPENED)}") for _ in range(2)]

    assert [outcome(answer) for answer in answers] == ["accepted", "accepted"]
    assert [answer.headers["Cache-Control"] for answer in answers] == ["no-store", "no-store"]
    assert len(api.staging.payloads()) == 2


def test_a_message_id_counts_once(api: Api) -> None:
    """So a mail that is opened ten times can be one event."""
    path = f"/v1/pixel/track?data={encoded({**OPENED, 'messageId': 'mail-7'})}"

    assert [outcome(seen(api, path)) for _ in range(2)] == ["accepted", "duplicate"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param("", "missing_write_key", id="nothing"),
        pytest.param(f"writeKey={KEY}", "invalid_event_name", id="no-call"),
        pytest.param("data=", "empty_body", id="no-data"),
        pytest.param("data=%FF", "invalid_json", id="not-utf-8"),
        pytest.param("data=bm8gSlNPTg", "invalid_json", id="no-json"),
        pytest.param("data=A", "invalid_json", id="no-base64"),
        pytest.param("data=" + encoded([1]), "missing_write_key", id="a-list"),
        pytest.param("data=" + encoded(track(writeKey="other")), "invalid_write_key", id="another-s-key"),
        pytest.param("data=" + encoded({**OPENED, "userId": {}}), "invalid_userId", id="a-bad-id"),
        pytest.param("data=" + encoded({**OPENED, "event": "unheard.of"}), "quarantined", id="unplanned"),
        pytest.param(f"writeKey={KEY}&{'a.' * 2000}b=c&event=e&userId=u", "key_too_long", id="deep"),
        pytest.param(f"writeKey={KEY}&properties=x&properties.a=b&event=e&userId=u", "quarantined", id="twice"),
    ],
)
def test_a_call_that_is_not_taken_is_an_image_too(shared_api: Api, query: str, code: str) -> None:
    """A mail would show a broken one to its reader, who can mend nothing; who made the mail finds the code."""
    assert outcome(seen(shared_api, f"/v1/pixel/track?{query}")) == code
    assert shared_api.is_serving()


def test_a_store_that_is_down_is_an_image_too(api: Api) -> None:
    """Nobody sends it again."""
    api.staging.error = StagingError("down")

    assert outcome(seen(api, f"/v1/pixel/track?data={encoded(OPENED)}")) == "storage_unavailable"


def test_to_look_whether_it_is_there_is_no_call(api: Api) -> None:
    """Mail servers ask with HEAD whether a link is dead."""
    answer = seen(api, f"/v1/pixel/track?data={encoded(OPENED)}", "HEAD")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/gif")
    assert api.staging.payloads() == []


def test_every_page_may_show_it(shared_api: Api) -> None:
    """One that isolates itself, too."""
    answer = seen(shared_api, "/v1/pixel/track")

    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_post_is_405(shared_api: Api) -> None:
    """With the JSON of every error."""
    answer = shared_api.post("/v1/pixel/track", track())

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


# `call_in`


@pytest.mark.parametrize("call", [{"a": "?>~ÿ"}, {}, {"event": "Email Opened"}])
@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(base64.b64encode, id="standard"),
        pytest.param(base64.urlsafe_b64encode, id="safe-for-addresses"),
        pytest.param(lambda text: base64.b64encode(text).rstrip(b"="), id="without-padding"),
        pytest.param(lambda text: base64.b64encode(text).replace(b"+", b" "), id="a-plus-read-as-a-space"),
        pytest.param(lambda text: text, id="json-as-it-is"),
    ],
)
def test_every_spelling_of_base64_is_read(call: dict[str, Any], encode: Any) -> None:
    """Those who build addresses by hand know no other rule than that it works."""
    assert json.loads(call_in({"data": encode(json.dumps(call, ensure_ascii=False).encode()).decode()})) == call


@given(st.dictionaries(st.text(), st.text()))
def test_no_parameters_break_anything(query: dict[str, str]) -> None:
    """Whatever comes is JSON, or refused as no JSON by the step that parses bodies."""
    assert isinstance(call_in(query), bytes)


def test_a_parameter_s_name_is_data(api: Api) -> None:
    """Escapes and characters of all scripts arrive as they were meant."""
    name = quote("properties.report_id")

    seen(api, f"/v1/pixel/track?writeKey={KEY}&event=report.created&userId=%C3%BC&{name}=r%2B1+2")

    [stored] = api.staging.payloads()
    assert (stored["userId"], stored["properties"]["report_id"]) == ("ü", "r+1 2")
