"""Checks the signed tokens (RFC 7519) that say who is signed in."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Protocol, TypeGuard

import jwt

from analytics_platform.settings.session import SessionSettings
from event_registry.calls import MAX_ID_LENGTH
from ingest_api.recent import Recent
from ingest_api.refusal import Refusal

MOST_REMEMBERED = 4096  # tokens
REMEMBERED_SECONDS = 60.0  # then a token is verified again: its key may have been withdrawn
LONGEST_TOKEN = 8192  # characters; browsers end a cookie at 4,096

# By the key, and never by what the token says of itself, is it decided which algorithm verifies it. Times are checked
# here, since a token that is remembered runs out, too.
OPTIONS: Any = {"enforce_minimum_key_length": True, "verify_exp": False, "verify_nbf": False, "verify_iat": False}


class Keys(Protocol):
    """The keys that tokens are signed with."""

    def start(self) -> None:
        """Begin to read them, if they have to be read."""
        ...

    async def key(self, key_id: str | None) -> jwt.PyJWK:
        """The key of this id; raises Refusal when there is none."""
        ...


class OneSecret:
    """A secret for HS256, whatever id a token gives to it."""

    def __init__(self, secret: str) -> None:
        encoded = urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
        self._key = jwt.PyJWK({"kty": "oct", "k": encoded}, "HS256")

    def start(self) -> None:
        """It is there."""

    async def key(self, _key_id: str | None) -> jwt.PyJWK:
        """The secret."""
        return self._key


class SessionTokens:
    """Says whose a token is; tokens that were just verified are remembered, since each event of a page brings one."""

    def __init__(self, settings: SessionSettings, keys: Keys, clock: Callable[[], float]) -> None:
        """`clock` gives seconds since the epoch."""
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._remembered: Recent[bytes, tuple[dict[str, Any], float]] = Recent(MOST_REMEMBERED)

    async def user_of(self, token: str) -> str:
        """The id of the user that the token was signed for; raises Refusal when it is not valid now."""
        now = self._clock()
        digest = sha256(token.encode()).digest()
        claims, until = self._remembered.get(digest) or ({}, 0.0)
        if now >= until:
            claims = await self._verified(token)
            self._remembered.put(digest, (claims, now + REMEMBERED_SECONDS))
        if not _is_valid_at(now, claims, self._settings.leeway_seconds):
            raise _invalid()
        return user_id(claims.get(self._settings.claim))

    async def _verified(self, token: str) -> dict[str, Any]:
        """The claims of a token whose signature, issuer and audience are right."""
        if len(token) > LONGEST_TOKEN:
            raise _invalid()
        try:
            key = await self._keys.key(jwt.get_unverified_header(token).get("kid"))
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                options=OPTIONS,
                audience=self._settings.audience,
                issuer=self._settings.issuer,
            )
        except jwt.PyJWTError:
            raise _invalid() from None


def user_id(value: object) -> str:
    """The id as a text; raises Refusal unless it can be one."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_ID_LENGTH or not text.isprintable():
        raise Refusal("invalid_session", "The session names no user.")
    return text


def _is_valid_at(now: float, claims: Mapping[str, Any], leeway: float) -> bool:
    """Whether a token may be used now; one that never runs out may not."""
    ends, begins = claims.get("exp"), [claims[name] for name in ("nbf", "iat") if name in claims]
    if not _is_time(ends) or not all(_is_time(time) for time in begins):
        return False
    return now - leeway < ends and all(now + leeway >= time for time in begins)


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _invalid() -> Refusal:
    """One answer for all that can be wrong: it is of no use to an honest caller, who signs in again."""
    return Refusal("invalid_session", "The session's token is not valid, or no longer.")
