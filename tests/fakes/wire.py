"""A server below HTTP: it answers each request with whatever bytes the test says, or with none."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket], object]
"""What happens on a connection once the request has arrived; the line is closed after it."""


@dataclass
class Wire:
    """Where the server listens, and how often somebody has called."""

    url: str
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def wire(behaviour: Behaviour) -> Iterator[Wire]:
    """Listen for as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=_serve, args=(listener, behaviour, found), daemon=True).start()
        yield found
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, behaviour: Behaviour, found: Wire) -> None:
    with suppress(OSError):  # the listener is closed when the block ends
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_answer, args=(connection, behaviour, found), daemon=True).start()


def _answer(connection: socket.socket, behaviour: Behaviour, found: Wire) -> None:
    with connection, suppress(OSError):  # the client hangs up when it has had enough
        found.requests.append(connection.recv(65536))
        behaviour(connection)


def say(answer: bytes) -> Behaviour:
    """Say this and hang up."""
    return lambda connection: connection.sendall(answer)


def say_nothing(connection: socket.socket) -> None:
    """Take the request and keep silent until the client hangs up."""
    while connection.recv(65536):
        pass


def drip(answer: bytes) -> Behaviour:
    """Say this, and then for ever one more byte every few milliseconds."""

    def dripping(connection: socket.socket) -> None:
        pause = threading.Event()
        connection.sendall(answer)
        while not pause.wait(0.005):
            connection.sendall(b".")

    return dripping


def pour(answer: bytes) -> Behaviour:
    """Say this, and then for ever as much as the line takes."""

    def pouring(connection: socket.socket) -> None:
        connection.sendall(answer)
        while True:
            connection.sendall(b"." * 65536)

    return pouring


def free_url() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
