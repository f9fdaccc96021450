"""What becomes of the metrics that SDKs keep of themselves?"""

import pytest

from ingest_api.limits import Limits
from tests.running_api import Api, ApiStarter

pytest_plugins = ["tests.ingest_fixtures"]

METRICS = '{"series":[{"type":"Counter","metric":"analytics_js.invoke","value":1,"tags":{"library":"analytics.js"}}]}'
AS_ANALYTICS_JS = {"Content-Type": "text/plain", "Origin": "https://app.example.com"}


@pytest.mark.parametrize("slash", ["", "/"])
def test_they_are_taken_without_a_key_and_stored_nowhere(api: Api, slash: str) -> None:
    """They are no calls; a browser would write a refusal on the console of the page."""
    answer = api.post("/v1/m" + slash, data=METRICS, key=None, headers=AS_ANALYTICS_JS)

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert api.staging.payloads() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [("x" * (Limits().body_bytes + 1), 413), ("", 400), ("no JSON", 400)],
    ids=["large", "empty", "odd"],
)
def test_they_have_the_bounds_of_any_body(shared_api: Api, body: str, status: int) -> None:
    """Nobody may send what nobody would take."""
    answer = shared_api.post("/v1/m", data=body, key=None)

    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert shared_api.is_serving()


def test_they_count_against_the_limit_of_their_address(start_api: ApiStarter) -> None:
    """What needs no key must not be a way around it."""
    api = start_api(address_rate=1)

    assert [api.post("/v1/m", data=METRICS, key=None).status_code for _ in range(2)] == [200, 429]


def test_a_page_may_give_them_headers(shared_api: Api) -> None:
    """And asks for leave then."""
    assert shared_api.get("/v1/m", "OPTIONS", headers={"Access-Control-Request-Method": "POST"}).status_code == 204
