"""One HTTP request to a vendor, with quick retries."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote_plus

import backoff
import requests
from urllib3.exceptions import HTTPError

from analytics_platform.destinations.base import DELIVERED, DELIVERED_TO_A_PAGE, Outcome
from analytics_platform.destinations.connections import PrivateAddress, PunctualAdapter, Resolve
from analytics_platform.settings.destinations import MASK

QUICK_TRIES = 3  # for a blip; what lasts longer waits in the store, not in a sleeping process
QUICK_WAIT = 1.0  # seconds, the longest first wait; doubles
MAX_WAIT = 3600.0  # seconds; a vendor that asks for more is asked again after this
TOO_MANY_REQUESTS = 429
ANSWER_BYTES = 64 * 1024
QUOTED = 500  # characters of an answer that a dead letter keeps

USUAL_HEADERS = requests.utils.default_headers()
DEFAULT_HEADERS = {name: USUAL_HEADERS[name] for name in ("User-Agent", "Accept-Encoding")}  # the others say nothing
SECRET_HEADERS = ("Authorization", "X-Write-Key")
QUICKLY_RETRIED = frozenset({408, 425, 500, 502, 503, 504})
PRIVATE = PrivateAddress.__name__
NO_ANSWER = (requests.RequestException, HTTPError)  # requests lets a few of urllib3's errors through


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor answered; status 0 when nothing arrived, `problem` then says why."""

    status: int
    headers: Mapping[str, str]
    body: str
    problem: str = ""

    @property
    def quoted(self) -> str | None:
        """The beginning of what was said, for a dead letter."""
        return self.body[:QUOTED] or None

    @property
    def reason(self) -> str:
        """What came instead of a 2xx, in words that hold nothing of the vendor's."""
        return f"HTTP {self.status}" if self.status else self.problem

    @property
    def document(self) -> Any:
        """The body as JSON; None when it is something else, as that of a proxy may be."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for a vendor, in seconds."""

    connect: float = 5.0
    read: float = 30.0  # for the next bytes
    total: float = 60.0  # for one answer, however slowly it arrives


class Client:
    """Sends to one vendor over kept-alive connections, from several threads."""

    def __init__(  # noqa: PLR0913  each is a fact about the vendor or the line
        self,
        secrets: tuple[str, ...] = (),
        connections: int = 4,
        *,
        tries: int = QUICK_TRIES,
        wait: float = QUICK_WAIT,
        timeouts: Timeouts = Timeouts(),
        resolve: Resolve | None = None,
    ) -> None:
        """`secrets` are taken out of every answer; with `resolve`, only public addresses are connected."""
        self._secrets = tuple(secret for secret in secrets if secret)
        self._timeouts = timeouts
        # Without a session no cookie, redirect, proxy or .netrc of this machine's comes in between; besides, a
        # session takes as long over a request as sending it does.
        self._adapter = PunctualAdapter(connections, timeouts.total, resolve)
        self._checked = lru_cache(_checked)  # parsed once
        self._tries = backoff.on_predicate(
            backoff.expo, _is_blip, max_tries=tries, factor=wait, jitter=backoff.full_jitter, logger=None
        )(self._post_once)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post, and again a few times if the failure may be a blip; an asked-for wait is left to the caller."""
        answer: Answer = self._tries(url, body, headers)
        return answer

    def _post_once(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        secrets = (*self._secrets, *credentials(headers))
        timeout = (self._timeouts.connect, self._timeouts.read)
        try:
            request = _request(self._checked(url), body, headers)
            with self._adapter.send(request, stream=True, timeout=timeout) as response:
                return Answer(response.status_code, response.headers, masked(_read(response), secrets))
        except NO_ANSWER as error:
            return Answer(0, {}, "", _problem(error))


def _checked(url: str) -> str | None:
    """The address as it is requested; raises RequestException for what is none."""
    return requests.Request("POST", url).prepare().url


def _request(url: str | None, body: bytes, headers: Mapping[str, str]) -> requests.PreparedRequest:
    """What preparing makes of them, without its copies: headers that know no case take a tenth of a request's time."""
    request = requests.PreparedRequest()
    request.method, request.url, request.body = "POST", url, body
    plain = {**DEFAULT_HEADERS, **headers, "Content-Length": str(len(body))}
    request.headers = plain  # type: ignore[assignment]  # which is all that an adapter needs
    return request


def _read(response: requests.Response) -> str:
    """The beginning of the body; one that breaks off, or comes too slowly, says no less than its status."""
    body = b""
    try:
        while len(body) < ANSWER_BYTES:
            piece = response.raw.read1(ANSWER_BYTES, decode_content=True)  # iter_content waits for whole chunks
            if not piece:
                break
            body += piece
    except NO_ANSWER:
        pass
    return body[:ANSWER_BYTES].decode("utf-8", "replace")


def _problem(error: Exception) -> str:
    """The name of what went wrong; its words could hold the address."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return type(cause if isinstance(cause, PrivateAddress) else error).__name__


def credentials(headers: Mapping[str, str]) -> list[str]:
    """What in these headers of ours is a key, as it is written there."""
    return [headers[name].rpartition(" ")[2] for name in SECRET_HEADERS if name in headers]


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with MASK for each of these, also where they stand encoded in a form or in JSON."""
    for secret in filter(None, secrets):
        for written in _written(secret):
            text = text.replace(written, MASK)
    return text


@lru_cache
def _written(secret: str) -> frozenset[str]:
    """The secret as it is, in a form, and in JSON."""
    return frozenset({secret, quote_plus(secret), json.dumps(secret)[1:-1]})


def _is_blip(answer: Answer) -> bool:
    """Whether the same request may succeed in a moment; not after a timeout, which has taken its time already."""
    if answer.status == 0:
        return not answer.problem.endswith(("Timeout", PRIVATE))
    return answer.status in QUICKLY_RETRIED and "Retry-After" not in answer.headers


@dataclass(frozen=True, slots=True)
class Statuses:
    """Which statuses a vendor means in its own way (destinations.md, section 2 has the rules for all others)."""

    retried: frozenset[int] = frozenset({408, 425, 429})  # beside everything that is no 4xx and does not halt
    halting: frozenset[int] = frozenset({*range(300, 400), 401, 403, 404, 501, 505, 511})


def outcome(answer: Answer, count: int, now: datetime, statuses: Statuses) -> Outcome:
    """What an answer means when the status alone says it.

    `count` is the number of events in the request, `now` the time of the answer.
    """
    status = answer.status
    if status in range(200, 300):
        return DELIVERED_TO_A_PAGE if answer.body.startswith("<") else DELIVERED
    if answer.problem == PRIVATE:
        return Outcome("halt", "the endpoint's host leads to a private address; if it is meant to, set allow_private")
    if status in statuses.halting:
        return Outcome("halt", answer.reason, answer.quoted)
    if status in statuses.retried or status not in range(400, 500):
        wait = retry_after(answer.headers.get("Retry-After"), now)
        kind: Literal["retry", "retry_after"] = "retry" if wait is None else "retry_after"
        return Outcome(kind, answer.reason, answer.quoted, wait, is_too_fast=status == TOO_MANY_REQUESTS)
    return refused(answer, count)


def refused(answer: Answer, count: int, reason: str | None = None) -> Outcome:
    """What becomes of a request of so many events that can never succeed, and of which no event is named."""
    reason = reason or answer.reason
    if count > 1:
        return Outcome("split", reason, answer.quoted)
    return Outcome("dead_letter", reason, answer.quoted, rejected={0: reason})


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, whole seconds or an HTTP date; None for garbage (RFC 9110)."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(float(value), MAX_WAIT)
    try:
        then = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return min(max((then.replace(tzinfo=then.tzinfo or UTC) - now).total_seconds(), 0.0), MAX_WAIT)
