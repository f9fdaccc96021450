"""Does a page send calls as who is signed in, and can a foreign page?"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from analytics_platform.settings.session import SessionSettings
from ingest_api.session import Sessions
from tests.browser import played
from tests.fakes.clock import Clock
from tests.fakes.vendor import Vendor
from tests.running_api import NOW, Api, ApiStarter, source, track
from tests.tokens import SECRET, signed

pytest_plugins = ["tests.ingest_fixtures"]

pytestmark = [pytest.mark.node, pytest.mark.browser, pytest.mark.timeout(180)]

SEND = """
  return page.evaluate(async ([url, token, call, options]) => {
    document.cookie = `session=${token}`;
    try {
      const body = JSON.stringify(call);
      const answer = await fetch(url, { method: "POST", credentials: "include", body, ...options });
      return [answer.type, answer.status, answer.status && (await answer.json()).code];
    } catch (error) {
      return [error.name];
    }
  }, %s);
"""
AS_JSON = {"headers": {"Content-Type": "application/json"}}  # which a browser asks leave for first
BLINDLY = {"mode": "no-cors"}  # which it sends to anybody, and shows nothing of the answer


@pytest.fixture
def page() -> Iterator[str]:
    """A page of our own application."""
    with Vendor().listening() as site:
        site.will_answer(200, "<title>Ours</title>", {"Content-Type": "text/html"})
        yield site.url


@pytest.fixture
def foreign_page() -> Iterator[str]:
    """A page on the same host that is none of ours, so that the browser gives it the cookie."""
    with Vendor().listening() as site:
        site.will_answer(200, "<title>Theirs</title>", {"Content-Type": "text/html"})
        yield site.url


@pytest.fixture
def api(start_api: ApiStarter, page: str) -> Api:
    """The API, on an origin of its own; sessions count from our page."""
    settings = {"source": "web", "secret": SECRET, "cookie": "session", "origins": [page]}
    sessions = Sessions(SessionSettings.model_validate(settings), Clock(NOW), Clock())
    return start_api(source(kind="browser"), sessions=sessions)


def sent(page: str, api: Api, call: dict[str, Any], options: dict[str, Any]) -> list[Any]:
    """What a page sees that sends a call with the cookie: kind of answer, status, code; or the error."""
    arguments = [f"{api.url}/api/analytics/track", signed(), call, options]
    value: list[Any] = played(page, SEND % json.dumps(arguments))["value"]
    return value


def test_our_page_sends_as_who_is_signed_in(api: Api, page: str) -> None:
    """From another origin, without any key; the call need not name its user."""
    call = {"event": "report.created", "properties": {"report_id": "r-1"}}

    assert sent(page, api, call, AS_JSON) == ["cors", 202, None]
    assert [call["userId"] for call in api.staging.payloads()] == ["user-1"]


def test_our_page_learns_why_a_call_is_refused(api: Api, page: str) -> None:
    """The browser shows it errors, too."""
    assert sent(page, api, track(userId="user-2"), AS_JSON) == ["cors", 403, "wrong_user"]


def test_a_foreign_page_can_send_nothing_with_the_visitor_s_cookie(api: Api, foreign_page: str) -> None:
    """Neither with leave, which it does not get, nor without asking."""
    with_leave = sent(foreign_page, api, track(), AS_JSON)
    blindly = sent(foreign_page, api, track(), BLINDLY)

    assert (with_leave, blindly) == (["TypeError"], ["opaque", 0, 0])
    assert api.staging.payloads() == []


def test_our_page_could_send_blindly(api: Api, page: str) -> None:
    """So it is the origin that the one before was refused for, and not the way in which it was sent."""
    sent(page, api, track(), BLINDLY)

    assert len(api.staging.payloads()) == 1
