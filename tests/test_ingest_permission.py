"""What may a call do with its key or its session?"""

from typing import Any

import pytest

from analytics_platform.settings.session import OtherUser
from ingest_api.permission import Session, check_key, identify_call
from tests.running_api import source

CALL_TYPES = ["track", "identify", "group", "page", "screen", "alias"]


def session(other_user: OtherUser = "refuse") -> Session:
    """That of the user `u1`."""
    return Session("u1", "web", other_user)


@pytest.mark.parametrize("kind", ["browser", "mobile", "server"])
@pytest.mark.parametrize("call_type", CALL_TYPES)
def test_by_default_a_key_may_send_every_call(kind: str, call_type: str) -> None:
    """The SDKs in browsers send alias and identify, and their users would miss them."""
    assert check_key({"type": call_type}, source(kind=kind)) is None


def test_a_key_may_not_send_what_its_source_refuses() -> None:
    """Whoever reads a browser's key in the page then cannot merge strangers with it."""
    web = source(kind="browser", refused_calls=["alias", "group"])

    problem = check_key({"type": "alias", "userId": "u2", "previousId": "u1"}, web)

    assert problem is not None
    assert (problem.path, problem.code) == ("$.type", "not_allowed_for_key")
    assert check_key({"type": "track"}, web) is None


@pytest.mark.parametrize("call", [None, 7, [], "alias", {}, {"type": ["alias"]}, {"type": {}}, {"type": "unknown"}])
def test_what_is_no_call_is_left_to_those_who_say_why(call: object) -> None:
    """It is rejected by its own rule."""
    assert check_key(call, source(refused_calls=["alias"])) is None
    assert identify_call(call if not isinstance(call, dict) else {}, session()) is None


@pytest.mark.parametrize("other_user", ["refuse", "overwrite"])
@pytest.mark.parametrize("ids", [{}, {"userId": None}, {"userId": ""}, {"userId": "u1"}, {"anonymousId": "a1"}])
def test_a_call_has_the_user_of_its_session(other_user: OtherUser, ids: dict[str, Any]) -> None:
    """Also one that names nobody; its anonymousId stays."""
    call = {"type": "track", **ids}

    assert identify_call(call, session(other_user)) is None
    assert call == {"type": "track", **ids, "userId": "u1"}


@pytest.mark.parametrize("user_id", ["u2", "U1", "u1 ", 1, 0, False, True, ["u1"], {"id": "u1"}])
def test_a_call_in_another_s_name_is_refused(user_id: object) -> None:
    """Whatever it is that is not the session's user; the call stays as it came."""
    call = {"type": "track", "userId": user_id}

    problem = identify_call(call, session())

    assert problem is not None
    assert (problem.path, problem.code) == ("$.userId", "wrong_user")
    assert call["userId"] == user_id


@pytest.mark.parametrize("user_id", ["u2", 1, ["u1"]])
def test_a_call_in_another_s_name_may_be_put_right(user_id: object) -> None:
    """As a setting: for pages that cannot be changed."""
    call = {"type": "track", "userId": user_id}

    assert identify_call(call, session("overwrite")) is None
    assert call["userId"] == "u1"
