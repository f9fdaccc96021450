"""Decides what a call may do with the key or the session that it came with."""

from typing import Any, NamedTuple

from analytics_platform.settings import Source
from analytics_platform.settings.session import OtherUser
from event_registry.calls import Problem


class Session(NamedTuple):
    """Who is signed in to our own application, and what that means for the calls of a request."""

    user_id: str
    source: str  # the name of the source that the calls belong to
    other_user: OtherUser  # what happens to a call that names another user


def check_key(call: Any, source: Source) -> Problem | None:
    """The problem of a call that the source's keys may not send, such as an alias, which merges two people."""
    if isinstance(call, dict) and call.get("type") in source.refused_calls:
        return Problem("$.type", "not_allowed_for_key", "expected a call that this write key may send, found another")
    return None


def identify_call(call: Any, session: Session) -> Problem | None:
    """Put the session's user into a call that names none; the problem of a call that names somebody else.

    With `overwrite` the session's user takes the place of any other.
    """
    if not isinstance(call, dict):
        return None
    if session.other_user == "refuse" and call.get("userId") not in (None, "", session.user_id):
        return Problem("$.userId", "wrong_user", "expected the user of the session or none, found another")
    call["userId"] = session.user_id
    return None
