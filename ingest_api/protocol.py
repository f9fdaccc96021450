"""Speaks HTTP with clients that may be slow, broken or hostile, within bounds of time and of memory."""

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any
from weakref import ref

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from ingest_api import answers
from ingest_api.connections import Connections
from ingest_api.errors import status_of
from ingest_api.flow import LingeringTransport, PatientFlow
from ingest_api.limits import Limits
from ingest_api.refusal import Refusal
from ingest_api.refusals import Refusals

SLICE = 16 * 1024  # bytes that the parser gets at once: bounds are kept to within so many
HOP_BY_HOP = (b"connection", b"upgrade", b"http2-settings")  # what an upgrade to HTTP/2 is asked for with

LATER = {"Retry-After": "1"}

# Not exceptions that are there once and for all: each time that one is raised it keeps one more traceback.
BAD_HTTP = ("bad_http", "This request breaks HTTP (RFC 9112).")
BAD_HOST = ("bad_host", "Send one Host header.")
TOO_LATE = ("request_timeout", "The request did not arrive in time.")
OVERLOADED = ("overloaded", "More is being sent than this process can hold: send it again in 1 s.", LATER)
STOPPING = ("shutting_down", "This process is stopping: send the request again in 1 s.", LATER)


class BoundedProtocol(HttpToolsProtocol):
    """One connection; uvicorn's own has no bound for the time that a request takes, nor for the size of its head.

        idle ──first byte──▶ head ──blank line──▶ body ──last byte──▶ idle

    While a head or a body is expected, a deadline runs. When it has passed, when a bound is broken or HTTP
    itself, the connection is given up: it takes nothing more, and ends with the reason as its last answer,
    once all requests before have been answered.
    """

    def __init__(  # noqa: PLR0913 - uvicorn calls it with its own, too
        self,
        limits: Limits,
        together: Connections,
        refusals: Refusals,
        *,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._together = together
        self._refusals = refusals
        self._stage = "idle"
        self._watched = "idle"  # the stage that the deadline is for
        self._deadline: asyncio.TimerHandle | None = None
        self._unparsed = 0  # bytes since the parser has last come to something
        self._held = 0  # bytes of bodies whose requests are not yet answered
        self._is_given_up = False
        self._has_ended = False
        self._last_words = b""
        self._is_stopping = False
        self._ahead: RequestResponseCycle | None = None  # being answered while others wait: uvicorn forgets it
        self._stalled: asyncio.TimerHandle | None = None

    # Called by asyncio

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's is
        """Wait for a request, if there is room for one more connection."""
        super().connection_made(transport)
        self.flow = PatientFlow(transport, self.pipeline)
        if self._together.admit(self._address()):
            self._stage = "head"
            self._watch()
        else:
            self._is_given_up = True
            transport.write(self._render(Refusal(*OVERLOADED)))
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave nothing behind."""
        super().connection_lost(exc)
        if self._ahead is not None:
            self._ahead.disconnected = True
        self._unwatch()
        self._unstall()
        self._give_back()
        self._together.dismiss(self._address())

    def data_received(self, data: bytes) -> None:
        """Read what has come, unless the connection is given up."""
        self._unset_keepalive_if_required()
        if self._is_given_up:
            return
        try:
            for start in range(0, len(data), SLICE):
                self._feed(data[start : start + SLICE])
        except Refusal as refusal:
            self._give_up(refusal)
            return
        if self._unparsed and self._stage == "idle":
            self._stage = "head"  # blank lines, which may come before a request
        if self._stage != self._watched:
            self._watch()

    def pause_writing(self) -> None:
        """The client does not read its answers: it has as long for that as for sending a body."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self._limits.body_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads them again."""
        super().resume_writing()
        self._unstall()

    # Called by the parser

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        super().on_message_begin()
        self._stage, self._unparsed = "head", 0

    def on_headers_complete(self) -> None:
        """Hand the request to the app; its body follows."""
        self._check_head()
        if self.parser.should_upgrade():
            return  # _feed goes on without the upgrade
        ahead = self.cycle
        super().on_headers_complete()
        if len(self.pipeline) == 1:
            self._ahead = ahead
        if self.scope["method"] == "POST":
            # A weak reference: the cycle has the scope, and what refers to itself is left to the garbage collector.
            self.scope["extensions"] = {answers.WHOLE: {"send": partial(_send_whole, ref(self.cycle))}}
        self.headers = []  # what the parser finds behind the body are no headers (RFC 9110, 6.5.1)
        self._stage, self._unparsed = "body", 0
        if self._together.is_crowded():
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body for the app, if the process may hold that much more."""
        self._unparsed = 0
        if self.cycle.response_complete:
            return
        self._held += len(body)
        if not self._together.hold(len(body)) and self._held > SLICE:  # there is always room for small ones
            raise Refusal(*OVERLOADED)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The last byte of the request."""
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self._stage, self._unparsed = "idle", 0
        self._unwatch()

    # Called by uvicorn

    def on_response_complete(self) -> None:
        """Go on with the next request, or end the connection if this was the last."""
        self._ahead = self.pipeline[-1][0] if self.pipeline else None  # which is answered next
        if not self.pipeline:
            self._give_back()
            if self._is_given_up:
                self._end()
        if not self._has_ended:
            super().on_response_complete()

    def shutdown(self) -> None:
        """Take no more requests; one whose body is on its way has a little time left."""
        super().shutdown()
        if self._stage == "body" and not self._is_given_up:
            self._is_stopping = True
            self._watch()

    def timeout_keep_alive_handler(self) -> None:
        """The client has had nothing to say for a while."""
        self.transport.abort()  # close() would wait for a client that does not read its last answer

    # The rest

    def _feed(self, data: bytes) -> None:
        """Parse; raises Refusal."""
        self._unparsed += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._feed_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:  # its context is what one of our callbacks has raised
            cause = error.__context__
            raise cause if isinstance(cause, Refusal) else Refusal(*BAD_HTTP) from None
        if self._unparsed > self._limits.head_bytes:
            raise Refusal(*BAD_HTTP) if self._stage == "body" else self._too_large()

    def _feed_without_upgrade(self, rest: bytes) -> None:
        """Go on in HTTP/1.1, as a server may; Java's client asks for an upgrade with every request."""
        method = self.parser.get_method()
        fields = b"".join(b"%b: %b\r\n" % field for field in self.headers if field[0] not in HOP_BY_HOP)
        self.parser = httptools.HttpRequestParser(self)
        self._feed(b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method, self.url, fields, rest))

    def _check_head(self) -> None:
        if not self.url.startswith(b"/"):
            raise Refusal(*BAD_HTTP)  # the forms of RFC 9112 (3.2) that only proxies are sent
        if len(self.url) > self._limits.target_bytes:
            raise Refusal("uri_too_long", f"The path and the query may have {self._limits.target_bytes} bytes.")
        # The slice with its first byte is not counted, so near the limit it is measured.
        if self._unparsed + SLICE > self._limits.head_bytes:
            size = sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)
            if size > self._limits.head_bytes:
                raise self._too_large()
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) != 1 and (hosts or self.parser.get_http_version() != "1.0"):
            raise Refusal(*BAD_HOST)
        if len(self.pipeline) >= self._limits.pipelined:
            raise Refusal(*OVERLOADED)

    def _too_large(self) -> Refusal:
        return Refusal("headers_too_large", f"The headers may have {self._limits.head_bytes} bytes.")

    def _watch(self) -> None:
        """Set the deadline for what is expected now."""
        self._unwatch()
        self._watched = self._stage
        if self._stage == "head":
            self._deadline = self.loop.call_later(self._limits.head_seconds, self._is_late)
        elif self._stage == "body":
            self.cycle.transport = LingeringTransport(self.transport, self._end)
            seconds = self._limits.drain_seconds if self._is_stopping else self._limits.body_seconds
            self._deadline = self.loop.call_later(seconds, self._is_late)

    def _unwatch(self) -> None:
        self._watched = "idle"
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _unstall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _is_late(self) -> None:
        """The deadline has passed."""
        if self.pipeline or (self._stage == "head" and self._is_answering()):
            self._watch()  # it is we who keep the client from sending on
        elif self._stage == "head" and not self._unparsed:
            self.transport.abort()  # browsers open connections to spare, and are not to be told off
        else:
            self._give_up(Refusal(*(STOPPING if self._is_stopping else TOO_LATE)))

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _give_up(self, refusal: Refusal) -> None:
        """Take nothing more, and end with the refusal once all requests before it are answered."""
        self._is_given_up = True
        self._unwatch()
        self._last_words = self._render(refusal)
        if self._stage == "body":  # the app has the head of this request already
            if self.pipeline:
                self.pipeline.popleft()
                return
            if self.cycle.response_started:
                self._last_words = b""
            self.cycle.disconnected = True
            self.cycle.body.clear()
            self.cycle.message_event.set()
            self._end()
        elif not self._is_answering():
            self._end()

    def _end(self) -> None:
        """Say the last words, and close when the client has stopped sending.

        To close with bytes unread resets the connection, and takes the answer from a client that still sends.
        """
        if self._has_ended or self.transport.is_closing():
            return
        self._is_given_up = self._has_ended = True
        self._unwatch()
        self._give_back()
        self.transport.write(self._last_words)
        self.transport.write_eof()
        self.flow.resume_reading()
        self._deadline = self.loop.call_later(self._limits.linger_seconds, self.transport.abort)

    def _give_back(self) -> None:
        self._together.release(self._held)
        self._held = 0

    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _render(self, refusal: Refusal) -> bytes:
        """The refusal as the whole answer of a connection that ends with it."""
        headers = {**refusal.headers, "Connection": "close"}
        answer = answers.error(status_of(refusal.code), refusal.code, refusal.message, headers)
        self._refusals.of_connection(answer, self._address())
        lines = b"".join(b"%b: %b\r\n" % header for header in answer.raw_headers)
        return b"%b%b\r\n%b" % (STATUS_LINE[answer.status_code], lines, bytes(answer.body))


def _send_whole(
    reference: ref[RequestResponseCycle], status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> bool:
    """Send the whole answer to a POST with one write; False when it takes more than that, and nothing is sent.

    In pieces it costs as much as parsing the request. The headers are ours and need not be looked at.
    """
    cycle = reference()
    if cycle is None or cycle.flow.write_paused or cycle.disconnected or cycle.response_started or not cycle.keep_alive:
        return False
    cycle.response_started = cycle.response_complete = True
    parts = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        parts += name, b": ", value, b"\r\n"
    cycle.transport.write(b"".join((*parts, b"\r\n", body)))
    cycle.message_event.set()
    cycle.on_response()
    return True
