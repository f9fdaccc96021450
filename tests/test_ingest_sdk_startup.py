"""Do SDKs that ask where to send before they send anything get an answer that they can use?"""

from typing import Any

import pytest
import requests

from tests.running_api import KEY, Api, ApiStarter, basic, source
from tests.running_api import request as ask

pytest_plugins = ["tests.ingest_fixtures"]

SETTINGS = f"/v1/projects/{KEY}/settings"
AUTHORIZED = {"Authorization": basic(KEY)}
PAGE = {"Origin": "https://app.example.com"}


def segment(answer: requests.Response) -> dict[str, Any]:
    """What analytics.js takes for its own of the settings."""
    found: dict[str, Any] = answer.json()["integrations"]["Segment.io"]
    return found


@pytest.mark.parametrize("slash", ["", "/"])
def test_analytics_js_is_told_to_send_to_the_host_that_it_asked(shared_api: Api, slash: str) -> None:
    """Without `Segment.io` or its `apiHost` the events would go to the vendor; without `apiKey` they carry no key."""
    answer = shared_api.get(SETTINGS + slash, headers=PAGE)

    host = shared_api.url.removeprefix("http://")
    assert answer.status_code == 200
    assert segment(answer) == {"apiKey": KEY, "apiHost": f"{host}/v1", "protocol": "http"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_analytics_js_sends_no_metrics_of_itself(shared_api: Api) -> None:
    """Nobody here would look at them."""
    assert shared_api.get(SETTINGS).json()["metrics"] == {"sampleRate": 0}


@pytest.mark.parametrize("forwarded", ["https", "http, https", "HTTPS"])
def test_behind_a_proxy_with_tls_it_is_https(shared_api: Api, forwarded: str) -> None:
    """A page over https may not send over http; the nearest proxy has the last word."""
    answer = shared_api.get(SETTINGS, headers={"Host": "events.example.com", "X-Forwarded-Proto": forwarded})

    assert segment(answer) == {"apiKey": KEY, "apiHost": "events.example.com/v1", "protocol": "https"}


@pytest.mark.parametrize(
    ("public_url", "protocol", "api_host"),
    [
        ("https://events.example.com", "https", "events.example.com/v1"),
        ("https://example.com/events/", "https", "example.com/events/v1"),
        ("http://[::1]:8000", "http", "[::1]:8000/v1"),
    ],
)
def test_a_setting_says_where_clients_reach_us(
    start_api: ApiStarter, public_url: str, protocol: str, api_host: str
) -> None:
    """For proxies that send another Host on, or that serve us below a path."""
    api = start_api(public_url=public_url)

    assert segment(api.get(SETTINGS)) == {"apiKey": KEY, "apiHost": api_host, "protocol": protocol}


@pytest.mark.parametrize("path", ["/sourceConfig", "/sourceConfig/"])
@pytest.mark.parametrize("is_in_header", [True, False])
def test_rudderstack_s_sdks_are_told_that_the_source_is_there(
    shared_api: Api, path: str, *, is_in_header: bool
) -> None:
    """`id`, `config` and a list of destinations, or browsers send nothing; `enabled`, or phones do not."""
    headers, parameters = (AUTHORIZED, {"p": "android"}) if is_in_header else ({}, {"p": "npm", "writeKey": KEY})

    answer = shared_api.get(path, headers={**PAGE, **headers}, params=parameters)

    said = answer.json()["source"]
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert (said["id"], said["name"], said["enabled"], said["destinations"]) == ("web", "web", True, [])
    assert said["updatedAt"] == "2026-01-01T00:00:00.000Z"


def test_rudderstack_s_sdks_report_nothing_to_their_vendor(shared_api: Api) -> None:
    """Neither their errors nor their metrics."""
    config = shared_api.get("/sourceConfig", headers=AUTHORIZED).json()["source"]["config"]

    assert config == {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}}


def test_the_probe_for_ad_blockers_needs_no_key(shared_api: Api) -> None:
    """Its answer only says whether anything stands between."""
    assert shared_api.get("/sourceConfig/?view=ad", "HEAD").status_code == 200


def test_a_browser_may_ask_with_the_key_in_a_header(shared_api: Api) -> None:
    """Which it asks leave for first."""
    headers = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization", **PAGE}

    answer = shared_api.get("/sourceConfig/", "OPTIONS", headers=headers)

    assert (answer.status_code, answer.headers["Access-Control-Allow-Headers"]) == (204, "authorization")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/projects/other/settings", 401, "invalid_write_key"),
        ("/v1/projects/%00/settings", 401, "invalid_write_key"),
        ("/v1/projects//settings", 404, "not_found"),
        ("/sourceConfig/?writeKey=other", 401, "invalid_write_key"),
        ("/sourceConfig", 401, "missing_write_key"),
    ],
)
def test_who_has_no_right_key_is_told_so(shared_api: Api, path: str, status: int, code: str) -> None:
    """In words that a page may read."""
    answer = shared_api.get(path, headers=PAGE)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert shared_api.is_serving()


def test_a_source_that_is_switched_off_is_403(start_api: ApiStarter) -> None:
    """Its SDKs then send nothing."""
    assert start_api(source(enabled=False)).get(SETTINGS).status_code == 403


def test_keys_cannot_be_tried_out_here_either(api: Api) -> None:
    """Wrong ones count as everywhere."""
    answers = [api.get(f"/v1/projects/guess-{number}/settings").status_code for number in range(101)]

    assert answers == [401] * 100 + [429]


def test_only_the_browser_may_keep_an_answer(shared_api: Api) -> None:
    """It names the host that was asked for, which a cache that others share could be talked into."""
    assert shared_api.get(SETTINGS).headers["Cache-Control"] == "private, max-age=300"


def test_without_a_host_nobody_can_be_told_one(shared_api: Api) -> None:
    """An HTTP/1.0 client may leave it out; an empty answer would send its events to the vendor."""
    with requests.Session() as session:
        answer = ask("GET", shared_api.url + SETTINGS, session=session, headers={"Host": ""})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_host")
