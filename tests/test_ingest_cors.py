"""May a page of any origin read every answer?

Without `Access-Control-Allow-Origin` a browser's SDK takes a refusal for a broken network and sends ten times more, and
an acceptance, too: events come twice.
"""

from typing import Any

import pytest
import requests

from analytics_platform.staging.base import StagingError, StagingFull
from ingest_api.limits import Limits
from tests.raw_http import exchange
from tests.running_api import KEY, Api, ApiStarter, basic, source, track

pytest_plugins = ["tests.ingest_fixtures"]

PAGE = {"Origin": "https://app.example.com"}


def assert_readable(answer: requests.Response, status: int) -> None:
    """The answer has its status, and a page can see both it and how long to wait."""
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("status", "method", "path", "body", "headers"),
    [
        (200, "POST", "/v1/track", track(), {}),
        (202, "POST", "/api/analytics/track", track(), {}),
        (200, "POST", "/v1/track", {}, {}),
        (400, "POST", "/v1/batch", {"batch": 7}, {}),
        (400, "POST", "/api/analytics/track", {}, {}),
        (401, "POST", "/v1/track", track(), {"Authorization": basic("unknown")}),
        (401, "POST", "/v1/track", track(), {"Authorization": "Digest x"}),
        (404, "POST", "/v1/nowhere", track(), {}),
        (404, "POST", "/v1//track", track(), {}),
        (405, "GET", "/v1/track", None, {}),
        (405, "POST", "/sourceConfig", track(), {}),
        (413, "POST", "/v1/track", track(extra="x" * Limits().body_bytes), {}),
        (414, "POST", "/v1/track?" + "x" * 9000, track(), {}),
        (415, "POST", "/v1/track", track(), {"Content-Encoding": "br"}),
        (431, "POST", "/v1/track", track(), {"A": "x" * 33_000}),
        (200, "GET", "/health/live", None, {}),
        (200, "GET", f"/v1/projects/{KEY}/settings", None, {}),
        (401, "GET", "/v1/projects/unknown/settings", None, {}),
    ],
)
def test_whatever_is_wrong_a_page_may_read_it(
    shared_api: Api, status: int, method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    """Of what is accepted, of what is not, and of what is not even there."""
    answer = shared_api.get(path, method, json=body, headers={"Authorization": basic(KEY), **PAGE, **headers})

    assert_readable(answer, status)


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"enabled": False}, 403),
        ({"kind": "browser", "origins": ["https://other.example.com"]}, 403),
    ],
)
def test_a_source_that_is_not_to_be_used_says_so(start_api: ApiStarter, settings: dict[str, Any], status: int) -> None:
    """To the page that uses it, whose developer then knows."""
    api = start_api(source(**settings))

    assert_readable(api.post("/v1/track", track(), headers=PAGE), status)


def test_a_page_sees_how_long_to_wait(start_api: ApiStarter) -> None:
    """429 with Retry-After."""
    api = start_api(source(rate_limit=1))
    api.post("/v1/track", track(), headers=PAGE)

    assert_readable(api.post("/v1/track", track(), headers=PAGE), 429)


@pytest.mark.parametrize(
    ("error", "status"), [(StagingError("down"), 503), (StagingFull("full"), 503), (RuntimeError("a bug"), 500)]
)
def test_a_page_sees_what_is_our_fault(api: Api, error: Exception, status: int) -> None:
    """And comes back."""
    api.staging.error = error

    assert_readable(api.post("/v1/track", track(), headers=PAGE), status)


def test_a_page_sees_that_it_was_too_slow(start_api: ApiStarter) -> None:
    """Even what ends a connection is an answer that can be read."""
    api = start_api(limits=Limits(body_seconds=0.2))

    answer = exchange(api, b"POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"access-control-allow-origin: *" in answer


def test_broken_http_is_an_answer_that_can_be_read(shared_api: Api) -> None:
    """A proxy may have broken what a page has sent."""
    assert b"access-control-allow-origin: *" in exchange(shared_api, b"no HTTP\r\n\r\n")
