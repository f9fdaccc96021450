"""Who is signed in, and from where does a session count?"""

import asyncio
from typing import Any

import pytest

from analytics_platform.settings.session import SessionSettings
from ingest_api.head import Head
from ingest_api.permission import Session
from ingest_api.refusal import Refusal
from ingest_api.session import Sessions
from tests import tokens
from tests.fakes.clock import Clock
from tests.heads import head_of
from tests.running_api import NOW, basic
from tests.tokens import SECRET, signed

OURS, FOREIGN = "https://app.example.com", "https://evil.example"
COOKIE = {"secret": SECRET, "cookie": "session", "origins": [OURS]}
PROXY = {"proxy_header": "X-User", "proxies": ["10.0.0.0/8", "::1"]}


def asked(head: Head, **settings: Any) -> str | None:
    """The user who is signed in, None for nobody, or the code of the refusal."""
    sessions = Sessions(SessionSettings.model_validate({"source": "web", **settings}), Clock(NOW), Clock())
    try:
        session = asyncio.run(sessions.of(head))
    except Refusal as refusal:
        return refusal.code
    return session and session.user_id


def bearer(token: str) -> tuple[str, str]:
    """The header field."""
    return ("authorization", f"Bearer {token}")


def cookie(*pairs: str, origin: str | None = OURS) -> Head:
    """The head of a request with these cookies, by a page of this origin."""
    fields = [("cookie", "; ".join(pairs)), *([("origin", origin)] if origin is not None else [])]
    return head_of(*fields)


def test_a_session_says_whose_it_is_and_how_to_treat_others() -> None:
    """All that the rest of a request has to know."""
    settings = {"source": "web", "other_user": "overwrite", **COOKIE}
    sessions = Sessions(SessionSettings.model_validate(settings), Clock(NOW), Clock())

    assert asyncio.run(sessions.of(head_of(bearer(signed())))) == Session("user-1", "web", "overwrite")


# As Bearer token


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_may_come_in_the_authorization_header(scheme: str) -> None:
    """From anywhere: no browser adds it by itself."""
    head = head_of(("authorization", f"{scheme} {signed()}"), ("origin", FOREIGN))

    assert asked(head, secret=SECRET) == "user-1"


@pytest.mark.parametrize("value", [basic("a-key"), "Bearer a-write-key", "Bearer", "Basic", "Digest a.b.c"])
def test_what_may_be_a_write_key_is_no_session(value: str) -> None:
    """It is looked at by those who know the keys."""
    assert asked(head_of(("authorization", value)), secret=SECRET) is None


def test_a_bad_token_is_refused_and_not_looked_past() -> None:
    """Else a call of somebody whose session has run out would be nobody's."""
    assert asked(head_of(bearer(signed(exp=NOW - 1000))), secret=SECRET) == "invalid_session"
    assert asked(head_of(bearer("a.b.c")), secret=SECRET) == "invalid_session"


def test_two_authorizations_are_refused() -> None:
    """Proxies and servers disagree which one counts."""
    assert asked(head_of(bearer(signed()), bearer(signed())), secret=SECRET) == "duplicate_authorization"


# As cookie


@pytest.mark.parametrize("pairs", [["session={}"], ['session="{}"'], ["a=1", " session={} ", "b=2"]])
def test_a_cookie_counts_from_our_own_pages(pairs: list[str]) -> None:
    """Among others, and with quotes around it."""
    assert asked(cookie(*(pair.format(signed()) for pair in pairs)), **COOKIE) == "user-1"


@pytest.mark.parametrize("origin", [None, "null", FOREIGN, OURS + ".evil.example", "http://app.example.com", ""])
def test_a_cookie_from_elsewhere_is_refused(origin: str | None) -> None:
    """Cross-site request forgery: the browser adds the cookie, whatever page sends the request."""
    assert asked(cookie(f"session={signed()}", origin=origin), **COOKIE) == "origin_not_allowed"


@pytest.mark.parametrize("pairs", [[], [""], ["session="], ["sessions=x"], ["Session=x"], ["session"], ["x=session=y"]])
def test_without_the_cookie_nobody_is_signed_in(pairs: list[str]) -> None:
    """Its name is compared whole, and in its case."""
    assert asked(cookie(*pairs), **COOKIE) is None


def test_two_different_cookies_of_the_name_are_refused() -> None:
    """A neighbouring subdomain can plant one for its own user."""
    pairs = f"session={signed()}", f"session={signed(sub='user-2')}"

    assert asked(cookie(*pairs), **COOKIE) == "invalid_session"
    assert asked(cookie(pairs[0], pairs[0]), **COOKIE) == "user-1"


def test_a_cookie_counts_only_when_it_is_configured() -> None:
    """With a bearer token alone no page can be tricked."""
    assert asked(cookie(f"session={signed()}"), secret=SECRET) is None


def test_a_bearer_token_comes_before_a_cookie() -> None:
    """The page has put it there itself."""
    head = head_of(bearer(signed(sub="user-2")), ("cookie", f"session={signed()}"), ("origin", FOREIGN))

    assert asked(head, **COOKIE) == "user-2"


# By a proxy


@pytest.mark.parametrize("peer", ["10.1.2.3", "::1", "::ffff:10.1.2.3"])
def test_a_trusted_proxy_may_name_the_user(peer: str) -> None:
    """By its header."""
    assert asked(head_of(("x-user", "jürgen"), peer=peer), **PROXY) == "jürgen"


@pytest.mark.parametrize("peer", ["192.0.2.1", "11.0.0.1", "::2", "", None, "unix"])
def test_nobody_else_may(peer: str | None) -> None:
    """Whoever reaches us past the proxy is asked for a write key."""
    assert asked(head_of(("x-user", "user-1"), peer=peer), **PROXY) is None


def test_an_address_that_a_client_claims_makes_it_no_proxy() -> None:
    """It is the other end of the connection that counts."""
    head = head_of(("x-user", "user-1"), ("x-forwarded-for", "10.0.0.1"), peer="192.0.2.1")

    assert asked(head, **PROXY) is None


def test_a_header_that_comes_twice_is_refused() -> None:
    """Then the proxy has let the client's own through."""
    head = head_of(("x-user", "victim"), ("x-user", "user-1"), peer="10.0.0.1")

    assert asked(head, **PROXY) == "invalid_session"


def test_a_header_without_a_user_is_nobody() -> None:
    """As some proxies send it when nobody is signed in."""
    assert asked(head_of(("x-user", ""), peer="10.0.0.1"), **PROXY) is None
    assert asked(head_of(peer="10.0.0.1"), **PROXY) is None


@pytest.mark.parametrize("name", ["   ", "x" * 513, "\udcff", "a\tb"])
def test_a_header_that_can_be_no_user_is_refused(name: str) -> None:
    """Rather than stored."""
    assert asked(head_of(("x-user", name), peer="10.0.0.1"), **PROXY) == "invalid_session"


@pytest.mark.parametrize("origin", ["null", FOREIGN, OURS + ".evil.example", ""])
def test_a_proxy_s_word_for_another_site_s_page_is_refused(origin: str) -> None:
    """Cross-site request forgery: the browser adds the cookie by which the proxy knows the user."""
    head = head_of(("x-user", "user-1"), ("origin", origin), peer="10.0.0.1")

    assert asked(head, **PROXY, origins=[OURS]) == "origin_not_allowed"


def test_a_proxy_s_word_for_our_pages_counts() -> None:
    """And for what is no browser."""
    ours = head_of(("x-user", "user-1"), ("origin", OURS), ("sec-fetch-site", "same-site"), peer="10.0.0.1")
    program = head_of(("x-user", "user-1"), peer="10.0.0.1")

    assert asked(ours, **PROXY, origins=[OURS]) == "user-1"
    assert asked(program, **PROXY, origins=[OURS]) == "user-1"


@pytest.mark.parametrize(
    ("site", "found"),
    [("cross-site", "origin_not_allowed"), ("same-site", "origin_not_allowed"), ("same-origin", "user-1")],
)
def test_without_a_list_the_browser_says_whose_page_it_is(site: str, found: str) -> None:
    """A page cannot set that header."""
    head = head_of(("x-user", "user-1"), ("origin", FOREIGN), ("sec-fetch-site", site), peer="10.0.0.1")

    assert asked(head, **PROXY) == found


def test_a_foreign_page_that_nobody_is_signed_in_to_may_have_a_write_key() -> None:
    """The proxy names no user."""
    assert asked(head_of(("origin", FOREIGN), peer="10.0.0.1"), **PROXY, origins=[OURS]) is None


def test_tokens_do_not_count_where_a_proxy_vouches() -> None:
    """There is one way."""
    assert asked(head_of(bearer(tokens.signed()), peer="10.0.0.1"), **PROXY) is None
