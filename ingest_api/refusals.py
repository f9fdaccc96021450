"""Keeps account of refused requests: a count for each code, and a line of JSON for each request as far as lines go.

A line has no contents, no key and no id of anybody; what it has is ours, a number, or an address as the settings have
it. Of each code so many lines are written that the worst flood of everything makes about 100 MB a day; what is left
out is counted in a line of its own.
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from analytics_platform.settings.privacy import PrivacySettings
from ingest_api.answers import Answer
from ingest_api.client_address import client_address, parse_address, stored_address
from ingest_api.counters import Counters
from ingest_api.head import Head
from ingest_api.rate_limit import Buckets

logger = logging.getLogger(__name__)

LINES_AT_ONCE = 20.0  # of one code
LINES_PER_SECOND = 0.1
LEFT_OUT_SECONDS = 60.0  # between two lines that count what was left out


class Line(msgspec.Struct, omit_defaults=True):
    """What is written of one refused request."""

    time: str
    refused: str  # the code
    status: int
    request_id: str
    paths: str  # the group of paths, or `connection` for what was no request yet
    source: str | None = None  # its name, if it was known by then
    address: str | None = None
    bytes: int | None = None  # that the request announced as its body
    events: int | None = None  # that were looked at, and rejected


class LeftOut(msgspec.Struct):
    """How many requests of each code were refused without a line."""

    time: str
    left_out: dict[str, int]


class Refusals:
    """The account of one process; `tell_left_out` may be called from another thread than the rest."""

    def __init__(
        self,
        counters: Counters,
        privacy: PrivacySettings,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        """`clock` gives seconds since the epoch, `monotonic` seconds that never go back."""
        self._counters = counters
        self._privacy = privacy
        self._clock = clock
        self._monotonic = monotonic
        self._lines = Buckets(monotonic)
        self._left_out: dict[str, int] = {}
        self._told_at = monotonic()
        self._lock = threading.Lock()

    def of_request(self, group: str, head: Head, answer: Answer) -> None:
        """Count a request that is refused with this answer; any other answer is none."""
        if answer.code is None:
            return
        address = client_address(head, self._privacy.trusted_proxies, self._privacy.address_header)
        length = head.get("content-length") or ""
        self._note(group, answer, address, head.source, int(length) if length.isdecimal() else None)

    def of_connection(self, answer: Answer, peer: str | None) -> None:
        """Count what was refused before it was a request of anybody's, or while its body was on its way."""
        self._note("connection", answer, parse_address(peer or ""), None, None)

    def tell_left_out(self) -> None:
        """Write how many lines were left out, at most once a minute; to be called often."""
        with self._lock:
            if not self._left_out or self._monotonic() - self._told_at < LEFT_OUT_SECONDS:
                return
            left_out, self._left_out = self._left_out, {}
            self._told_at = self._monotonic()
        self._write(LeftOut(self._now(), left_out))

    def _note(self, group: str, answer: Answer, address: str | None, source: str | None, size: int | None) -> None:
        code = answer.code or ""
        self._counters.refused(code)
        if self._lines.take(code, LINES_PER_SECOND, LINES_AT_ONCE):
            with self._lock:
                self._left_out[code] = self._left_out.get(code, 0) + 1
            return
        shown = stored_address(address, self._privacy.ip) if address else None
        status, request_id = answer.status_code, answer.request_id
        self._write(Line(self._now(), code, status, request_id, group, source, shown, size, answer.events))

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @staticmethod
    def _write(line: Line | LeftOut) -> None:
        logger.warning("%s", msgspec.json.encode(line).decode())
