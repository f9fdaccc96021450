"""What happens to requests that break HTTP itself, or use its rarer parts?"""

import socket

import pytest

from ingest_api.limits import Limits
from tests.raw_http import LAST, connect, exchange, good, post, rest, statuses
from tests.running_api import Api, ApiStarter, basic, raw

pytest_plugins = ["tests.ingest_fixtures"]

START = b"POST /api/analytics/track HTTP/1.1\r\n"
HOST = b"Host: localhost\r\n"
CHUNKED = "Transfer-Encoding: chunked"
CHUNKED_HEAD = START + HOST + b"Transfer-Encoding: chunked\r\n\r\n"


def with_header(line: bytes) -> bytes:
    """A request without a body that has this header line, too."""
    return START + HOST + line + b"\r\n\r\n"


def chunked(body: bytes) -> bytes:
    """The body in one chunk."""
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"POST @evil HTTP/1.1\r\n" + HOST + b"\r\n", id="row-12-target-without-slash"),
        pytest.param(b"POST http://evil/v1/track HTTP/1.1\r\n" + HOST + b"\r\n", id="row-12-other-host"),
        pytest.param(b"CONNECT evil:443 HTTP/1.1\r\n" + HOST + b"\r\n", id="row-12-connect"),
        pytest.param(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", id="row-12-asterisk"),
        pytest.param(b"post /v1/track HTTP/1.1\r\n" + HOST + b"\r\n", id="row-12-lower-case"),
        pytest.param(with_header(b"Content-Length: -1"), id="row-20-negative"),
        pytest.param(with_header(b"Content-Length: +5"), id="row-20-plus"),
        pytest.param(with_header(b"Content-Length: 0x10"), id="row-20-hex"),
        pytest.param(with_header(b"Content-Length: five"), id="row-20-text"),
        pytest.param(with_header(b"Content-Length: "), id="row-20-empty"),
        pytest.param(with_header(b"Content-Length: " + b"9" * 40), id="row-20-40-digits"),
        pytest.param(with_header(b"Content-Length: 3,3") + b"abc", id="row-20-list"),
        pytest.param(with_header(b"Content-Length: 3\r\nContent-Length: 4") + b"abcd", id="row-20-two"),
        pytest.param(
            with_header(b"Content-Length: 5\r\nTransfer-Encoding: chunked") + b"0\r\n\r\n", id="row-21-length-first"
        ),
        pytest.param(
            with_header(b"Transfer-Encoding: chunked\r\nContent-Length: 5") + b"0\r\n\r\n", id="row-21-length-last"
        ),
        pytest.param(with_header(b"Transfer-Encoding: xchunked") + b"0\r\n\r\n", id="row-21-xchunked"),
        pytest.param(with_header(b"Transfer-Encoding : chunked") + b"0\r\n\r\n", id="row-21-space"),
        pytest.param(with_header(b"Transfer-Encoding: identity"), id="row-21-identity"),
        pytest.param(with_header(b"Transfer-Encoding: chunked, identity") + b"0\r\n\r\n", id="row-21-not-last"),
        pytest.param(CHUNKED_HEAD + b"zz\r\n", id="row-22-size"),
        pytest.param(CHUNKED_HEAD + b"3\r\nabcX0\r\n\r\n", id="row-22-missing-crlf"),
        pytest.param(CHUNKED_HEAD + b"3\nabc\n0\n\n", id="row-22-bare-lf"),
        pytest.param(CHUNKED_HEAD + b"3;" + b"x" * 65_536 + b"\r\nabc\r\n0\r\n\r\n", id="row-22-64-kb-extension"),
        pytest.param(CHUNKED_HEAD + b"0\r\nA: " + b"x" * 65_536 + b"\r\n\r\n", id="row-22-64-kb-trailer"),
        pytest.param(with_header(b"A: \0"), id="row-25-nul"),
        pytest.param(with_header(b"A: b\rc"), id="row-25-cr"),
        pytest.param(with_header(b"no colon"), id="row-25-no-colon"),
        pytest.param(with_header(b"a b: c"), id="row-25-space-in-name"),
        pytest.param(with_header(b"A: b\r\n c"), id="row-25-folded"),
        pytest.param(b"GET /health/live HTTP/1.1\nHost: localhost\n\n", id="row-25-bare-lf"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="row-27-tls"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="row-27-http-2"),
        pytest.param(b"\xde\xad\xbe\xef\r\n\r\n", id="row-27-random"),
        pytest.param(b"GET /health/live HTTP/3.7\r\n" + HOST + b"\r\n", id="row-27-http-3.7"),
        pytest.param(with_header(b"Origin: https://a\rSet-Cookie: b"), id="row-78-cr-in-origin"),
    ],
)
def test_broken_http_is_400_and_closed(shared_api: Api, sent: bytes) -> None:
    """Rows 12 to 27, threat 11: one answer as SDKs read it; nothing of what stands behind is taken for a request."""
    answer = exchange(shared_api, sent + good())

    assert statuses(answer) == [400]
    assert b'"code":"bad_http"' in answer
    assert shared_api.is_serving()


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        pytest.param(b"GET /health/live HTTP/1.1\r\n\r\n", 400, b"bad_host", id="row-26-none"),
        pytest.param(b"GET /health/live\r\n\r\n", 400, b"bad_host", id="row-26-http-0.9"),
        pytest.param(with_header(b"Host: other"), 400, b"bad_host", id="row-26-two"),
        pytest.param(with_header(b"Host: localhost"), 400, b"bad_host", id="row-26-twice-the-same"),
        pytest.param(with_header(b"A: " + b"x" * 33_000), 431, b"headers_too_large", id="row-24-33-kb"),
        pytest.param(with_header(b"Cookie: " + b"x" * 60_000), 431, b"headers_too_large", id="row-24-60-kb-cookie"),
        pytest.param(with_header(b"A: b\r\n" * 10_000 + b"C: d"), 431, b"headers_too_large", id="row-24-10000"),
        pytest.param(START + HOST + b"A: " + b"x" * 10_000_000, 431, b"headers_too_large", id="row-24-endless"),
        pytest.param(b"\r\n" * 1_000_000, 431, b"headers_too_large", id="row-24-endless-blank-lines"),
        pytest.param(b"GET /" + b"x" * 8200 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, b"uri_too_long", id="row-13"),
    ],
)
def test_a_head_that_is_not_to_be_served_says_why(shared_api: Api, sent: bytes, status: int, code: bytes) -> None:
    """Rows 13, 24 and 26: the answer reaches even a client that goes on sending for a while."""
    answer = exchange(shared_api, sent)

    assert statuses(answer) == [status]
    assert b'"code":"' + code + b'"' in answer
    assert shared_api.is_serving()


def test_headers_of_just_less_than_the_limit_are_read(shared_api: Api) -> None:
    """Row 24: the limit is no narrower than it says, wherever in what is received the head begins."""
    large = post(raw(), "A: " + "x" * 32_000)

    answer = exchange(shared_api, good() + large + good() * 30 + large + LAST)

    assert statuses(answer) == [202] * 33 + [200]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(post(b"{", "Content-Length: 100"), id="row-23-length"),
        pytest.param(post(b"5\r\n{", CHUNKED), id="row-22-no-last-chunk"),
        pytest.param(START, id="row-23-head"),
    ],
)
def test_a_request_that_is_cut_off_is_forgotten(shared_api: Api, sent: bytes) -> None:
    """Rows 22 and 23: the client is gone, and there is nobody to answer."""
    assert exchange(shared_api, sent, then_closes=True) == b""
    assert shared_api.is_serving()


def test_two_different_authorizations_are_refused(shared_api: Api) -> None:
    """Row 5: proxies disagree about which of them counts."""
    two = post(b"", f"Authorization: {basic('other')}")

    answer = exchange(shared_api, two + good() + LAST)

    assert statuses(answer) == [400, 202, 200]
    assert b"duplicate_authorization" in answer


@pytest.mark.parametrize("size", [Limits().body_bytes + 1, 10_000_000_000])
def test_a_client_that_waits_for_leave_is_refused_before_it_sends(shared_api: Api, size: int) -> None:
    """Row 18: a body that says it is too large is never asked for."""
    with connect(shared_api) as connection:
        connection.sendall(post(b"", f"Content-Length: {size}", "Expect: 100-continue"))
        answer = connection.recv(65_536)

    assert statuses(answer) == [413]
    assert shared_api.is_serving()


def test_a_client_that_waits_for_leave_gets_it(shared_api: Api) -> None:
    """Curl waits a second for it when the body is large."""
    with connect(shared_api) as connection:
        connection.sendall(post(b"", f"Content-Length: {len(raw())}", "Expect: 100-continue"))
        leave = connection.recv(65_536)
        connection.sendall(raw() + LAST)
        answer = rest(connection)

    assert leave == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert statuses(answer) == [202, 200]


@pytest.mark.parametrize("lines", [(), ("Connection: close",)])
def test_a_refusal_reaches_a_client_that_is_still_sending(shared_api: Api, lines: tuple[str, ...]) -> None:
    """Row 18: closing in the middle would reset the connection, and the client would send it all again for ever."""
    answer = exchange(shared_api, post(b"x" * 3_000_000, *lines) + LAST)

    assert statuses(answer)[0] == 413
    assert b"body_too_large" in answer


def test_what_stands_behind_a_chunked_body_is_no_header(shared_api: Api) -> None:
    """A trailer could otherwise say what a proxy in front has forbidden (RFC 9110, 6.5.1)."""
    body = chunked(raw()).removesuffix(b"\r\n") + b"Authorization: Basic b3RoZXI6\r\nHost: other\r\n\r\n"

    answer = exchange(shared_api, post(body, CHUNKED) + good() + LAST)

    assert statuses(answer) == [202, 202, 200]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA"), id="http-2"),
        pytest.param(("Connection: upgrade", "Upgrade: websocket"), id="websocket"),
    ],
)
def test_an_upgrade_is_not_taken_but_the_request_is(shared_api: Api, lines: tuple[str, ...]) -> None:
    """Java's own client asks for HTTP/2 with every request; the events in it count."""
    upgrading = post(raw(messageId="upgrading"), *lines) + post(chunked(raw()), CHUNKED, *lines)

    answer = exchange(shared_api, upgrading + good() + LAST)

    assert statuses(answer) == [202, 202, 202, 200]
    assert b'"messageId":"upgrading"' in answer


def test_http_1_0_needs_no_host(shared_api: Api) -> None:
    """Some health checks still speak it."""
    answer = exchange(shared_api, b"GET /health/live HTTP/1.0\r\n\r\n")

    assert statuses(answer) == [200]


def test_pipelined_requests_are_answered_in_order(shared_api: Api) -> None:
    """Row 82: thirty at once, each with its own answer."""
    answer = exchange(shared_api, b"".join(good(f"pipelined-{n}") for n in range(30)) + LAST)

    assert statuses(answer) == [202] * 30 + [200]
    places = [answer.index(f'"pipelined-{n}"'.encode()) for n in range(30)]
    assert places == sorted(places)


@pytest.mark.parametrize("broken", [CHUNKED_HEAD + b"zz\r\n", b"no HTTP\r\n\r\n", with_header(b"Host: other")])
def test_a_broken_request_does_not_overtake_the_good_ones_before_it(api: Api, broken: bytes) -> None:
    """A client takes the first answer for the answer to its first request."""
    api.staging.hold()
    with connect(api) as connection:
        connection.sendall(good() * 3 + broken)
        api.staging.waits.acquire()
        api.staging.release()
        answer = rest(connection)

    assert statuses(answer) == [202, 202, 202, 400]


@pytest.mark.parametrize("answered", [0, 1, 2])
def test_a_client_that_is_gone_before_its_answer_is_no_error_in_the_log(
    api: Api, caplog: pytest.LogCaptureFixture, answered: int
) -> None:
    """Else anybody could fill a disk with tracebacks; its event is stored all the same."""
    api.staging.hold()
    with connect(api) as connection:
        connection.sendall(good() * (answered + 1) + CHUNKED_HEAD + b"zz\r\n")
        connection.shutdown(socket.SHUT_WR)
        for _ in range(answered):
            api.staging.let_one_pass()
            api.staging.waits.acquire()
        api.staging.waits.acquire()
        answer = rest(connection)
    api.staging.release()

    assert statuses(answer) == [202] * answered
    assert api.is_serving()
    assert len(api.staging.payloads()) == answered + 2
    assert [record.name for record in caplog.records] == ["ingest_api.refusals"]  # of the broken request


def test_more_pipelined_requests_than_may_wait_are_refused(start_api: ApiStarter) -> None:
    """Each of them costs memory while it waits; those before are answered."""
    api = start_api(limits=Limits(pipelined=2))
    api.staging.hold()
    with connect(api) as connection:
        connection.sendall(good() * 9)
        api.staging.waits.acquire()
        api.staging.release()
        answer = rest(connection)

    assert statuses(answer) == [202, 202, 202, 503]


@pytest.mark.parametrize("sent", [LAST, b"no HTTP\r\n\r\n"])
def test_no_answer_names_the_software(shared_api: Api, sent: bytes) -> None:
    """It would only help who looks for its holes."""
    answer = exchange(shared_api, sent).lower()

    assert b"\r\nserver:" not in answer
    assert b"uvicorn" not in answer
