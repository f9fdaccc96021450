"""How many events a second a drain delivers to a local sink, beside a loop that only posts."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import requests

from analytics_platform.delivery.drain import Drain
from analytics_platform.delivery.job import Job, Surroundings
from analytics_platform.delivery.tally import Tally
from analytics_platform.destinations.http import Client
from analytics_platform.destinations.posting import Terms
from analytics_platform.destinations.segment import Segment
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, live
from tests.benchmarks import servers

EVENTS = 30_000


def measure(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the table, one for each batch size."""
    with servers.nothing() as sink:
        for batch_size in (50, 500):
            ours, bare = _drain(folder, sink.port, batch_size), _loop(sink.port, batch_size)
            what = f"delivered, {batch_size} events a request, events/s"
            yield what, f"{ours:,.0f}", f"{bare:,.0f}", f"{ours / bare:.2f}"


def _call(number: int) -> dict[str, object]:
    return {
        "type": "track",
        "event": "report.created",
        "messageId": str(uuid4()),
        "userId": f"user-{number % 1000}",
        "timestamp": "2026-03-04T10:20:30.456Z",
        "properties": {"report_id": "r-1042"},
        "context": {"library": {"name": "bench", "version": "1"}, "locale": "en-GB"},
    }


def _drain(folder: Path, port: int, batch_size: int) -> float:
    staging = open_staging(f"sqlite:///{folder}/delivery-{batch_size}.db")
    staging.register(["sink"])
    calls = [_call(number) for number in range(EVENTS)]
    staging.append([Entry("bench", str(c["messageId"]), time.time(), json.dumps(c)) for c in calls])
    url = f"http://127.0.0.1:{port}"
    sink = Segment(Terms("sink", url, "key", Client(), lambda: datetime.now(UTC), max_events=batch_size))
    job = Job("sink", "segment", sink, batch_size, 0.01, concurrency=4, give_up_after=3600)
    staging.start_run("bench", "sink")
    lease = staging.acquire(live("sink"), "bench")
    if lease is None:
        raise RuntimeError("a new store has no lease to give")
    world = Surroundings(staging, time.time, time.sleep, lambda: None, lambda: False)
    started = time.perf_counter()
    Drain(job, lease, world, Tally(), until=EVENTS).run()
    elapsed = time.perf_counter() - started
    staging.close()
    return EVENTS / elapsed


def _loop(port: int, batch_size: int) -> float:
    """What a script does that has the events in memory and forgets them: post, post, post."""
    session = requests.Session()
    calls = [_call(number) for number in range(EVENTS)]
    started = time.perf_counter()
    for start in range(0, EVENTS, batch_size):
        session.post(f"http://127.0.0.1:{port}/batch", json={"batch": calls[start : start + batch_size]}, timeout=10)
    return EVENTS / (time.perf_counter() - started)
