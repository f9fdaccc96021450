"""A load generator: each of its connections sends a request when the last one is answered, or at a steady rate."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import quantiles
from typing import cast

import uvloop


@dataclass(frozen=True)
class Load:
    """What one round of load came to."""

    requests: int
    seconds: float
    percentiles: Mapping[int, float]  # the 50th and the 99th of the latencies, in milliseconds
    refused: int
    server_seconds: float = 0.0  # of the processor, for all requests

    @property
    def per_second(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds


class Client(asyncio.Protocol):
    """One connection; answers are small, so each comes in one piece or a few."""

    def __init__(
        self, make: Callable[[], bytes], deadline: float, done: "asyncio.Future[None]", interval: float, due: float
    ) -> None:
        """`interval` is in seconds from one request's time to the next one's, the first being at `due`.

        An interval of 0 sends without a pause.
        """
        self._make = make
        self._deadline = deadline
        self._done = done
        self._interval = interval
        self._due = due
        self._answer = b""
        self._begun = 0.0
        self._transport: asyncio.WriteTransport
        self.latencies: list[float] = []
        self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request when its time has come."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send_when_due()

    def data_received(self, data: bytes) -> None:
        """Send the next request once the answer is whole."""
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            return
        now = time.perf_counter()
        self.latencies.append(now - self._begun)
        self.refused += not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202"))
        self._due += self._interval
        if now >= self._deadline:
            self._transport.close()
        else:
            self._send_when_due()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio gives it
        """Let the round end."""
        if not self._done.done():
            self._done.set_result(None)

    def _send_when_due(self) -> None:
        wait = self._due - time.perf_counter() if self._interval else 0
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._send)
        else:
            self._send()

    def _send(self) -> None:
        self._answer = b""
        request = self._make()
        # A request that had to wait for the answer before it counts from when it should have left.
        self._begun = self._due if self._interval else time.perf_counter()
        self._transport.write(request)


def run(port: int, make: Callable[[], bytes], connections: int, seconds: float, per_second: float = 0) -> Load:
    """Load a server on loopback with the requests that `make` gives, as bytes.

    `per_second` is how many requests to send in all; 0 is as many as are answered.
    """
    return uvloop.run(_run(port, make, connections, seconds, connections / per_second if per_second else 0))


async def _run(port: int, make: Callable[[], bytes], connections: int, seconds: float, interval: float) -> Load:
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    clients, ends = [], []
    for number in range(connections):
        ends.append(loop.create_future())
        due = started + number / connections * interval  # not all at the same moment
        _, client = await loop.create_connection(
            partial(Client, make, started + seconds, ends[-1], interval, due), "127.0.0.1", port
        )
        clients.append(client)
    await asyncio.gather(*ends)
    latencies = [latency * 1000 for client in clients for latency in client.latencies]
    percentiles = dict(enumerate(quantiles(latencies, n=100), 1))
    refused = sum(client.refused for client in clients)
    return Load(len(latencies), time.perf_counter() - started, percentiles, refused)
