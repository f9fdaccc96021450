"""Which calls does a destination keep to itself, by its configuration?"""

from typing import Any

import pytest

from analytics_platform.destinations.filters import Filter, filter_of, has_consent, is_allowed, is_sampled, name_of
from analytics_platform.settings.destinations import DestinationSettings, vendors_defaults
from tests.outgoing import envelope

TRACK = {"type": "track", "event": "report.created", "userId": "user-1"}


@pytest.mark.parametrize(
    ("name", "allow", "deny", "allowed"),
    [
        ("report.created", [], [], True),
        ("report.created", ["report.created"], [], True),
        ("report.deleted", ["report.created"], [], False),
        ("report.created", ["report.*"], [], True),
        ("reports", ["report.*"], [], False),
        ("report.created", [], ["report.*"], False),
        ("report.created", ["report.*"], ["report.created"], False),
        ("Report.Created", ["report.*"], [], False),
        ("identify", ["report.*"], [], False),
        ("identify", ["report.*", "identify"], [], True),
    ],
)
def test_names_are_allowed_and_denied(name: str, allow: list[str], deny: list[str], *, allowed: bool) -> None:
    """Without a list of what is allowed everything is; what is denied is, also if it is allowed."""
    assert is_allowed(name, allow, deny) is allowed


@pytest.mark.parametrize(
    ("call", "name"),
    [(TRACK, "report.created"), ({"type": "page", "name": "Home"}, "page"), ({"type": "identify"}, "identify")],
)
def test_a_track_is_known_by_its_event_and_others_by_their_type(call: dict[str, Any], name: str) -> None:
    """A page's own name is not looked at."""
    assert name_of(envelope(call)) == name


def test_a_share_of_the_users_is_sampled() -> None:
    """About as many as asked for, and none or all at the ends."""
    users = [{"userId": f"user-{number}"} for number in range(2000)]

    shares = [sum(is_sampled(envelope(user), share) for user in users) / 2000 for share in (0, 0.1, 0.5, 1)]

    assert shares == pytest.approx([0, 0.1, 0.5, 1], abs=0.03)
    assert (shares[0], shares[-1]) == (0, 1)


def test_a_user_is_sampled_in_or_out_for_good() -> None:
    """By a hash that no process changes; before and after logging in; a larger share keeps whom the smaller had."""
    users = [f"user-{number}" for number in range(200)]
    few = {user for user in users if is_sampled(envelope({"anonymousId": user}), 0.2)}

    assert few == {user for user in users if is_sampled(envelope({"anonymousId": user, "userId": "ada"}), 0.2)}
    assert few < {user for user in users if is_sampled(envelope({"anonymousId": user}), 0.4)}
    assert sorted(few)[:3] == ["user-0", "user-10", "user-104"]


@pytest.mark.parametrize(
    ("context", "given"),
    [
        ({"consent": {"categoryPreferences": {"analytics": True, "ads": True}}}, True),
        ({"consent": {"categoryPreferences": {"analytics": True, "ads": False}}}, False),
        ({"consent": {"categoryPreferences": {"analytics": True}}}, False),
        ({"consent": {"categoryPreferences": {"analytics": "yes", "ads": True}}}, False),
        ({"consent": {"categoryPreferences": None}}, False),
        ({"consent": "all"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_consent_is_what_the_user_has_plainly_said(context: object, *, given: bool) -> None:
    """To every category that the destination needs; silence is none."""
    assert has_consent(envelope({"context": context}), {"analytics", "ads"}) is given


def test_without_categories_no_consent_is_needed() -> None:
    """Most destinations need none."""
    assert has_consent(envelope({}), ())


@pytest.mark.parametrize(
    ("settings", "source", "passes"),
    [
        ({}, "web", True),
        ({"sources": ["web", "app"]}, "app", True),
        ({"sources": ["app"]}, "web", False),
        ({"allow": ["report.*"]}, "web", True),
        ({"deny": ["report.*"]}, "web", False),
        ({"sample": 0}, "web", False),
        ({"consent": ["ads"]}, "web", False),
    ],
)
def test_the_settings_say_what_passes(settings: dict[str, Any], source: str, *, passes: bool) -> None:
    """Each of them alone can keep a call back."""
    table = {"name": "x", "type": "segment", "endpoint": "https://vendor.example", **settings}

    found = filter_of(DestinationSettings.model_validate(table))

    assert found.passes(source, envelope(TRACK)) is passes


def test_what_a_vendor_has_no_use_for_does_not_go_there() -> None:
    """It is skipped, and not counted as delivered."""
    alias = {"type": "alias", "userId": "user-1", "previousId": "lead-1"}

    assert not filter_of(vendors_defaults("mixpanel")).passes("web", envelope(alias))
    assert filter_of(vendors_defaults("posthog")).passes("web", envelope(alias))


def test_a_filter_that_says_nothing_keeps_nothing_back() -> None:
    """The default."""
    assert Filter().passes("web", envelope(TRACK))
