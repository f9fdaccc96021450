"""How fast everything is with the store on Postgres, beside SQLite, and how much room it takes."""

import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median

import psycopg

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, Settlement, live
from tests.benchmarks import delivery, ingest, servers, stored
from tests.benchmarks.stored import call
from tests.databases import Server

GROUP = 100  # events in one append, as the writer of a busy ingest process groups them
GROUPS = 200
BATCH = 500  # events in one flush
SMALL, LARGE = 10_000, 5_000_000
# As if they had been appended, without asking anybody for each.
FILL = """
INSERT INTO analytics.events (seq, day, received_at, source, message_id, payload)
SELECT n, %s, 1000, 'bench', n::text::bytea, repeat('x', 400)
FROM generate_series(%s::bigint, %s) AS n
"""


def measure(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """The rows of the table."""
    with server() as postgres:
        for workers in (1, 2):
            with postgres.database() as url:
                ours, other = answered(folder, workers, url), answered(folder, workers)
            yield beside(
                f"accepted over HTTP by {workers} process(es) on Postgres, one event a request, events/s", ours, other
            )
        with postgres.database() as url:
            ours, other = delivered(url), delivered(f"sqlite:///{folder}/delivered.db")
        yield beside("delivered by one lane of a store on Postgres, 100 events a request, events/s", ours, other)
        for processes in (1, 2):
            with postgres.database() as url:
                ours, other = accepted(url, processes), accepted(f"sqlite:///{folder}/{processes}.db", processes)
            yield beside(
                f"appended on Postgres by {processes} process(es), {GROUP} events a commit, events/s", ours, other
            )
        with postgres.database() as url:
            ours, other = settled(url), settled(f"sqlite:///{folder}/settled.db")
            room, room_of_sqlite = room_of(url), room_of(f"sqlite:///{folder}/settled.db")
        yield beside(f"read and settled, {BATCH} a flush, events/s", ours, other)
        yield beside("room for an event, bytes", room, room_of_sqlite)
        with postgres.database() as url:
            small, large = (1000 * reading(url, backlog) for backlog in (SMALL, LARGE))
        yield (
            f"the next {BATCH} of a backlog of {LARGE:,} on Postgres, ms",
            f"{large:.2f}",
            f"{small:.2f}, of {SMALL:,}",
            f"{large / small:.2f}",
        )


def beside(what: str, ours: float, other: float) -> tuple[str, str, str, str]:
    """A row with the store on Postgres beside that on SQLite."""
    return what, f"{ours:,.0f}", f"{other:,.0f}, SQLite", f"{ours / other:.2f}"


@contextmanager
def server() -> Iterator[Server]:
    """A Postgres that forces its commits to disk, as one in production does."""
    postgres = Server(is_durable=True)
    try:
        yield postgres
    finally:
        postgres.stop()


def answered(folder: Path, workers: int, url: str | None = None) -> float:
    """Events a second that the ingest API accepts with so many processes, on SQLite unless there is a URL."""
    queue = {"ANALYTICS_QUEUE": url} if url else {}
    data = folder / f"{'postgres' if url else 'sqlite'}-{workers}"
    with servers.ingest(data, ANALYTICS_WORKERS=str(workers), **queue) as api:
        return ingest.at_full_rate(api, "one").per_second


def delivered(url: str) -> float:
    """Events a second that one lane delivers to a sink that answers at once."""
    with servers.sink() as sink, stored.backlog(url, delivery.SLOW_EVENTS, ["sink"]) as staging:
        return delivery.drain(staging, "sink", sink.port, 1)


def accepted(url: str, processes: int) -> float:
    """Events a second that so many processes append, each in groups."""
    open_staging(url).close()
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(processes + 1)
    workers = [context.Process(target=_append, args=(url, number, start)) for number in range(processes)]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    return processes * GROUPS * GROUP / (time.perf_counter() - began)


def _append(url: str, process: int, start: Barrier) -> None:
    with closing(open_staging(url)) as staging:
        groups = [_group(f"{process}-{number}") for number in range(GROUPS)]
        start.wait()
        for group in groups:
            staging.append(group)
            staging.checkpoint()


def _group(name: str) -> list[Entry]:
    now = time.time()
    return [Entry("bench", f"{name}-{n}", now, json.dumps(call(n))) for n in range(GROUP)]


def settled(url: str) -> float:
    """Events a second that one run reads and settles."""
    with closing(open_staging(url)) as staging:
        staging.register(["bench"])
        for number in range(GROUPS):
            staging.append(_group(str(number)))
            staging.checkpoint()
        staging.start_run("run", "bench")
        lease = staging.acquire(live("bench"), "run")
        assert lease is not None
        began = time.perf_counter()
        while events := staging.pending("bench", BATCH):
            staging.settle(lease, Settlement(delivered=events))
        return GROUPS * GROUP / (time.perf_counter() - began)


def room_of(url: str) -> float:
    """Bytes that the store takes for each event in it."""
    with closing(open_staging(url)) as staging:
        return staging.usage().used / staging.head()


def reading(url: str, backlog: int) -> float:
    """Seconds until the next events of a backlog of so many are read, the median of many times."""
    with closing(open_staging(url)) as staging, psycopg.connect(url, autocommit=True) as db:
        staging.register(["bench"])
        if not staging.head():
            staging.append(_group("first"))
        day = db.execute("SELECT max(number) FROM analytics.days").fetchone()
        assert day is not None
        db.execute(FILL, (day[0], staging.head() + 1, backlog))
        db.execute("VACUUM ANALYZE analytics.events")
        times = []
        for _ in range(101):
            began = time.perf_counter()
            assert len(staging.pending("bench", BATCH)) == BATCH
            times.append(time.perf_counter() - began)
        return median(times)
