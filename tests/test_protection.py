"""Is a secret gone before anything is stored, wherever it stands?"""

import hmac
import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_registry.definitions import HASHED, PERSONAL, REDACTED, Event, Traits
from event_registry.protection import HASH_PREFIX, REDACTED_TEXT
from event_registry.registry import Registry

KEY = b"the installation's hash key, for tests"
SECRET = "correct horse battery staple"
HASH = HASH_PREFIX + hmac.digest(KEY, b"property\0" + SECRET.encode(), "sha256").hex()


class CardAdded(Event, name="card.added", owner="billing", since="2026-01-31", example={}):
    """A customer added a card."""

    card_number: Annotated[str | None, HASHED] = None
    """The number on it."""
    security_code: Annotated[str | None, REDACTED] = None
    """The number on its back."""
    name: Annotated[str | None, PERSONAL] = None
    """The name on it."""
    brand: str | None = None
    """Who made it."""


class UserSignedIn(Event, name="user.signed_in", owner="growth", since="2026-01-31", example={}):
    """A user signed in."""

    password_length: int | None = None
    """How long the password is."""


class UserTraits(Traits, call="identify", owner="growth", since="2026-01-31", example={}):
    """What is known of a user."""

    password: Annotated[str | None, REDACTED] = None
    """What nobody should send."""


PLAN = Registry({"card.added": CardAdded, "user.signed_in": UserSignedIn}, {"identify": UserTraits})
OPEN = Registry({"user.signed_in": UserSignedIn}, {})

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(SECRET) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["password", "a"]), inner, max_size=3),
    max_leaves=5,
)


def card(**properties: Any) -> dict[str, Any]:
    """Build a track call."""
    return {"type": "track", "event": "card.added", "userId": "u", "properties": properties}


def protected(**properties: Any) -> dict[str, Any]:
    """The properties of the call as they are stored."""
    found: dict[str, Any] = PLAN.protect(card(**properties), KEY)["properties"]
    return found


def test_a_secret_is_redacted_or_hashed_as_declared() -> None:
    """Equal ones stay equal under the installation's key; the rest stays as it is."""
    found = protected(card_number=SECRET, security_code=SECRET, name="Ada", brand="Visa")

    assert found == {"card_number": HASH, "security_code": REDACTED_TEXT, "name": "Ada", "brand": "Visa"}


def test_the_call_that_was_sent_stays_as_it_is() -> None:
    """The answer to it is made of what was sent."""
    sent = card(card_number=SECRET)

    PLAN.protect(sent, KEY)

    assert sent == card(card_number=SECRET)


def test_a_null_is_absent() -> None:
    """There is nothing to protect."""
    assert protected(card_number=None, security_code=None) == {"card_number": None, "security_code": None}


@pytest.mark.parametrize("value", [4111_1111, 4.5, True, ["4111"], {"number": "4111"}], ids=repr)
def test_a_secret_of_a_wrong_type_is_one_too(value: object) -> None:
    """Such a call is kept in quarantine, which is a store like any other."""
    found = protected(card_number=value, security_code=value)

    assert found["card_number"].startswith(HASH_PREFIX)
    assert found["security_code"] == REDACTED_TEXT


@pytest.mark.parametrize(
    "name",
    [
        "cardNumber",
        "card_nubmer",
        "CARD NUMBER",
        "number_card",
        "old_card_number",
        "cardnumber2",
        "user_password",
        "passwordHash",
        "pasword",
    ],
)
def test_a_misspelt_secret_is_one_too(name: str) -> None:
    """A name that the plan would suggest a secret for, or that has one in it."""
    assert SECRET not in json.dumps(protected(**{name: SECRET}))


@pytest.mark.parametrize("name", ["card", "number", "brand", "bran", "colour"])
def test_what_resembles_no_secret_is_stored(name: str) -> None:
    """It may be what somebody wants to release."""
    assert protected(**{name: "x"}) == {name: "x"}


def test_a_planned_name_is_as_declared() -> None:
    """Also when it has a secret of another event in it."""
    call = {"type": "track", "event": "user.signed_in", "properties": {"password_length": 12}}

    assert PLAN.protect(call, KEY) == call


@pytest.mark.parametrize(
    "call",
    [
        {"type": "track", "event": "card.addded", "properties": {"card_number": SECRET}},
        {"type": "track", "event": "card.added", "properties": {"extra": {"deep": [{"cardNumber": SECRET}]}}},
        {"type": "track", "event": "card.added", "properties": {"brand": {"card_number": SECRET}}},
        {"type": "page", "properties": {"password": SECRET}},
        {"type": "identify", "traits": {"password": SECRET}},
        {"type": "identify", "traits": {"address": {"pasword": SECRET}}},
        {"type": "identify", "context": {"traits": {"password": SECRET}}},
        {"type": "track", "event": "user.signed_in", "context": {"traits": {"password": SECRET}}},
        {"type": "group", "traits": {"password": SECRET}},
    ],
    ids=json.dumps,
)
def test_a_secret_is_found_wherever_it_stands(call: dict[str, Any]) -> None:
    """In an event that the plan does not know yet, in an object, in the traits of another call."""
    assert SECRET not in json.dumps(PLAN.protect(call, KEY))


def test_the_names_of_pages_are_no_secrets() -> None:
    """What Segment's spec has in a page call means the page."""
    plan = Registry({"card.added": CardAdded}, {})
    call = {"type": "page", "properties": {"name": "Pricing", "url": "https://example.com/card"}}

    assert plan.protect(call, KEY) == call


def test_protecting_twice_changes_nothing() -> None:
    """What is released from quarantine is protected again, by a plan that may know more secrets by then."""
    once = PLAN.protect(card(card_number=SECRET, security_code=SECRET), KEY)

    assert PLAN.protect(once, KEY) == once


def test_a_plan_without_secrets_leaves_calls_alone() -> None:
    """The very object."""
    call = card(card_number=SECRET)

    assert OPEN.protect(call, KEY) is call


@given(
    st.fixed_dictionaries(
        {"type": st.just("identify")},
        optional={
            "properties": st.none() | st.dictionaries(st.text(max_size=5), json_values),
            "traits": st.none() | st.dictionaries(st.sampled_from(["password", "pass word", "a"]), json_values),
            "context": st.none()
            | st.fixed_dictionaries({"traits": st.none() | st.dictionaries(st.text(), json_values)}),
        },
    )
)
def test_protection_takes_any_call(call: dict[str, Any]) -> None:
    """Nothing is too strange, a second time finds nothing to do, and no secret of that name is left."""
    found = PLAN.protect(call, KEY)

    assert PLAN.protect(found, KEY) == found
    assert (found.get("traits") or {}).get("password") in {None, REDACTED_TEXT}
