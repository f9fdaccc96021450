"""HTTP as bytes, for clients that break it or are slow at it."""

import re
import socket

from tests.running_api import KEY, TIMEOUT, Api, basic, raw

TRACK = "/api/analytics/track"


def head(request_line: str, *lines: str) -> bytes:
    """The head of a request, with a Host."""
    return "\r\n".join([request_line, "Host: localhost", *lines, "", ""]).encode()


def post(body: bytes, *lines: str) -> bytes:
    """A request with a key and this body, which `lines` may announce otherwise."""
    length = () if any(line.startswith(("Content-Length", "Transfer")) for line in lines) else (len(body),)
    announced = [f"Content-Length: {size}" for size in length]
    return head(f"POST {TRACK} HTTP/1.1", f"Authorization: {basic(KEY)}", *announced, *lines) + body


def good(message_id: str = "") -> bytes:
    """A request that is taken."""
    return post(raw(messageId=message_id) if message_id else raw())


LAST = head("GET /health/live HTTP/1.1", "Connection: close")
"""A request after which the server closes."""


def connect(api: Api) -> socket.socket:
    """A connection that fails the test rather than hang it."""
    return socket.create_connection(api.address, TIMEOUT)


def rest(connection: socket.socket) -> bytes:
    """Everything that still comes, until the server closes."""
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def statuses(answers: bytes) -> list[int]:
    """The status of each of the answers."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def exchange(api: Api, sent: bytes, *, then_closes: bool = False) -> bytes:
    """Send bytes as they are; everything that comes back until the server closes."""
    with connect(api) as connection:
        connection.sendall(sent)
        if then_closes:
            connection.shutdown(socket.SHUT_WR)
        return rest(connection)


def drip(connection: socket.socket, sent: bytes, pause: float) -> bytes:
    """Send a byte every `pause` seconds, until the server says something or closes; what it has said."""
    connection.settimeout(pause)
    for byte in sent:
        try:
            connection.sendall(bytes([byte]))
            return connection.recv(65_536)
        except TimeoutError:
            continue
    raise AssertionError("the server has taken it all without a word")
