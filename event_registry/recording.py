"""The two ways in which calls of an application under test are recorded: an object like an SDK, and a host."""

import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Record = Callable[[Mapping[str, Any]], None]

_CALL_OF_LETTER = {"t": "track", "i": "identify", "g": "group", "p": "page", "s": "screen", "a": "alias"}
_GZIP_MAGIC = b"\x1f\x8b"


class RecordingAnalytics:
    """Has the methods of Segment's Python SDK, with its parameters in its order; what is called is recorded."""

    def __init__(self, record: Record) -> None:
        """Hand every call to `record`."""
        self._record = record

    def track(
        self,
        user_id: object = None,
        event: str | None = None,
        properties: Mapping[str, Any] | None = None,
        **options: object,
    ) -> None:
        """Record what somebody did."""
        self._add("track", options, userId=user_id, event=event, properties=properties or {})

    def identify(self, user_id: object = None, traits: Mapping[str, Any] | None = None, **options: object) -> None:
        """Record who somebody is."""
        self._add("identify", options, userId=user_id, traits=traits or {})

    def group(
        self,
        user_id: object = None,
        group_id: object = None,
        traits: Mapping[str, Any] | None = None,
        **options: object,
    ) -> None:
        """Record what somebody belongs to."""
        self._add("group", options, userId=user_id, groupId=group_id, traits=traits or {})

    def page(
        self,
        user_id: object = None,
        category: str | None = None,
        name: str | None = None,
        properties: Mapping[str, Any] | None = None,
        **options: object,
    ) -> None:
        """Record what somebody looks at."""
        self._add("page", options, userId=user_id, category=category, name=name, properties=properties or {})

    def screen(
        self,
        user_id: object = None,
        category: str | None = None,
        name: str | None = None,
        properties: Mapping[str, Any] | None = None,
        **options: object,
    ) -> None:
        """Record what somebody looks at on a phone."""
        self._add("screen", options, userId=user_id, category=category, name=name, properties=properties or {})

    def alias(self, previous_id: object = None, user_id: object = None, **options: object) -> None:
        """Record that two ids are one person."""
        self._add("alias", options, userId=user_id, previousId=previous_id)

    def flush(self) -> None:
        """Nothing waits."""

    join = shutdown = close = flush

    def _add(self, kind: str, options: Mapping[str, object], **content: object) -> None:
        said = {_wire_name(name): value for name, value in options.items()}
        self._record({"type": kind, **content, **said})


@contextmanager
def listening(record: Record) -> Iterator[str]:
    """A host on loopback, for as long as the block runs, that says yes to every SDK and records what it posts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(record)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def calls_in(path: str, body: bytes) -> list[dict[str, Any]]:
    """The calls that were posted: a batch, or a single one whose type is the end of the path, such as /v1/track.

    Raises ValueError for what is neither.
    """
    try:
        document = json.loads(gzip.decompress(body) if body.startswith(_GZIP_MAGIC) else body)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError("no gzip") from error
    if not isinstance(document, dict):
        raise TypeError("no call, and no batch")
    if "batch" in document:
        return [_call(each) for each in document["batch"]]
    kind = path.partition("?")[0].rstrip("/").rpartition("/")[2]
    return [{"type": _CALL_OF_LETTER.get(kind, kind), **document}]


def _call(posted: object) -> dict[str, Any]:
    if not isinstance(posted, dict):
        raise TypeError("no call")
    return posted


def _handler(record: Record) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                calls = calls_in(self.path, body)
            except (ValueError, TypeError):
                record({})  # the SDK may hide the answer: what is wrong must be seen where the plan is asked
                self._answer(400, b'{"success": false}')
                return
            for call in calls:
                record(call)
            self._answer(200, b'{"success": true}')

        def do_OPTIONS(self) -> None:
            """A browser asks whether a page of another origin may post."""
            self._answer(204, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing between the lines of the tests."""

    return Handler


def _wire_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
