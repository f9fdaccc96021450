"""From which pages may a key be used?"""

import pytest

from ingest_api.origins import allowed, check_origin
from ingest_api.refusal import Refusal
from tests.heads import head_of
from tests.running_api import source

LISTED = ["https://app.example.com", "http://localhost:3000", "https://*.example.org", "https://*.example.net:8443"]
WEB = source(kind="browser", origins=LISTED)


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com",
        "http://localhost:3000",
        "https://www.example.org",
        "https://a.b.example.org",
        "https://app.example.net:8443",
    ],
)
def test_a_listed_origin_may_send(origin: str) -> None:
    """Exactly as listed, or below what has a star."""
    assert allowed(WEB, origin)


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("null", id="null"),
        pytest.param("https://evil.example", id="another"),
        pytest.param("http://app.example.com", id="other-scheme"),
        pytest.param("https://app.example.com:8443", id="other-port"),
        pytest.param("https://app.example.com.evil.example", id="longer"),
        pytest.param("https://example.org", id="star-without-anything-below"),
        pytest.param("https://.example.org", id="star-for-nothing"),
        pytest.param("https://evilexample.org", id="star-needs-its-dot"),
        pytest.param("https://evil.example/.example.org", id="star-and-path"),
        pytest.param("https://evil.example:1@.example.org", id="star-and-user"),
        pytest.param("https://evil.example?.example.org", id="star-and-query"),
        pytest.param("http://www.example.org", id="star-and-other-scheme"),
        pytest.param("https://www.example.net", id="star-and-other-port"),
        pytest.param("https://*.example.com", id="a-star-itself"),
        pytest.param("https://app.example.com, https://evil.example", id="two"),
    ],
)
def test_any_other_origin_may_not(origin: str | None) -> None:
    """No origin, and the `null` of a file or a sandboxed frame, is on no list."""
    assert not allowed(WEB, origin)


@pytest.mark.parametrize("origin", [None, "null", "https://anywhere.example"])
def test_without_a_list_every_origin_may_send(origin: str | None) -> None:
    """The default: whoever has one page has no need of a list."""
    assert allowed(source(kind="browser"), origin)


def test_a_request_from_elsewhere_is_refused() -> None:
    """Also one without an Origin header, as of a program that has copied the key from a page."""
    with pytest.raises(Refusal, match="origin_not_allowed"):
        check_origin(WEB, head_of())
    with pytest.raises(Refusal, match="origin_not_allowed"):
        check_origin(WEB, head_of(("origin", "https://evil.example")))


def test_a_request_from_a_listed_page_passes() -> None:
    """And any request where there is no list."""
    check_origin(WEB, head_of(("origin", "https://app.example.com")))
    check_origin(source(), head_of())
