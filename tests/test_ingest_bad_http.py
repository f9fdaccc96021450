"""What happens to requests that break HTTP itself, or use its rarer parts?"""

import socket

import pytest

from ingest_api.limits import Limits
from tests.running_api import KEY, TIMEOUT, Api, ApiStarter, basic, raw

pytest_plugins = ["tests.ingest_fixtures"]

TRACK = "/api/analytics/track"
BATCH = "/api/analytics/batch"
LIMIT = Limits().body_bytes


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="27-tls"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="27-http-2"),
        pytest.param(b"\xde\xad\xbe\xef\r\n\r\n", id="27-random"),
        pytest.param(b"POST /v1/track HTTP/1.1\r\nno colon\r\n\r\n", id="25-no-colon"),
        pytest.param(b"POST /v1/track HTTP/1.1\r\nA: \0\r\n\r\n", id="25-nul"),
        pytest.param(b"POST /v1/track HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="20-negative"),
        pytest.param(b"POST /v1/track HTTP/1.1\r\nContent-Length: +5\r\n\r\n", id="20-plus"),
        pytest.param(b"POST /v1/track HTTP/1.1\r\nContent-Length: 0x10\r\n\r\n", id="20-hex"),
        pytest.param(b"POST /v1/track HTTP/1.1\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n", id="20-40-digits"),
        pytest.param(b"POST /v1/track HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", id="20-two"),
        pytest.param(
            b"POST /v1/track HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", id="21-both"
        ),
        pytest.param(b"POST /v1/track HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="22-chunk-size"),
    ],
)
def test_broken_http_is_400_or_closed(shared_api: Api, request_bytes: bytes) -> None:
    """Rows 20 to 27: never a 5xx, never a hang."""
    answer = exchange(shared_api, request_bytes)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert shared_api.is_serving()


def test_a_body_that_does_not_end_is_408(start_api: ApiStarter) -> None:
    """Row 29: the deadline for a body is ours, since the server has none."""
    api = start_api(limits=Limits(body_seconds=0.1))

    answer = exchange(api, head(f"POST {TRACK} HTTP/1.1", "Content-Length: 100") + b"{")

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"request_timeout" in answer


def test_a_body_that_is_cut_off_harms_nobody(shared_api: Api) -> None:
    """Row 23: the client is gone, and there is nobody to answer."""
    answer = exchange(shared_api, head(f"POST {TRACK} HTTP/1.1", "Content-Length: 100") + b"{", then_closes=True)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert shared_api.is_serving()


def test_two_different_authorizations_are_refused(shared_api: Api) -> None:
    """Row 5: proxies disagree about which of them counts."""
    lines = (
        f"Authorization: {basic(KEY)}",
        f"Authorization: {basic('other')}",
        "Content-Length: 0",
        "Connection: close",
    )

    answer = exchange(shared_api, head(f"POST {TRACK} HTTP/1.1", *lines))

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"duplicate_authorization" in answer


def test_a_client_that_waits_for_leave_is_refused_before_it_sends(shared_api: Api) -> None:
    """Row 18: a body that says it is too large is never asked for."""
    lines = ("Content-Length: 10000000000", "Expect: 100-continue", f"Authorization: {basic(KEY)}")

    with socket.create_connection(shared_api.address, TIMEOUT) as connection:
        connection.sendall(head(f"POST {TRACK} HTTP/1.1", *lines))
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 413")
    assert shared_api.is_serving()


def test_pipelined_requests_are_answered_in_order(shared_api: Api) -> None:
    """Row 82: thirty at once, each with its own answer."""
    single = [
        head(f"POST {TRACK} HTTP/1.1", f"Authorization: {basic(KEY)}", f"Content-Length: {len(body)}") + body
        for body in (raw(messageId=f"pipelined-{n}") for n in range(29))
    ]
    last = head("GET /health/live HTTP/1.1", "Connection: close")

    answer = exchange(shared_api, b"".join(single) + last)

    assert answer.count(b"HTTP/1.1 202") == 29
    places = [answer.index(f'"pipelined-{n}"'.encode()) for n in range(29)]
    assert places == sorted(places)


def head(request_line: str, *lines: str) -> bytes:
    """The head of a request."""
    return "\r\n".join([request_line, "Host: localhost", *lines, "", ""]).encode()


def exchange(api: Api, request_bytes: bytes, *, then_closes: bool = False) -> bytes:
    """Send bytes as they are; everything that comes back until the server closes or the test gives up."""
    answer = b""
    with socket.create_connection(api.address, TIMEOUT) as connection:
        connection.sendall(request_bytes)
        if then_closes:
            connection.shutdown(socket.SHUT_WR)
        try:
            while chunk := connection.recv(65_536):
                answer += chunk
        except ConnectionResetError:
            pass
    return answer
