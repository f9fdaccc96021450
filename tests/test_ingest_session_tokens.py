"""Whose is a signed token, and which ones are refused?"""

import asyncio
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from analytics_platform.settings.session import SessionSettings
from ingest_api.jwks import KeySet
from ingest_api.refusal import Refusal
from ingest_api.session_tokens import Keys, OneSecret, SessionTokens
from tests import tokens
from tests.fakes.clock import Clock
from tests.running_api import NOW
from tests.tokens import HOUR, SECRET, signed, signed_ec, signed_rsa

ISSUER, AUDIENCE = "https://app.example.com", "events"


def user_of(token: str, keys: Keys | None = None, clock: Clock | None = None, **fields: Any) -> str:
    """The user of a token that is verified for the first time, or the code that it is refused with."""
    settings = SessionSettings.model_validate({"source": "web", "secret": SECRET, **fields})
    return asked(SessionTokens(settings, keys or OneSecret(SECRET), clock or Clock(NOW)), token)


def asked(verifier: SessionTokens, token: str) -> str:
    """The user, or the code of the refusal."""
    try:
        return asyncio.run(verifier.user_of(token))
    except Refusal as refusal:
        return refusal.code


def key_set() -> KeySet:
    """A key set with one key for RS256 and one for ES256."""
    document = tokens.key_set(tokens.public("rsa"), tokens.public_ec("ec"))
    return KeySet(lambda: document, Clock())


def test_a_token_of_the_application_names_the_user() -> None:
    """Signed with the secret."""
    assert user_of(signed()) == "user-1"


@pytest.mark.parametrize("token", [signed_rsa, signed_ec])
def test_a_token_of_a_key_set_names_the_user(token: Any) -> None:
    """By RS256 and by ES256."""
    assert user_of(token(), key_set()) == "user-1"


def test_the_user_may_stand_in_another_claim() -> None:
    """Some put something else into `sub`; a number becomes a text."""
    assert user_of(signed(uid=7), claim="uid") == "7"


@pytest.mark.parametrize("user", [None, "", "  ", True, 1.5, ["user-1"], {}, "x" * 513, "a\nb", "\ud800"])
def test_what_can_be_no_user_is_refused(user: object) -> None:
    """Rather than stored as somebody."""
    assert user_of(signed(uid=user), claim="uid") == "invalid_session"


# Forgeries


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 0])
@pytest.mark.parametrize("keys", [OneSecret(SECRET), key_set()])
def test_a_token_that_nobody_has_signed_is_refused(keys: Keys, algorithm: object) -> None:
    """However it spells that it needs no signature."""
    header = {"alg": algorithm, "typ": "JWT", "kid": "rsa"}

    assert user_of(tokens.unsigned(header), keys) == "invalid_session"
    assert user_of(tokens.unsigned(header, b"signature"), keys) == "invalid_session"


def test_a_public_key_is_no_secret() -> None:
    """Algorithm confusion: HS256 with the text of the public key, which everybody has."""
    assert user_of(tokens.confused(), key_set()) == "invalid_session"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_with_the_right_secret_is_refused(algorithm: str) -> None:
    """The settings decide, never the token."""
    assert user_of(jwt.encode(tokens.claims(), SECRET * 2, algorithm), OneSecret(SECRET * 2)) == "invalid_session"


def test_a_key_of_another_kind_does_not_verify() -> None:
    """RS256 by the id of the key for ES256, and the secret's algorithm where there are keys."""
    assert user_of(signed_rsa(key_id="ec"), key_set()) == "invalid_session"
    assert user_of(signed(), key_set()) == "invalid_session"
    assert user_of(signed_rsa()) == "invalid_session"


def test_a_token_of_another_s_key_is_refused() -> None:
    """Another secret; another key under the id of ours."""
    assert user_of(signed("another secret, with 32 bytes or more")) == "invalid_session"
    assert user_of(signed_rsa("stranger", key_id="rsa"), key_set()) == "invalid_session"


@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")  # when it is signed
def test_a_key_that_can_be_factored_does_not_verify() -> None:
    """A key for RS256 has 2,048 bits or more (RFC 7518, 3.3), also in a key set that somebody else keeps."""
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505 - as in the sets of others
    document = tokens.key_set(jwt.algorithms.RSAAlgorithm.to_jwk(short.public_key(), as_dict=True) | {"kid": "short"})
    token = jwt.encode(tokens.claims(), short, "RS256", {"kid": "short"})

    assert user_of(token, KeySet(lambda: document, Clock())) == "invalid_session"


@pytest.mark.parametrize("field", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_that_a_token_brings_along_is_not_looked_at(field: str) -> None:
    """Nor is one fetched from where the token says."""
    brought = {"jwk": tokens.public("stranger"), "jku": "http://[::1]:9/", "x5u": "http://[::1]:9/", "x5c": ["x"]}
    token = jwt.encode(tokens.claims(), tokens.rsa_key("stranger"), "RS256", {"kid": "rsa", field: brought[field]})

    assert user_of(token, key_set()) == "invalid_session"


@pytest.mark.parametrize("key_id", ["unknown", "../../etc/passwd", "' OR 1=1 --", "", "rsa\x00"])
def test_an_unknown_key_id_is_refused(key_id: str) -> None:
    """It is looked up in a table, and nowhere else."""
    assert user_of(signed_rsa(key_id=key_id), key_set()) == "invalid_session"


def test_a_changed_claim_breaks_the_signature() -> None:
    """The user of one token under the signature of another."""
    header, _, signature = signed().split(".")
    _, payload, _ = signed(sub="user-2").split(".")

    assert user_of(f"{header}.{payload}.{signature}") == "invalid_session"


def test_a_critical_extension_that_nobody_knows_is_refused() -> None:
    """RFC 7515, section 4.1.11."""
    token = jwt.encode(tokens.claims(), SECRET, "HS256", {"crit": ["exp-at-noon"], "exp-at-noon": True})

    assert user_of(token) == "invalid_session"


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "e30.e30.", "x" * 9000, signed(more="x" * 9000)])
def test_what_is_no_token_is_refused(token: str) -> None:
    """And nothing breaks."""
    assert user_of(token) == "invalid_session"


# Times


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"exp": NOW - 1}, "invalid_session", id="expired"),
        pytest.param({"exp": NOW}, "invalid_session", id="expires-now"),
        pytest.param({"exp": NOW + 1}, "user-1", id="expires-soon"),
        pytest.param({"exp": None}, "invalid_session", id="never-expires"),
        pytest.param({"exp": "tomorrow"}, "invalid_session", id="expires-at-a-text"),
        pytest.param({"exp": True}, "invalid_session", id="expires-at-true"),
        pytest.param({"exp": [NOW + HOUR]}, "invalid_session", id="expires-at-a-list"),
        pytest.param({"nbf": NOW + 1}, "invalid_session", id="not-yet"),
        pytest.param({"nbf": NOW}, "user-1", id="from-now-on"),
        pytest.param({"nbf": "now"}, "invalid_session", id="from-a-text-on"),
        pytest.param({"iat": NOW + 1}, "invalid_session", id="made-in-the-future"),
        pytest.param({"iat": None}, "user-1", id="does-not-say-when-it-was-made"),
    ],
)
def test_a_token_counts_in_its_time(fields: dict[str, Any], expected: str) -> None:
    """To the second, when no leeway is given."""
    assert user_of(signed(**fields), leeway_seconds=0) == expected


def test_clocks_may_differ() -> None:
    """By one minute, unless it is set otherwise."""
    assert user_of(signed(exp=NOW - 59, iat=NOW - HOUR)) == "user-1"
    assert user_of(signed(exp=NOW - 61, iat=NOW - HOUR)) == "invalid_session"
    assert user_of(signed(iat=NOW + 59)) == "user-1"
    assert user_of(signed(iat=NOW + 61)) == "invalid_session"


def test_a_remembered_token_runs_out_too() -> None:
    """It was verified a moment ago, which says nothing of now."""
    clock = Clock(NOW)
    settings = SessionSettings.model_validate({"source": "web", "secret": SECRET, "leeway_seconds": 0})
    verifier, token = SessionTokens(settings, OneSecret(SECRET), clock), signed(exp=NOW + 10)

    before = asked(verifier, token)
    clock.advance(10)

    assert (before, asked(verifier, token)) == ("user-1", "invalid_session")


def test_a_token_of_a_withdrawn_key_is_remembered_for_a_minute_at_most() -> None:
    """Then it is verified again."""
    clock, keys = Clock(NOW), [tokens.public("rsa")]
    settings = SessionSettings.model_validate({"source": "web", "secret": SECRET})
    known = KeySet(lambda: tokens.key_set(*keys), clock)
    verifier, token = SessionTokens(settings, known, clock), signed_rsa()

    seen = [asked(verifier, token)]
    keys[:] = [tokens.public("other")]
    asked(verifier, signed_rsa("other", key_id="other"))  # too soon after the last reading
    clock.advance(61)
    seen += [asked(verifier, signed_rsa("other", key_id="other"))]
    clock.advance(11)
    seen += [asked(verifier, token)]

    assert seen == ["user-1", "user-1", "invalid_session"]


# For whom, and by whom


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(AUDIENCE, "user-1", id="for-us"),
        pytest.param(["billing", AUDIENCE], "user-1", id="for-us-among-others"),
        pytest.param("billing", "invalid_session", id="for-another"),
        pytest.param([], "invalid_session", id="for-nobody"),
        pytest.param(None, "invalid_session", id="does-not-say"),
        pytest.param(7, "invalid_session", id="a-number"),
        pytest.param(AUDIENCE.upper(), "invalid_session", id="other-case"),
    ],
)
def test_a_token_must_be_for_us(said: object, expected: str) -> None:
    """When an audience is set."""
    assert user_of(signed(aud=said), audience=AUDIENCE) == expected


def test_a_token_for_somebody_is_not_for_us_if_we_have_no_name() -> None:
    """Whoever names an audience means that one; which is ours has to be set."""
    assert user_of(signed(aud=AUDIENCE)) == "invalid_session"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(ISSUER, "user-1", id="ours"),
        pytest.param("https://evil.example", "invalid_session", id="another"),
        pytest.param(ISSUER + "/", "invalid_session", id="longer"),
        pytest.param("https://app", "invalid_session", id="a-part"),
        pytest.param(None, "invalid_session", id="does-not-say"),
        pytest.param([ISSUER], "invalid_session", id="a-list"),
    ],
)
def test_a_token_must_be_by_our_issuer(said: object, expected: str) -> None:
    """When one is set: the same keys may sign for several."""
    token = _issued(said)

    assert user_of(token, issuer=ISSUER) == expected


def _issued(by: object) -> str:
    """A token that says by whom it is; made by hand, since PyJWT makes none whose issuer is no text."""
    header = {"alg": "HS256", "typ": "JWT"}
    message = tokens.unsigned(header, iss=by).rpartition(".")[0]
    hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return tokens.unsigned(header, hmac.sign(message.encode(), SECRET.encode()), iss=by)
