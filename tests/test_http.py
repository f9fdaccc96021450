"""What does a vendor's answer, or the lack of one, mean?"""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.destinations.base import Outcome
from analytics_platform.destinations.http import (
    ANSWER_BYTES,
    MAX_WAIT,
    QUOTED,
    Answer,
    Client,
    Statuses,
    Timeouts,
    outcome,
    retry_after,
)
from tests.fakes.vendor import Reply, Vendor
from tests.fakes.wire import Behaviour, drip, free_url, pour, say, say_nothing, wire

NOW = datetime(2026, 3, 4, 10, 20, 30, tzinfo=UTC)
KEY = "sk-very-secret"
AWKWARD_KEY = 'sk-very-secret/"'
KEY_IN_BASIC = "c2stdmVyeS1zZWNyZXQ6"
SHORT = Timeouts(connect=5, read=0.1, total=0.2)


pytest_plugins = ["tests.destination_fixtures"]


@pytest.fixture
def client() -> Client:
    """A client that tries three times, at once."""
    return Client((AWKWARD_KEY, KEY), wait=0)


def in_turn(vendor: Vendor, *replies: Reply) -> None:
    """Have the vendor answer so, one after the other."""
    remaining = iter(replies)
    vendor.will(lambda _: next(remaining))


def ask(behaviour: Behaviour) -> tuple[Answer, int]:
    """What a client with short timeouts makes of such a server, and how often it asked."""
    with wire(behaviour) as server:
        answer = Client(wait=0, timeouts=SHORT).post(server.url, b"{}", {})
        return answer, len(server.requests)


# One request


def test_a_request_arrives_as_it_was_given(vendor: Vendor, client: Client) -> None:
    """The very bytes and headers, and the answer comes back."""
    vendor.will_answer(207, "partly", {"X-Answer": "yes"})

    answer = client.post(f"{vendor.url}/v1/batch", b'{"a": 1}', {"Content-Type": "application/json", "X-Mine": "1"})

    (request,) = vendor.requests
    assert (request.path, request.raw, request.headers["X-Mine"]) == ("/v1/batch", b'{"a": 1}', "1")
    assert (answer.status, answer.body, answer.headers["x-answer"]) == (207, "partly", "yes")


def test_a_redirect_is_not_followed(vendor: Vendor, client: Client) -> None:
    """Events go where the configuration says, and nowhere else."""
    vendor.will_answer(307, "", {"Location": f"{vendor.url}/elsewhere"})

    answer = client.post(f"{vendor.url}/here", b"{}", {})

    assert answer.status == 307
    assert [request.path for request in vendor.requests] == ["/here"]


def test_cookies_are_not_kept(vendor: Vendor, client: Client) -> None:
    """One request tells nothing of another."""
    vendor.will_answer(200, "{}", {"Set-Cookie": "session=1; Path=/"})

    client.post(vendor.url, b"{}", {})
    client.post(vendor.url, b"{}", {})

    assert ["Cookie" in request.headers for request in vendor.requests] == [False, False]


def test_headers_that_drip_are_no_answer_in_time() -> None:
    """Each byte comes soon enough, all of them do not; the request may have been accepted, so it is not repeated."""
    answer, requests = ask(drip(b"HTTP/1.1 200 OK\r\nX-Slow: "))

    assert (answer.status, answer.problem, requests) == (0, "ReadTimeout", 1)


def test_the_environment_redirects_nothing(
    vendor: Vendor, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither a proxy nor a .netrc of the machine's is part of the configuration."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", free_url())
    monkeypatch.setenv("http_proxy", free_url())
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")

    answer = client.post(vendor.url, b"{}", {})

    assert answer.status == 200
    assert "Authorization" not in vendor.requests[0].headers


@pytest.mark.parametrize("echo", [KEY, KEY_IN_BASIC, "sk-very-secret%2F%22", 'sk-very-secret/\\"'])
def test_our_key_is_taken_out_of_the_answer(vendor: Vendor, client: Client, echo: str) -> None:
    """Vendors repeat the key, and debugging endpoints the whole request."""
    vendor.will_answer(400, f'{{"error": "the key {echo} is invalid"}}')

    answer = client.post(vendor.url, b"{}", {"Authorization": f"Basic {KEY_IN_BASIC}"})

    assert answer.body == '{"error": "the key <API_KEY> is invalid"}'


# Quick retries


def test_a_blip_is_tried_again_with_the_same_bytes(vendor: Vendor, client: Client) -> None:
    """What lasts for a moment costs a moment."""
    in_turn(vendor, Reply(503), Reply(500), Reply(200))

    answer = client.post(vendor.url, b'{"a": 1}', {"X-Mine": "1"})

    assert answer.status == 200
    assert [(request.raw, request.headers["X-Mine"]) for request in vendor.requests] == [(b'{"a": 1}', "1")] * 3


def test_what_lasts_longer_is_the_answer(vendor: Vendor, client: Client) -> None:
    """The store waits, not this process."""
    vendor.will_answer(503, "maintenance")

    answer = client.post(vendor.url, b"{}", {})

    assert (answer.status, answer.body, len(vendor.requests)) == (503, "maintenance", 3)


@pytest.mark.parametrize(
    ("status", "requests"),
    [(status, 3) for status in (408, 425, 500, 502, 503, 504)]
    + [(status, 1) for status in (200, 204, 302, 400, 401, 403, 404, 413, 422, 429, 501, 505)],
)
def test_only_blips_are_tried_again(vendor: Vendor, client: Client, status: int, requests: int) -> None:
    """A refusal stays one, and a vendor that throttles is left alone."""
    vendor.will_answer(status)

    client.post(vendor.url, b"{}", {})

    assert len(vendor.requests) == requests


def test_a_wait_that_the_vendor_asks_for_is_left_to_the_caller(vendor: Vendor, client: Client) -> None:
    """Retry-After is not answered with a quick retry."""
    vendor.will_answer(503, "", {"Retry-After": "30"})

    client.post(vendor.url, b"{}", {})

    assert len(vendor.requests) == 1


def test_a_line_that_breaks_is_a_blip() -> None:
    """A vendor that restarts hangs up."""
    answer, requests = ask(say(b""))

    assert (answer.status, answer.problem, requests) == (0, "ConnectionError", 3)


# Servers that misbehave


def test_nobody_there_is_no_answer(client: Client) -> None:
    """A refused connection is not an exception."""
    assert client.post(free_url(), b"{}", {}) == Answer(0, {}, "", "ConnectionError")


@pytest.mark.parametrize("host", ["a" * 70 + ".invalid", "a..invalid", "[::1"])
def test_an_address_that_leads_nowhere_is_no_answer(client: Client, host: str) -> None:
    """Whatever is wrong with the address, the caller gets an answer with a problem, and the address is not in it."""
    answer = client.post(f"http://{host}/", b"{}", {})

    assert answer.status == 0
    assert answer.problem.isidentifier()


def test_a_server_that_hangs_is_given_up_once() -> None:
    """A timeout has taken its time already; the request may have been accepted, so it is not repeated at once."""
    answer, requests = ask(say_nothing)

    assert (answer.status, answer.problem, requests) == (0, "ReadTimeout", 1)


def test_something_else_than_http_is_no_answer() -> None:
    """A port of another service."""
    answer, _ = ask(say(b"220 mail.example.com ESMTP\r\n\r\n"))

    assert (answer.status, answer.problem) == (0, "ConnectionError")


@pytest.mark.parametrize(
    ("behaviour", "beginning"),
    [
        (say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut o"), "cut o"),
        (say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\nnonsense"), "abcd"),
        (say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n...."), ""),
        (say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe"), "\ufffd\ufffd"),
        (say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html>hi!"), "<html>hi!"),
        (drip(b"HTTP/1.1 200 OK\r\n\r\nslow"), "slow"),
        (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nslow"), "slow"),
        (pour(b"HTTP/1.1 200 OK\r\n\r\nmuch"), "much"),
    ],
)
def test_the_status_stands_whatever_the_body(behaviour: Behaviour, beginning: str) -> None:
    """A 2xx is delivered, also when its body breaks off, is unreadable, or has no end."""
    answer, requests = ask(behaviour)

    assert (answer.status, answer.body[: len(beginning)], requests) == (200, beginning, 1)
    assert len(answer.body) <= ANSWER_BYTES
    assert outcome(answer, 5, NOW, Statuses()).kind == "delivered"


# What an answer means


@pytest.mark.parametrize(
    ("status", "alone", "together"),
    [(status, "delivered", "delivered") for status in (200, 201, 202, 204, 299)]
    + [(status, "halt", "halt") for status in (301, 302, 304, 307, 308, 401, 403, 404, 501, 505, 511)]
    + [(status, "retry", "retry") for status in (0, 101, 408, 425, 429, 500, 502, 503, 504, 520, 599, 999)]
    + [(status, "dead_letter", "split") for status in (400, 402, 405, 406, 409, 410, 411, 413, 415, 422, 431, 499)],
)
def test_the_status_decides(status: int, alone: str, together: str) -> None:
    """For a request of one event, and for one of several: a bad event must not bury its neighbours."""
    answer = Answer(status, {}, "", "" if status else "ConnectionError")

    assert [outcome(answer, count, NOW, Statuses()).kind for count in (1, 2)] == [alone, together]


def test_a_rejected_event_is_named() -> None:
    """Alone in its request it is number 0; the reason holds none of the vendor's words."""
    rejected = outcome(Answer(422, {}, "the email ada@example.com is bad"), 1, NOW, Statuses())

    assert rejected == Outcome("dead_letter", "HTTP 422", "the email ada@example.com is bad", rejected={0: "HTTP 422"})


def test_no_answer_is_retried_with_its_problem_as_reason() -> None:
    """So that the operator sees what is wrong."""
    assert outcome(Answer(0, {}, "", "ConnectTimeout"), 1, NOW, Statuses()) == Outcome("retry", "ConnectTimeout")


def test_an_answer_is_quoted_in_part() -> None:
    """A dead letter keeps the beginning."""
    assert outcome(Answer(400, {}, "x" * 10_000), 1, NOW, Statuses()).answer == "x" * QUOTED


@pytest.mark.parametrize(("status", "is_too_fast"), [(429, True), (503, False), (0, False)])
def test_throttling_is_told_from_trouble(status: int, is_too_fast: bool) -> None:  # noqa: FBT001  the table's column
    """Without a Retry-After both are tried again later, but only the one means: more slowly."""
    outcomes = [outcome(Answer(status, headers, ""), 5, NOW, Statuses()) for headers in ({}, {"Retry-After": "3"})]

    assert [each.is_too_fast for each in outcomes] == [is_too_fast] * 2


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_a_wait_that_is_asked_for_is_kept(status: int) -> None:
    """The events are tried again no sooner."""
    assert outcome(Answer(status, {"Retry-After": "12"}, ""), 5, NOW, Statuses()).kind == "retry_after"
    assert outcome(Answer(status, {"Retry-After": "12"}, ""), 5, NOW, Statuses()).wait == 12


def test_a_halt_has_no_wait() -> None:
    """A key is not mended by waiting."""
    assert outcome(Answer(401, {"Retry-After": "12"}, ""), 1, NOW, Statuses()).kind == "halt"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("12", 12),
        (" 12 ", 12),
        ("9" * 500, MAX_WAIT),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        ("Wed, 04 Mar 2026 10:22:00 -0000", 90),
        ("Wednesday, 04-Mar-26 10:22:00 GMT", 90),
        ("Wed Mar  4 10:22:00 2026", 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), MAX_WAIT),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("²", None),
        ("soon", None),
        ("Wed, 99 Mar 2026 10:22:00 GMT", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    """Garbage counts as absent, and nobody makes us wait longer than MAX_WAIT."""
    assert retry_after(value, NOW) == seconds


@given(st.text(max_size=60))
def test_retry_after_takes_any_text(value: str) -> None:
    """It is a stranger's header."""
    assert 0 <= (retry_after(value, NOW) or 0) <= MAX_WAIT
