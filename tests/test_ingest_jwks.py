"""Which keys verify the tokens of sessions, and where are they had from?"""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest_api import jwks
from ingest_api.jwks import KeySet, KeysUnreadable, fetch, parse_keys, reader
from ingest_api.refusal import Refusal
from tests import tokens
from tests.fakes.clock import Clock
from tests.fakes.vendor import Vendor
from tests.fakes.wire import drip, wire

RSA, EC = tokens.public("rsa"), tokens.public_ec("ec")
SECRET_KEY = {"kty": "oct", "kid": "secret", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IDMyIQ", "alg": "HS256"}


@pytest.fixture
def issuer() -> Iterator[Vendor]:
    """Who publishes the key set."""
    with Vendor().listening() as vendor:
        yield vendor


class Place:
    """Where a key set is read from: it answers what the test says, and counts how often it is asked."""

    def __init__(self, *keys: object) -> None:
        self.keys = keys
        self.is_away = False
        self.asked = 0

    def __call__(self) -> bytes:
        """Answer."""
        self.asked += 1
        if self.is_away:
            raise KeysUnreadable("it is away")
        return tokens.key_set(*self.keys)


def key(known: KeySet, key_id: str | None) -> str:
    """The algorithm of the key, or the code of the refusal."""

    async def ask() -> str:
        try:
            return (await known.key(key_id)).algorithm_name
        except Refusal as refusal:
            return refusal.code

    return asyncio.run(ask())


# Which ones


def test_the_keys_of_a_set_have_their_ids() -> None:
    """One of them may have none."""
    unnamed = {name: value for name, value in EC.items() if name != "kid"}

    found = parse_keys(tokens.key_set(RSA, unnamed))

    assert {name: each.algorithm_name for name, each in found.items()} == {"rsa": "RS256", None: "ES256"}


@pytest.mark.parametrize(
    "unusable",
    [
        pytest.param(SECRET_KEY, id="a-secret"),
        pytest.param({**RSA, "use": "enc"}, id="for-encryption"),
        pytest.param({**RSA, "alg": "RS512"}, id="another-algorithm"),
        pytest.param({**RSA, "alg": "HS256"}, id="a-secret-s-algorithm"),
        pytest.param({**RSA, "alg": "none"}, id="no-algorithm"),
        pytest.param({**RSA, "n": "AQAB"}, id="too-short"),
        pytest.param({**RSA, "n": 7}, id="a-number-for-the-modulus"),
        pytest.param({**EC, "crv": "P-384"}, id="another-curve"),
        pytest.param({**EC, "x": ""}, id="no-point"),
        pytest.param({**RSA, "kid": 7}, id="a-number-for-the-id"),
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": RSA["n"][:43]}, id="Ed25519"),
        pytest.param({}, id="empty"),
        pytest.param("key", id="no-object"),
        pytest.param(None, id="null"),
    ],
)
def test_what_is_no_key_for_rs256_or_es256_is_left_out(unusable: object) -> None:
    """The others count; without any others, the set is not usable."""
    found = parse_keys(tokens.key_set(unusable, {**EC, "kid": "good"}))

    assert [*found] == ["good"]
    with pytest.raises(KeysUnreadable, match="no key for RS256 or ES256"):
        parse_keys(tokens.key_set(unusable))


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b"null", b'{"keys": 7}', b"\xff", b"[" * 100_000, b"<html>"])
def test_what_is_no_key_set_is_not_read(document: bytes) -> None:
    """Such as the page of a firewall; the reason does not quote it."""
    with pytest.raises(KeysUnreadable, match="is not a JSON Web Key Set"):
        parse_keys(document)


# When


def test_a_set_is_read_once_for_all_tokens() -> None:
    """Not for each of them."""
    place = Place(RSA, EC)
    known = KeySet(place, Clock())

    algorithms = [key(known, name) for name in ("rsa", "ec", "rsa", "rsa")]

    assert (algorithms, place.asked) == (["RS256", "ES256", "RS256", "RS256"], 1)


def test_a_token_may_leave_out_the_id_of_the_only_key() -> None:
    """Of two it has to say which."""
    assert key(KeySet(Place(RSA), Clock()), None) == "RS256"
    known = KeySet(Place(RSA, EC), Clock())
    assert [key(known, None), key(known, None)] == ["invalid_session", "invalid_session"]


def test_a_new_key_is_read_when_a_token_names_it() -> None:
    """Rotation needs nobody here; the old key counts for as long as it is published."""
    clock, place = Clock(), Place(RSA)
    known = KeySet(place, clock)
    key(known, "rsa")

    place.keys = (RSA, EC)
    clock.advance(jwks.PAUSE_SECONDS)

    assert (key(known, "ec"), key(known, "rsa"), place.asked) == ("ES256", "RS256", 2)


def test_made_up_ids_ask_every_ten_seconds() -> None:
    """Whoever sends a thousand does not make us send a thousand."""
    clock, place = Clock(), Place(RSA)
    known = KeySet(place, clock)

    codes = {key(known, f"made up {number}") for number in range(200)}
    clock.advance(jwks.PAUSE_SECONDS)
    key(known, "made up")

    assert (codes, place.asked) == ({"invalid_session", "session_keys_unavailable"}, 2)


def test_a_new_key_is_not_refused_because_somebody_made_up_another() -> None:
    """Until the set may be read again nobody knows: 503, after which a client comes back, and not 401."""
    clock, place = Clock(), Place(RSA)
    known = KeySet(place, clock)
    before = key(known, "made up")
    place.keys = (RSA, EC)

    early = key(known, "ec")
    clock.advance(jwks.PAUSE_SECONDS)

    assert (before, early, key(known, "ec")) == ("invalid_session", "session_keys_unavailable", "ES256")


def test_a_withdrawn_key_is_gone_after_an_hour() -> None:
    """The set is read again at the next use: beside the request, which still gets the key."""
    clock, place = Clock(), Place(RSA, EC)
    known = KeySet(place, clock)
    key(known, "rsa")

    place.keys = (EC,)
    clock.advance(jwks.STALE_SECONDS)

    before = key(known, "rsa"), key(known, "rsa")
    clock.advance(jwks.PAUSE_SECONDS)

    assert (*before, key(known, "rsa")) == ("RS256", "session_keys_unavailable", "invalid_session")


def test_keys_outlive_an_outage_of_their_place() -> None:
    """Those who are signed in notice nothing; only a key that was never seen cannot be judged."""
    clock, place = Clock(), Place(RSA)
    known = KeySet(place, clock)
    key(known, "rsa")

    place.is_away = True
    clock.advance(jwks.STALE_SECONDS)

    assert [key(known, "rsa"), key(known, "rsa"), key(known, "new")] == ["RS256", "RS256", "session_keys_unavailable"]


def test_while_no_key_can_be_had_callers_are_told_when_to_come_back(caplog: pytest.LogCaptureFixture) -> None:
    """It is our trouble, not theirs: 503 and not 401; the log has the reason."""
    place = Place(RSA)
    place.is_away = True

    async def ask() -> Refusal:
        with pytest.raises(Refusal) as refused:
            await KeySet(place, Clock()).key("rsa")
        return refused.value

    refusal = asyncio.run(ask())

    assert (refusal.code, refusal.headers) == ("session_keys_unavailable", {"Retry-After": "5"})
    assert caplog.messages == ["the keys of sessions stay as they were: it is away"]


def test_a_place_that_is_back_is_noticed_after_five_seconds() -> None:
    """And asked no sooner, whoever calls."""
    clock, place = Clock(), Place(RSA)
    place.is_away = True
    known = KeySet(place, clock)
    before = [key(known, "rsa") for _ in range(50)]

    place.is_away = False
    clock.advance(jwks.PAUSE_AFTER_FAILURE)

    assert ({*before}, key(known, "rsa"), place.asked) == ({"session_keys_unavailable"}, "RS256", 2)


def test_who_waits_for_a_key_holds_up_nobody_else() -> None:
    """The event loop goes on while the set is read; all who wait share one reading."""
    may_answer, place = threading.Event(), Place(RSA)

    def slowly() -> bytes:
        assert may_answer.wait(60)
        return place()

    async def ask() -> list[str]:
        known = KeySet(slowly, Clock())
        known.start()
        waiting = [asyncio.ensure_future(known.key("rsa")) for _ in range(50)]
        await asyncio.sleep(0)
        may_answer.set()  # which a blocked loop would never come to
        return [each.algorithm_name for each in await asyncio.gather(*waiting)]

    assert asyncio.run(ask()) == ["RS256"] * 50
    assert place.asked == 1


def test_nobody_waits_for_ever() -> None:
    """A place that takes a request and never answers costs whoever needs a key a moment, and no more."""
    may_answer = threading.Event()

    def never() -> bytes:
        assert may_answer.wait(60)
        return tokens.key_set(RSA)

    async def ask() -> str:
        try:
            await KeySet(never, Clock(), patience_seconds=0.01).key("rsa")
        except Refusal as refusal:
            return refusal.code
        finally:
            may_answer.set()
        return "found"

    assert asyncio.run(ask()) == "session_keys_unavailable"


# Where


def test_a_set_is_read_from_a_file(tmp_path: Path) -> None:
    """Also by an issuer on the same machine."""
    path = tmp_path / "keys.json"
    path.write_bytes(tokens.key_set(RSA))

    assert [*parse_keys(reader(str(path))())] == ["rsa"]


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    """With the kind of error."""
    with pytest.raises(KeysUnreadable, match=r"gone\.json cannot be read \(FileNotFoundError\)"):
        reader(str(tmp_path / "gone.json"))()


def test_a_set_is_read_from_a_url(issuer: Vendor) -> None:
    """By one GET."""
    issuer.will_answer(200, json.dumps({"keys": [RSA]}))

    assert [*parse_keys(reader(f"{issuer.url}/jwks")())] == ["rsa"]
    assert [request.path for request in issuer.requests] == ["/jwks"]


@pytest.mark.parametrize("status", [204, 301, 302, 307, 401, 404, 500, 503])
def test_any_other_answer_is_no_key_set(issuer: Vendor, status: int) -> None:
    """A redirect is not followed: it could lead to where nobody has checked who answers."""
    issuer.will_answer(status, json.dumps({"keys": [RSA]}), {"Location": f"{issuer.url}/elsewhere"})

    with pytest.raises(KeysUnreadable, match=f"answered HTTP {status}"):
        fetch(issuer.url)

    assert len(issuer.requests) == 1


def test_a_place_that_nobody_listens_at_is_unreadable() -> None:
    """The reason has the kind of error and not the address, which may hold a password."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(KeysUnreadable, match=r"^their URL cannot be read \(ConnectionError\)$"):
        fetch(f"http://127.0.0.1:{port}/secret-path")


def test_a_set_may_have_a_quarter_of_a_mebibyte(issuer: Vendor) -> None:
    """Beyond that nothing is read."""
    issuer.will_answer(200, " " * (jwks.MOST_BYTES + 1))

    with pytest.raises(KeysUnreadable, match="larger than 262144 bytes"):
        fetch(issuer.url)


def test_a_set_that_comes_byte_by_byte_is_given_up() -> None:
    """Each byte comes in time, all of them never."""
    with wire(drip(b"HTTP/1.1 200 OK\r\n\r\n{")) as issuer, pytest.raises(KeysUnreadable, match="came too slowly"):
        fetch(issuer.url, seconds=1)


def test_the_proxies_of_the_environment_are_not_asked(issuer: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever could set them would choose the keys."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    issuer.will_answer(200, json.dumps({"keys": [RSA]}))

    assert [*parse_keys(fetch(issuer.url))] == ["rsa"]
