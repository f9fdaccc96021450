"""Has the public keys that session tokens are signed with, from a file or a URL (RFC 7517)."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import requests
from urllib3.exceptions import HTTPError

from ingest_api.refusal import Refusal

logger = logging.getLogger(__name__)

ALGORITHMS = ("RS256", "ES256")  # whatever else is in the set, above all a secret for HS256, is not used
PAUSE_SECONDS = 10.0  # between two readings, whatever key ids callers make up
PAUSE_AFTER_FAILURE = 5.0
STALE_SECONDS = 3600.0  # then the set is read again at the next use, so that a withdrawn key does not live on
DEADLINE_SECONDS = 5.0  # for a reading
PATIENCE_SECONDS = 2.0  # of a request that waits for one
MOST_BYTES = 256 * 1024


class KeysUnreadable(Exception):
    """The key set cannot be had, or no usable key is in it; the message says why, without quoting it."""


class KeySet:
    """The keys by their ids, read at the start, and again when a token names one that is not there.

    Reading happens in a thread; who needs the key waits for it, and nobody else. A set that cannot be read leaves the
    keys as they were.
    """

    def __init__(
        self, read: Callable[[], bytes], clock: Callable[[], float], patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """`read` gives the set as JSON or raises KeysUnreadable; `clock` gives seconds and never goes back."""
        self._read = read
        self._clock = clock
        self._patience = patience_seconds
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._reading: asyncio.Future[None] | None = None
        self._read_at = -STALE_SECONDS
        self._has_failed = False

    async def key(self, key_id: str | None) -> jwt.PyJWK:
        """The key of this id, or the only one there is for None; raises Refusal."""
        key = self._find(key_id)
        if key is not None:
            if self._clock() - self._read_at >= STALE_SECONDS:
                self.start()
            return key
        is_up_to_date = await self._is_read_anew()
        key = self._find(key_id)
        if key is not None:
            return key
        must_name_its_key = key_id is None and bool(self._keys)
        if not is_up_to_date and not must_name_its_key:
            wait = {"Retry-After": str(int(PAUSE_AFTER_FAILURE if self._has_failed else PAUSE_SECONDS))}
            raise Refusal("session_keys_unavailable", "The keys of sessions cannot be read now.", wait)
        raise Refusal("invalid_session", "The session's token is signed with a key that is not known.")

    def _find(self, key_id: str | None) -> jwt.PyJWK | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    async def _is_read_anew(self) -> bool:
        """Wait for the reading under way, or for a new one; whether that has told which keys there are now.

        It has not if it failed, or takes too long; or if the last one is so short ago that there is none, since
        somebody made up an id: the key may be a new one all the same.
        """
        self.start()
        if self._reading is None or self._reading.done():
            return False
        await asyncio.wait((self._reading,), timeout=self._patience)
        return self._reading.done() and not self._has_failed

    def start(self) -> None:
        """Begin to read, unless the last reading is too recent; to be called by the event loop's thread."""
        pause = PAUSE_AFTER_FAILURE if self._has_failed else PAUSE_SECONDS
        if not self._is_reading() and self._clock() - self._read_at >= pause:
            self._read_at = self._clock()
            self._reading = asyncio.get_running_loop().run_in_executor(None, self._read_keys)

    def _is_reading(self) -> bool:
        return self._reading is not None and not self._reading.done()

    def _read_keys(self) -> None:
        """Read the set; runs in a thread, so what it changes it changes at once."""
        try:
            self._keys = parse_keys(self._read())
            self._has_failed = False
        except KeysUnreadable as error:
            self._has_failed = True
            logger.warning("the keys of sessions stay as they were: %s", error)


def parse_keys(document: bytes) -> dict[str | None, jwt.PyJWK]:
    """The keys of a set that are for verifying RS256 or ES256, by their ids; raises KeysUnreadable."""
    try:
        listed = json.loads(document)["keys"]
        keys = [key for each in listed if (key := _usable(each)) is not None]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise KeysUnreadable("what was read is not a JSON Web Key Set") from None
    if not keys:
        raise KeysUnreadable("no key for RS256 or ES256 is in the set")
    return {key.key_id: key for key in keys}


def _usable(fields: Any) -> jwt.PyJWK | None:
    """The key, None when it is for something else; one odd key must not take the others away."""
    if not isinstance(fields, dict) or fields.get("kty") not in ("RSA", "EC") or fields.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(fields)
    except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError):  # the last one for `"alg": "none"`
        return None
    is_named = isinstance(key.key_id, str | None)
    return key if is_named and key.algorithm_name in ALGORITHMS else None


def reader(location: str) -> Callable[[], bytes]:
    """How the set at a URL or a path is read."""
    return (lambda: fetch(location)) if "://" in location else (lambda: _read_file(Path(location)))


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeysUnreadable(f"{path} cannot be read ({type(error).__name__})") from None


def fetch(url: str, seconds: float = DEADLINE_SECONDS) -> bytes:
    """The body of a URL that answers 200 with no more than MOST_BYTES in time; raises KeysUnreadable."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy or a .netrc of this machine's is not part of the configuration
            with session.get(url, timeout=seconds, allow_redirects=False, stream=True) as response:
                if response.status_code != requests.codes.ok:
                    raise KeysUnreadable(f"their URL answered HTTP {response.status_code}")
                return _body(response, time.monotonic() + seconds)
    except (requests.RequestException, HTTPError) as error:  # requests lets a few of urllib3's errors through
        raise KeysUnreadable(f"their URL cannot be read ({type(error).__name__})") from None


def _body(response: requests.Response, deadline: float) -> bytes:
    """The whole body, however small the pieces that it comes in."""
    body = b""
    while piece := response.raw.read1(MOST_BYTES, decode_content=True):
        body += piece
        if len(body) > MOST_BYTES:
            raise KeysUnreadable(f"the set is larger than {MOST_BYTES} bytes")
        if time.monotonic() > deadline:
            raise KeysUnreadable("the set came too slowly")
    return body
