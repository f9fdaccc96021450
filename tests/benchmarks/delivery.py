"""How many events a second a drain delivers to a local sink, beside a loop that posts the same bodies."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import requests

from analytics_platform.delivery.drain import Drain
from analytics_platform.delivery.flush import sort
from analytics_platform.delivery.job import Job, Surroundings
from analytics_platform.delivery.routing import Route
from analytics_platform.delivery.tally import Tally
from analytics_platform.destinations.http import Client
from analytics_platform.destinations.posting import Post, Terms
from analytics_platform.destinations.segment import Segment
from analytics_platform.staging.base import Staging, live
from tests.benchmarks import servers, stored

BATCH = 100  # events a request
EVENTS = 50_000
SLOW_EVENTS = 20_000
SLOW = 0.05  # seconds
ROUNDS = 9  # of each, in turn: a machine is quick for some seconds and slow for others, so a round's ratio counts


def measure(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the table: one lane beside the loop, then more lanes beside one."""
    names = [f"sink-{number}" for number in range(ROUNDS)]  # each gets the whole log
    with servers.sink() as sink, stored.backlog(f"sqlite:///{folder}/at-once.db", EVENTS, names) as staging:
        posts = _posts(staging, names[0], sink.port)
        rounds = [(drain(staging, name, sink.port, 1), _loop(posts)) for name in names]
    ours, bare = (median(rates) for rates in zip(*rounds, strict=True))
    ratios = sorted(one / other for one, other in rounds)
    what = f"delivered by one lane to a sink that answers at once, {BATCH} events a request, events/s"
    span = f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    yield what, f"{ours:,.0f}", f"{bare:,.0f}, requests posting the same bodies", span
    lanes = {f"sink-{number}": number for number in (1, 4, 16)}
    with (
        servers.sink(delay=SLOW) as sink,
        stored.backlog(f"sqlite:///{folder}/slow.db", SLOW_EVENTS, [*lanes]) as staging,
    ):
        one, four, sixteen = (drain(staging, name, sink.port, number) for name, number in lanes.items())
    for number, ours in ((4, four), (16, sixteen)):
        what = f"delivered by {number} lanes to a sink that answers after 50 ms, events/s"
        yield what, f"{ours:,.0f}", f"{one:,.0f}, one lane", f"{ours / one:.2f}"


def _segment(port: int, lanes: int = 1) -> Segment:
    terms = Terms(
        name="sink",
        endpoint=f"http://127.0.0.1:{port}",
        key="key",
        client=Client(connections=lanes),
        now=lambda: datetime.now(UTC),
        max_events=BATCH,
    )
    return Segment(terms)


def _posts(staging: Staging, name: str, port: int) -> list[Post]:
    """The very requests that a drain of the whole log makes."""
    segment, events = _segment(port), sort(staging.pending(name, EVENTS), Route(frozenset({name}))).outgoing
    return [post for request in segment.cut(events) for post in segment.posts(request)]


def drain(staging: Staging, name: str, port: int, lanes: int) -> float:
    """Events a second at which the whole log is delivered."""
    events = staging.head()
    job = Job(name, "segment", _segment(port, lanes), BATCH, 0.01, concurrency=lanes, give_up_after=3600)
    staging.start_run(name, name)
    lease = staging.acquire(live(name), name)
    if lease is None:
        raise RuntimeError("a new stream has no lease to give")
    tally = Tally()
    started = time.perf_counter()
    Drain(job, lease, Surroundings(staging, time.time, time.sleep, lambda: None, lambda: False), tally, events).run()
    elapsed = time.perf_counter() - started
    if tally.delivered != events:
        raise RuntimeError(f"{tally.delivered} of {events} events were delivered")
    return events / elapsed


def _loop(posts: Sequence[Post]) -> float:
    """What a script does that has the bodies in memory and forgets them: post, post, post."""
    session = requests.Session()
    started = time.perf_counter()
    for post in posts:
        session.post(post.url, data=post.body, headers=dict(post.headers), timeout=10)
    return len(posts) * BATCH / (time.perf_counter() - started)
