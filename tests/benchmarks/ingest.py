"""How many events a second the API accepts, beside an endpoint that does nothing."""

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from uuid import uuid4

from tests.benchmarks import load, servers

Row = tuple[str, str, str, str]
"""What, ours, what stands beside it, the ratio."""

CONNECTIONS = 32
SECONDS = 6.0
BATCH = 100
PREPARED = 200_000  # events, more than a round can send

PROPERTIES = {"report_id": "r-1042"}


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


def one() -> bytes:
    """A request with one event."""
    return request("/v1/track", event())


def hundred() -> bytes:
    """A request with a hundred."""
    return request("/v1/batch", {"batch": [event() for _ in range(BATCH)]})


def measure(folder: Path) -> Iterator[Row]:
    """The rows of accepting, for requests of one event and of a hundred."""
    with servers.nothing() as plain, servers.ingest(folder / "ingest") as ours:
        for name, make, events in (("one event a request", one, 1), ("100 events a request", hundred, BATCH)):
            prepared = [make() for _ in range(PREPARED // events)]  # the load generator must not be the limit
            nothing = load.run(plain, cycle(prepared).__next__, CONNECTIONS, SECONDS)
            accepted = load.run(ours, iter(prepared).__next__, CONNECTIONS, SECONDS)
            if accepted.refused:
                raise RuntimeError(f"{accepted.refused} requests were refused: the figures mean nothing")
            yield _row(f"accepted, {name}, events/s", accepted.per_second * events, nothing.per_second * events, ",.0f")
            for n in (50, 99):
                yield _row(f"answer p{n}, {name}, ms", accepted.percentile(n), nothing.percentile(n), ".1f")


def _row(what: str, ours: float, beside: float, form: str) -> Row:
    return what, f"{ours:{form}}", f"{beside:{form}}", f"{ours / beside:.2f}"
