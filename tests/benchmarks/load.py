"""A load generator: so many connections, each sending its next request when the last one is answered."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True)
class Load:
    """What one round of load came to."""

    requests: int
    seconds: float
    latencies: list[float]  # seconds
    refused: int

    @property
    def per_second(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds

    def percentile(self, n: int) -> float:
        """The n-th percentile of the latencies, in milliseconds."""
        return quantiles(self.latencies, n=100)[n - 1] * 1000


def run(port: int, make: Callable[[int], bytes], connections: int, seconds: float) -> Load:
    """Load a server on loopback; `make` gives the bytes of the n-th request."""
    return asyncio.run(_run(port, make, connections, seconds))


async def _run(port: int, make: Callable[[int], bytes], connections: int, seconds: float) -> Load:
    latencies: list[float] = []
    refused = 0
    number = 0
    started = time.perf_counter()
    deadline = started + seconds

    async def client() -> None:
        nonlocal refused, number
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (begin := time.perf_counter()) < deadline:
            number += 1
            writer.write(make(number))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            latencies.append(time.perf_counter() - begin)
            refused += not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202"))
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    return Load(len(latencies), time.perf_counter() - started, latencies, refused)
