"""How many events a second the API accepts with ten million in the log, beside an empty one."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import mean
from typing import Literal

from analytics_platform.staging import open_staging
from tests.benchmarks import ingest, servers
from tests.benchmarks.load import Load

ROWS = int(os.environ.get("LARGE_ROWS", "10_000_000"))
ROUNDS = 3

FILL = f"""
WITH RECURSIVE rows (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM rows WHERE seq < {ROWS})
INSERT INTO events (seq, source, message_id, message_hash, received_at, payload)
SELECT seq, 'default', seq || '-0000-4000-8000-000000000000', randomblob(16), 1.7e9 + seq / 1000.0, ? FROM rows
"""
PAYLOAD = json.dumps(ingest.event() | {"receivedAt": "2026-03-04T10:20:31.000Z", "originalTimestamp": "2026-03-04"})


def measure(folder: Path) -> Iterator[ingest.Row]:
    """Rows of the table: the two take turns, and each figure is the mean of its rounds."""
    fill(folder / "large")
    with servers.ingest(folder / "large") as large, servers.ingest(folder / "empty") as empty:
        kinds: tuple[Literal["one", "hundred"], ...] = ("one", "hundred")
        for kind, size in zip(kinds, (1, ingest.BATCH), strict=True):
            for server in (large, empty):
                ingest.at_full_rate(server, kind)  # the first requests warm up what is cached
            pairs = [[ingest.at_full_rate(each, kind) for each in (large, empty)] for _ in range(ROUNDS)]
            yield from _rows(f"with {ROWS:,} rows in the log, {size} event(s) a request", pairs, size)


def _rows(what: str, pairs: list[list[Load]], size: int) -> Iterator[ingest.Row]:
    ours, empty = (mean(each.per_second for each in loads) * size for loads in zip(*pairs, strict=True))
    yield f"accepted {what}, events/s", f"{ours:,.0f}", f"{empty:,.0f}, with an empty one", f"{ours / empty:.2f}"
    ours, empty = (_cost(loads) / size for loads in zip(*pairs, strict=True))
    yield f"processor's time {what}, µs an event", f"{ours:.1f}", f"{empty:.1f}", f"{ours / empty:.2f}"


def _cost(loads: Iterable[Load]) -> float:
    """Microseconds of the server's processor for a request."""
    return mean(each.server_seconds / each.requests for each in loads) * 1e6


def fill(data: Path) -> None:
    """Make a store with so many rows as if they had been appended, without asking anybody for each."""
    path = data / "staging.db"
    open_staging(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as db, db:
        (trigger,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'events_appended'").fetchone()
        db.execute("DROP TRIGGER events_appended")
        db.execute(FILL, (PAYLOAD,))
        db.execute("INSERT INTO message_ids SELECT message_hash FROM events ORDER BY message_hash")
        db.execute("UPDATE log SET head = ?, folded = ?", (ROWS, json.dumps([ROWS] * 256)))
        db.execute(trigger)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
