"""Stores with a backlog, as ingest leaves them, for the benchmarks of delivery."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, Staging

GROUP = 5000  # events of one append
USERS = 1000


def call(number: int) -> dict[str, object]:
    """A call of a backend, as it stands in the store."""
    return {
        "type": "track",
        "event": "report.created",
        "messageId": str(uuid4()),
        "userId": f"user-{number % USERS}",
        "timestamp": "2026-03-04T10:20:30.456Z",
        "properties": {"report_id": "r-1042", "template": "weekly-sales", "chart_count": 3},
        "context": {"library": {"name": "analytics-python", "version": "2.3.2"}, "locale": "en-GB"},
        "integrations": {},
        "originalTimestamp": "2026-03-04T10:20:30.456Z",
        "receivedAt": "2026-03-04T10:20:30.512Z",
        "sentAt": "2026-03-04T10:20:30.500Z",
    }


@contextmanager
def backlog(address: str, events: int, destinations: Sequence[str] = ("sink",)) -> Iterator[Staging]:
    """A new store at an address such as `sqlite:////tmp/staging.db`, with so many events that nobody has delivered."""
    staging = open_staging(address, time.time)
    staging.register(destinations)
    staging.checkpoint()  # as the ingest process does, or the write-ahead log would hold all of it
    now = time.time()
    for first in range(0, events, GROUP):
        calls = [call(number) for number in range(first, min(first + GROUP, events))]
        staging.append([Entry("bench", str(each["messageId"]), now, json.dumps(each)) for each in calls])
        staging.checkpoint()
    try:
        yield staging
    finally:
        staging.close()
