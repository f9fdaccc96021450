"""The ingest API on a real port, over a real store that a test can hold up or break."""

import base64
import json
import socket
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import requests
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette

from analytics_platform.settings import Source
from analytics_platform.settings.privacy import PrivacySettings
from analytics_platform.staging.base import Entry
from analytics_platform.staging.sqlite import SqliteStaging
from analytics_platform.staging.suppression import SuppressionList
from event_registry.registry import Registry, default
from ingest_api.analytics_js import AnalyticsJs
from ingest_api.app import create_app, described
from ingest_api.catalog import Catalog
from ingest_api.counters import Counters
from ingest_api.docs import Docs
from ingest_api.limits import Limits
from ingest_api.rate_limit import WrongKeys
from ingest_api.refusals import Refusals
from ingest_api.room import Bounds, Room
from ingest_api.server import server_config
from ingest_api.session import Sessions
from ingest_api.sources import Sources
from ingest_api.writer import QUEUE_BYTES, QUEUE_EVENTS, Writer

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
KEY = "YOUR_WRITE_KEY"  # as in the recordings
TIMEOUT = 20
EVERY = 1_000_000  # commits, more than any test makes
HASH_KEY = b"the installation's hash key, for tests"


class TestStaging(SqliteStaging):
    """A SQLite store whose commits wait for the test's leave, fail as it says, and are counted."""

    __test__ = False

    def __init__(self, path: Path) -> None:
        super().__init__(path, lambda: NOW)
        self.path = path
        self.commits: list[int] = []  # how many entries each had
        self.error: Exception | None = None  # raised by every use of the store
        self.housekeeping_error: Exception | None = None
        self.unstorable: str | None = None  # a messageId that the store cannot hold
        self.waits = threading.Semaphore(0)  # released whenever a commit waits for leave
        self._leave = threading.Semaphore(EVERY)

    def hold(self) -> None:
        """Let every commit wait from now on."""
        self._leave = threading.Semaphore(0)

    def let_one_pass(self) -> None:
        """Let the commit that waits pass, and the next one wait."""
        self._leave.release()

    def release(self) -> None:
        """Let commits pass again."""
        self._leave.release(EVERY)

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """Append when the test lets it."""
        self.waits.release()
        self._leave.acquire(timeout=TIMEOUT)
        self._fail_if_told()
        if any(entry.message_id == self.unstorable for entry in entries):
            raise ValueError("a value that cannot be stored")
        self.commits.append(len(entries))
        return super().append(entries)

    def check(self) -> None:
        """Check, unless told to fail."""
        self._fail_if_told()
        super().check()

    def checkpoint(self) -> None:
        """Keep house, unless told to fail."""
        if self.housekeeping_error:
            raise self.housekeeping_error
        super().checkpoint()

    def _fail_if_told(self) -> None:
        if self.error:
            raise self.error

    def payloads(self) -> list[dict[str, Any]]:
        """The log's events in order, as another process sees them."""
        return [json.loads(row[0]) for row in self._rows("SELECT payload FROM events ORDER BY seq")]

    def quarantine(self) -> list[tuple[dict[str, Any], list[dict[str, str]]]]:
        """Each quarantined event with its problems."""
        rows = self._rows("SELECT payload, problems FROM quarantine")
        return [(json.loads(payload), json.loads(problems)) for payload, problems in rows]

    def _rows(self, query: str) -> list[tuple[str, ...]]:
        db = sqlite3.connect(self.path)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()


class Api:
    """A running API, its store and its clocks."""

    def __init__(self, url: str, staging: TestStaging, room: Room, sources: Sources) -> None:
        self.url = url
        self.staging = staging
        self.room = room
        self.sources = sources
        self.writer_has_died = threading.Event()

    @property
    def address(self) -> tuple[str, int]:
        """Where raw bytes go."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)

    def post(
        self, path: str, body: object = None, *, key: str | None = KEY, session: Any = requests, **options: Any
    ) -> requests.Response:
        """Post a JSON body, or `data` as it is, with the key as Basic user."""
        headers = options.pop("headers", {})
        if key is not None:
            headers = {"Authorization": basic(key), **headers}
        if body is not None:
            options["json"] = body
        return request("POST", self.url + path, session=session, headers=headers, **options)

    def get(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        """Any other request."""
        return request(method, self.url + path, **options)

    def is_serving(self, session: Any = requests) -> bool:
        """The control request after a bad one: a good event is taken."""
        return self.post("/api/analytics/track", track(), session=session).status_code == 202


def request(method: str, url: str, *, session: Any = requests, **options: Any) -> requests.Response:
    """A request that fails the test instead of hanging it, and follows nothing."""
    answer: requests.Response = session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **options)
    return answer


def basic(key: str) -> str:
    """Basic authentication as SDKs send it: the key as user, no password."""
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def track(**fields: object) -> dict[str, Any]:
    """A planned, valid track call; fields that are given win."""
    return {"event": "report.created", "userId": "user-1", "properties": {"report_id": "r-1"}, **fields}


def raw(**fields: object) -> bytes:
    """A good call as JSON; fields that are given win."""
    return msgspec.json.encode(track(**fields))


def bomb(mebibytes: int) -> bytes:
    """The beginning of so many mebibytes of nothing as gzip, a thousandth as large; it has no end."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, 31)
    first, next_one = [deflater.compress(bytes(1 << 20)) + deflater.flush(zlib.Z_FULL_FLUSH) for _ in range(2)]
    return first + next_one * (mebibytes - 1)


def typed(**fields: object) -> dict[str, Any]:
    """The same as it stands in a batch."""
    return {"type": "track", **track(**fields)}


def source(**fields: Any) -> Source:
    """A source with the test's key."""
    return Source.model_validate({"name": "web", "write_key": SecretStr(KEY), **fields})


@dataclass(frozen=True)
class ApiStarter:
    """Starts APIs, each on a store of its own, that stop when the block of the starter ends."""

    folder: Path
    stack: ExitStack

    def __call__(
        self,
        *sources: Source,
        registry: Registry | None = None,
        limits: Limits | None = None,
        monotonic: Callable[[], float] = lambda: 0.0,
        queue_bytes: int = QUEUE_BYTES,
        queue_events: int = QUEUE_EVENTS,
        patience_seconds: float = TIMEOUT,
        shows_catalog: bool = True,
        shows_docs: bool = True,
        sessions: Sessions | None = None,
        address_rate: float = 0,
        bounds: Bounds | None = None,
        public_url: str | None = None,
        privacy: PrivacySettings | None = None,
        analytics_js: AnalyticsJs | None = None,
    ) -> Api:
        """Start an API; what is not said is as in production, but for the patience and the clocks."""
        staging = TestStaging(self.folder / "staging.db")
        self.stack.callback(staging.close)
        room = Room(staging.usage, bounds or Bounds())
        room.look()
        api = Api("", staging, room, Sources(sources or [source()], WrongKeys(monotonic)))
        counters = Counters()
        refusals = Refusals(counters, PrivacySettings(), lambda: NOW, monotonic)
        app = create_app(
            registry=registry or default(),
            hash_key=HASH_KEY,
            sources=api.sources,
            room=room,
            writer=Writer(
                staging,
                on_death=api.writer_has_died.set,
                append=SuppressionList(staging, HASH_KEY).append,
                queue_bytes=queue_bytes,
                queue_events=queue_events,
                patience_seconds=patience_seconds,
            ),
            clock=lambda: NOW,
            monotonic=monotonic,
            limits=limits,
            docs=Docs(described(limits)) if shows_docs else None,
            catalog=Catalog(registry or default()) if shows_catalog else None,
            sessions=sessions,
            address_rate=address_rate,
            public_url=public_url,
            privacy=privacy,
            analytics_js=analytics_js,
            counters=counters,
            refusals=refusals,
        )
        api.url = self.stack.enter_context(serving(app, limits or Limits(), refusals))
        self.stack.callback(staging.release)
        return api


@contextmanager
def serving(app: Starlette, limits: Limits, refusals: Refusals) -> Iterator[str]:
    """Serve an app on a port of its own as production does; gives the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:  # connections wait here until the server is up
        server = uvicorn.Server(server_config(app, limits, refusals=refusals))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
