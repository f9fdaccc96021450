"""How many events a second the API accepts, beside an endpoint that does nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Literal
from uuid import uuid4

from tests.benchmarks import load, servers, wrk

Row = tuple[str, str, str, str]
"""What, ours, what stands beside it, the ratio."""

CONNECTIONS = 64
SECONDS = 6.0
ROUNDS = 5  # of the first comparison, since a machine is quick for some seconds and slow for others
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
    """The rows of accepting: one event a request, beside nothing and beside what people build by hand; then batches."""
    generator = "wrk" if wrk.is_there() else "a generator in Python, which competes with the server: apt install wrk"
    yield f"requests as fast as they are answered are sent by {generator}", "", "", ""
    with servers.nothing() as plain, servers.ingest(folder / "ingest") as ours:
        rounds = side_by_side(ours, plain)
        single, nothing = rounds[len(rounds) // 2]
        span = f" ({_ratio(rounds[0]):.2f} to {_ratio(rounds[-1]):.2f})"
        yield _row("accepted, one event a request, events/s", single.per_second, nothing.per_second, ",.0f", span)
        yield _processor("one event a request", single, nothing)
        yield from _percentiles("one event a request", single, nothing)
        half, beside = (
            _taken(load.run(server.port, one, CONNECTIONS, SECONDS, single.per_second / 2)) for server in (ours, plain)
        )
        yield _row("answer p99 at half of that rate, ms", half.percentiles[99], beside.percentiles[99], ".1f")
        yield from _beside_by_hand(folder, single)
        nothing = at_full_rate(plain, "hundred")
        batches = at_full_rate(ours, "hundred")
        rate = batches.per_second * BATCH
        yield _row("accepted, 100 events a request, events/s", rate, nothing.per_second * BATCH, ",.0f")
        yield _row("the same, beside one event a request", rate, single.per_second, ",.0f")
        yield _processor("100 events a request", batches, nothing)
        yield from _percentiles("100 events a request", batches, nothing)


def side_by_side(ours: servers.Server, beside: servers.Server) -> list[tuple[load.Load, load.Load]]:
    """Both under full load in turn, some times, by ratio: the round in the middle is the one to tell of."""
    return sorted([(at_full_rate(ours, "one"), at_full_rate(beside, "one")) for _ in range(ROUNDS)], key=_ratio)


def _ratio(loads: tuple[load.Load, load.Load]) -> float:
    ours, beside = loads
    return ours.per_second / beside.per_second


def at_full_rate(server: servers.Server, kind: Literal["one", "hundred"], seconds: float = SECONDS) -> load.Load:
    """As many requests as a server answers, in a closed loop of 64 connections, and what they cost it."""
    before = server.cpu_seconds()
    if wrk.is_there():
        measured = wrk.run(server.port, kind, CONNECTIONS, seconds)
    else:
        make, count = (one, PREPARED) if kind == "one" else (hundred, PREPARED // BATCH)
        prepared = [make() for _ in range(count)]  # the load generator must not be the limit
        measured = load.run(server.port, iter(prepared).__next__, CONNECTIONS, seconds)
    return replace(_taken(measured), server_seconds=server.cpu_seconds() - before)


def _beside_by_hand(folder: Path, single: load.Load) -> Iterator[Row]:
    if which("redis-server") is None:
        yield "FastAPI, Celery, Redis: left out, there is no redis-server here", "", "", ""
        return
    with servers.by_hand(folder) as server:
        by_hand = at_full_rate(server, "one")
    yield _row("the same, beside FastAPI, Celery and Redis", single.per_second, by_hand.per_second, ",.0f")


def _taken(measured: load.Load) -> load.Load:
    if measured.refused:
        raise RuntimeError(f"{measured.refused} requests were refused: the figures mean nothing")
    return measured


def _processor(name: str, ours: load.Load, beside: load.Load) -> Row:
    """What a request costs, which other work on the machine changes less than how many there are."""
    cost, other = (each.server_seconds / each.requests * 1e6 for each in (ours, beside))
    return _row(f"processor's time of the server, {name}, µs", cost, other, ".0f")


def _percentiles(name: str, ours: load.Load, beside: load.Load) -> Iterator[Row]:
    for n in (50, 99):
        yield _row(f"answer p{n}, {name}, ms", ours.percentiles[n], beside.percentiles[n], ".1f")


def _row(what: str, ours: float, beside: float, form: str, span: str = "") -> Row:
    return what, f"{ours:{form}}", f"{beside:{form}}", f"{ours / beside:.2f}{span}"
