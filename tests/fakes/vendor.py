"""A vendor: a small HTTP server that answers what the test says, and remembers what it got."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request, with the status it was answered."""

    path: str
    headers: Mapping[str, str]
    raw: bytes
    status: int
    at: float = field(default_factory=time.monotonic)

    @property
    def body(self) -> Any:
        """The decoded body."""
        return json.loads(self.raw)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The calls in the body, whatever its shape: a batch, a webhook's data, or a single call."""
        body = self.body
        found = body.get("batch") or body.get("data") or body
        return found if isinstance(found, list) else [found]

    @property
    def message_ids(self) -> list[str]:
        """The messageIds of the calls, in order."""
        return [call["messageId"] for call in self.calls]


@dataclass(frozen=True)
class Reply:
    """What the vendor answers."""

    status: int = 200
    body: str = '{"success": true}'
    headers: Mapping[str, str] = field(default_factory=dict)  # a Content-Length of its own: the body is cut off
    is_lost: bool = False  # the connection is closed instead


Rule = Callable[[Received], Reply | None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of senders that are killed; what else goes wrong is the test's business."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Vendor:
    """Says 200 to everything, unless a rule of the test says otherwise; the newest rule that answers wins."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self._rules: list[Rule] = []
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        """Where the vendor listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def accepted(self) -> list[dict[str, Any]]:
        """The calls that were answered 2xx, in order of arrival, as often as they came."""
        with self._changed:
            return [call for request in self.requests if request.status < 300 for call in request.calls]

    @property
    def accepted_ids(self) -> list[str]:
        """Their messageIds."""
        return [call["messageId"] for call in self.accepted]

    def will(self, rule: Rule) -> None:
        """Answer by a rule of the test; a rule that returns None leaves the answer to the others."""
        self._rules.insert(0, rule)

    def will_answer(self, status: int, body: str = "{}", headers: Mapping[str, str] | None = None) -> None:
        """Answer everything so from now on."""
        self.will(lambda _: Reply(status, body, headers or {}))

    def will_refuse(self, *message_ids: str, status: int = 400) -> None:
        """Refuse every request that has one of these events in it, as a vendor does that names nobody."""
        self.will(lambda request: Reply(status, "{}") if {*message_ids} & {*request.message_ids} else None)

    def recovers(self) -> None:
        """Forget all rules."""
        self._rules.clear()

    def wait_for(self, condition: Callable[["Vendor"], bool], seconds: float = 60) -> None:
        """Wait until the condition holds, woken by each request; fail the test if it never does."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), seconds), f"after {len(self.requests)} requests"

    def _answer(self, path: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        asked = Received(path, headers, raw, 0)
        reply = next((reply for rule in [*self._rules] if (reply := rule(asked))), Reply())
        with self._changed:
            self.requests.append(Received(path, headers, raw, reply.status))
            self._changed.notify_all()
        return reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._say(vendor._answer(self.path, dict(self.headers), b""))

            def do_POST(self) -> None:
                raw = self.rfile.read(expected := int(self.headers["Content-Length"]))
                if len(raw) < expected:  # a sender killed half way: a vendor has nothing to keep of it
                    self.close_connection = True
                    return
                self._say(vendor._answer(self.path, dict(self.headers), raw))

            def _say(self, reply: Reply) -> None:
                if reply.is_lost:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                length = {"Content-Length": str(len(reply.body.encode()))}
                for name, value in (length | {**reply.headers}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body.encode())
                self.close_connection |= "Content-Length" in reply.headers  # the body is cut off

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler

    @contextmanager
    def listening(self) -> Iterator["Vendor"]:
        """Listen for as long as the block runs."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
