"""One HTTP request to a vendor, with quick retries."""

import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy

import backoff
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from analytics_platform.destinations.base import DELIVERED, Outcome

QUICK_TRIES = 3  # for a blip; what lasts longer waits in the store, not in a sleeping process
QUICK_WAIT = 1.0  # seconds, the longest first wait; doubles
MAX_WAIT = 3600.0  # seconds; a vendor that asks for more is asked again after this
ANSWER_BYTES = 64 * 1024
QUOTED = 500  # characters of an answer that a dead letter keeps

QUICKLY_RETRIED = frozenset({408, 425, 500, 502, 503, 504})
NO_ANSWER = (requests.RequestException, HTTPError)  # requests lets a few of urllib3's errors through


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor answered; status 0 when nothing arrived, `problem` then says why."""

    status: int
    headers: Mapping[str, str]
    body: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for a vendor, in seconds."""

    connect: float = 5.0
    read: float = 30.0  # for the next bytes
    total: float = 60.0  # for one answer, however slowly its body arrives


class Client:
    """Sends to one vendor over kept-alive connections, from several threads."""

    def __init__(
        self,
        secrets: tuple[str, ...] = (),
        connections: int = 4,
        *,
        tries: int = QUICK_TRIES,
        wait: float = QUICK_WAIT,
        timeouts: Timeouts = Timeouts(),
    ) -> None:
        """`secrets` are taken out of every answer, also in the form that Basic authentication gives them."""
        found = [secret for secret in secrets if secret]
        self._secrets = (*found, *(b64encode(f"{secret}:".encode()).decode() for secret in found))
        self._tries = tries
        self._wait = wait
        self._timeouts = timeouts
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy or a .netrc of this machine's is not part of the configuration
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=connections))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post, and again a few times if the failure may be a blip; an asked-for wait is left to the caller."""
        tries = backoff.on_predicate(
            backoff.expo, _is_blip, max_tries=self._tries, factor=self._wait, jitter=backoff.full_jitter, logger=None
        )
        answer: Answer = tries(self._post_once)(url, body, headers)
        return answer

    def _post_once(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        started = time.monotonic()
        try:
            with self._session.post(
                url,
                data=body,
                headers=dict(headers),
                timeout=(self._timeouts.connect, self._timeouts.read),
                allow_redirects=False,
                stream=True,
            ) as response:
                deadline = started + self._timeouts.total
                return Answer(response.status_code, response.headers, self._read(response, deadline))
        except NO_ANSWER as error:
            return Answer(0, {}, "", type(error).__name__)

    def _read(self, response: requests.Response, deadline: float) -> str:
        """The beginning of the body, without our keys; a body that breaks off says no less than its status."""
        body = b""
        try:
            while len(body) < ANSWER_BYTES and time.monotonic() < deadline:
                piece = response.raw.read1(ANSWER_BYTES, decode_content=True)  # iter_content waits for whole chunks
                if not piece:
                    break
                body += piece
        except NO_ANSWER:
            pass
        text = body[:ANSWER_BYTES].decode("utf-8", "replace")
        for secret in self._secrets:
            text = text.replace(secret, "<API_KEY>")
        return text


def _is_blip(answer: Answer) -> bool:
    """Whether the same request may succeed in a moment; not after a timeout, which has taken its time already."""
    if answer.status == 0:
        return not answer.problem.endswith("Timeout")
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
    reason = f"HTTP {status}" if status else answer.problem
    quoted = answer.body[:QUOTED] or None
    if status in range(200, 300):
        return DELIVERED
    if status in statuses.halting:
        return Outcome("halt", reason, quoted)
    if status in statuses.retried or status not in range(400, 500):
        wait = retry_after(answer.headers.get("Retry-After"), now)
        return Outcome("retry", reason, quoted) if wait is None else Outcome("retry_after", reason, quoted, wait)
    if count > 1:
        return Outcome("split", reason, quoted)
    return Outcome("dead_letter", reason, quoted, rejected={0: reason})


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
