"""How many events a second the API accepts, beside an endpoint that does nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from tests.benchmarks import load, servers

CONNECTIONS = 32
SECONDS = 6.0
BATCH = 100

PROPERTIES = {
    "report_id": "r-1042",
}


def event() -> dict[str, object]:
    """A planned event of common size, with an id of its own."""
    return {
        "type": "track",
        "event": "report.created",
        "userId": "user-10042",
        "messageId": str(uuid4()),
        "timestamp": "2026-03-04T10:20:30.456Z",
        "properties": PROPERTIES,
        "context": {"library": {"name": "bench", "version": "1"}, "locale": "en-GB", "timezone": "Europe/London"},
    }


def request(path: str, body: object) -> bytes:
    """A request as bytes, with the demo key."""
    payload = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ZGVtbzo=\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload


def single(_: int) -> bytes:
    """A request with one event."""
    return request("/v1/track", event())


def batch(_: int) -> bytes:
    """A request with a hundred."""
    return request("/v1/batch", {"batch": [event() for _ in range(BATCH)]})


def measure(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the table: what, ours, the endpoint that does nothing, the ratio."""
    with servers.nothing() as plain, servers.ingest(folder / "ingest") as ours:
        for name, make, events in (("one event a request", single, 1), ("100 events a request", batch, BATCH)):
            made = [make(n) for n in range(20_000 // events)]
            nothing = load.run(plain, lambda n, made=made: made[n % len(made)], CONNECTIONS, SECONDS)
            accepted = load.run(ours, make, CONNECTIONS, SECONDS)
            if accepted.refused:
                raise RuntimeError(f"{accepted.refused} requests were refused: the figures mean nothing")
            yield (
                f"accepted, {name}, events/s",
                f"{accepted.per_second * events:,.0f}",
                f"{nothing.per_second * events:,.0f}",
                f"{accepted.per_second / nothing.per_second:.2f}",
            )
            for n in (50, 99):
                ours_ms, plain_ms = accepted.percentile(n), nothing.percentile(n)
                yield f"answer p{n}, {name}, ms", f"{ours_ms:.1f}", f"{plain_ms:.1f}", f"{ours_ms / plain_ms:.1f}"
