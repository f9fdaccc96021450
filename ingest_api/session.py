"""Finds out who is signed in to our own application, from the head of a request.

A session may come as a signed token, in an Authorization header or a cookie, or as the header of a proxy that knows
its users. Browsers add cookies to whatever page sends the request, so a cookie counts from our own pages only; and so
does the word of a proxy, which knows its users by their cookies.
"""

from collections.abc import Callable
from ipaddress import ip_address

from starlette.responses import Response

from analytics_platform.settings.session import SessionSettings
from ingest_api.client_address import parse_address
from ingest_api.credentials import authorization
from ingest_api.head import Head
from ingest_api.jwks import KeySet, reader
from ingest_api.origins import foreign, is_listed
from ingest_api.permission import Session
from ingest_api.refusal import Refusal
from ingest_api.session_tokens import Keys, OneSecret, SessionTokens, user_id

DOTS_OF_A_TOKEN = 2  # a write key as Bearer token has none
OTHER_SITES = ("cross-site", "same-site")  # https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header


class Sessions:
    """The sessions of our own application, as the settings say how to recognise them."""

    def __init__(self, settings: SessionSettings, clock: Callable[[], float], monotonic: Callable[[], float]) -> None:
        """`clock` gives seconds since the epoch, `monotonic` seconds that never go back. Nothing is read yet."""
        self._settings = settings
        self._keys = _keys(settings, monotonic)
        self._tokens = SessionTokens(settings, self._keys, clock)
        self._header = (settings.proxy_header or "").lower()

    def start(self) -> None:
        """Begin to read the keys, so that the first user need not wait; to be called by the event loop's thread."""
        self._keys.start()

    async def of(self, head: Head) -> Session | None:
        """The session of who is signed in, None when nobody is; raises Refusal for a session that is not valid."""
        user = await self._user_of(head)
        return None if user is None else Session(user, self._settings.source, self._settings.other_user)

    def show(self, answer: Response, origin: str | None) -> None:
        """Let a page that may use the cookie read the answer: browsers want to be told which one, and that it may."""
        if origin is not None and is_listed(origin, self._settings.origins):
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Allow-Credentials"] = "true"
            answer.headers.add_vary_header("Origin")

    async def _user_of(self, head: Head) -> str | None:
        if self._header:
            return self._named_by_proxy(head)
        token = _bearer_token(head)
        if token is None and self._settings.cookie:
            token = self._cookie(head, self._settings.cookie)
        return None if token is None else await self._tokens.user_of(token)

    def _named_by_proxy(self, head: Head) -> str | None:
        value = head.fields.get(self._header.encode())
        if not value or not self._is_proxy(head.peer):
            return None
        if self._is_from_elsewhere(head):
            raise foreign("A proxy's word counts from our own pages only")
        if head.is_repeated(self._header):
            raise Refusal("invalid_session", "The proxy lets through the header with which it names the user.")
        return user_id(value.decode("utf-8", "surrogateescape"))  # what is not UTF-8 is no id then

    def _is_proxy(self, peer: str | None) -> bool:
        address = parse_address(peer or "")
        return address is not None and any(ip_address(address) in network for network in self._settings.proxies)

    def _is_from_elsewhere(self, head: Head) -> bool:
        """Whether another site's page sends the request; programs that are no browser say nothing of a page."""
        origin = head.get("origin")
        if self._settings.origins:
            return origin is not None and not is_listed(origin, self._settings.origins)
        return head.get("sec-fetch-site") in OTHER_SITES

    def _cookie(self, head: Head, name: str) -> str | None:
        """The token in the cookie, None without one; raises Refusal when another site's page sends it."""
        found = _cookies(head.get("cookie") or "", name)
        if not found:
            return None
        if not is_listed(head.get("origin"), self._settings.origins):
            raise foreign("A session's cookie counts from our own pages only")
        if len(found) > 1:
            raise Refusal("invalid_session", "There are two cookies for the session, of which one may be planted.")
        return found.pop()


def _keys(settings: SessionSettings, monotonic: Callable[[], float]) -> Keys:
    """What tokens are verified with; where a proxy vouches, nothing."""
    if settings.secret:
        return OneSecret(settings.secret.get_secret_value())
    return KeySet(reader(settings.jwks or ""), monotonic)


def _bearer_token(head: Head) -> str | None:
    """The token in the Authorization header, which may also hold a write key."""
    found = authorization(head)
    if found is None or found[0] != "bearer" or found[1].count(".") != DOTS_OF_A_TOKEN:
        return None
    return found[1]


def _cookies(header: str, name: str) -> set[str]:
    """The different values that the cookie of this name has, without the quotes that may be around them."""
    pairs = (pair.partition("=") for pair in header.split(";"))
    return {value.strip().strip('"') for key, _, value in pairs if key.strip() == name} - {""}
