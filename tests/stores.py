"""The staging stores that must all behave alike, and what their tests put into them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from analytics_platform.staging import MEMORY
from analytics_platform.staging.base import Entry, Event, Lease, Staging, lease_on, live
from tests.databases import Server

OpenStore = Callable[[], Staging]


@contextmanager
def _sqlite(folder: Path, _: Server) -> Iterator[str]:
    yield f"sqlite:///{folder}/staging.db"


@contextmanager
def _postgres(_: Path, server: Server) -> Iterator[str]:
    with server.store() as url:
        yield url


@contextmanager
def _memory(_: Path, __: Server) -> Iterator[str]:
    yield MEMORY


STORES: dict[str, Callable[[Path, Server], AbstractContextManager[str]]] = {
    "sqlite": _sqlite,
    "postgres": _postgres,
    "memory": _memory,
}
"""A new store of each kind, by its URL."""

LASTING = ("sqlite", "postgres")
"""Those that are there for the next process, too."""


def entry(message_id: str, source: str = "web", problems: str | None = None, received_at: float = 1000.0) -> Entry:
    """An entry whose payload bears its messageId."""
    return Entry(source, message_id, received_at, f'{{"messageId": "{message_id}"}}', problems)


def append(staging: Staging, *message_ids: str) -> list[Event]:
    """Append one event for each messageId; returns what is pending for `vendor` then."""
    staging.append([entry(message_id) for message_id in message_ids])
    return staging.pending("vendor", 1000)


def take(staging: Staging, run_id: str, destination: str = "vendor") -> Lease:
    """Start a run that gets the lease on the destination's stream."""
    staging.start_run(run_id, destination)
    lease = staging.acquire(live(destination), run_id)
    assert lease is not None
    return lease


def take_stream(staging: Staging, run_id: str, stream: str, destination: str = "vendor") -> Lease:
    """Start a run that gets the lease on one of the destination's streams."""
    staging.start_run(run_id, destination)
    lease = staging.acquire(lease_on(destination, stream), run_id)
    assert lease is not None
    return lease


def ids(events: Sequence[Event]) -> list[str]:
    """The messageIds of events."""
    return [event.message_id for event in events]


def pending_ids(staging: Staging, destination: str = "vendor") -> list[str]:
    """The messageIds of what is pending."""
    return ids(staging.pending(destination, 1000))
