"""Does PostHog get what its capture API asks for, and do we understand its answers?"""

from typing import Any

import pytest

from analytics_platform.destinations.posthog import PostHog
from tests.fakes.vendor import Vendor
from tests.outgoing import outgoing, terms, tracks
from tests.reference import answered, differences, filled_in, meant, told, vectors

pytest_plugins = ["tests.destination_fixtures"]

TOKEN = "phc_project"

every_call = pytest.mark.parametrize("vector", vectors("posthog"), ids=lambda vector: vector["name"])
every_answer = pytest.mark.parametrize("vector", vectors("posthog-responses"), ids=lambda vector: vector["name"])


def posthog(vendor: Vendor, **options: Any) -> PostHog:
    """PostHog at the vendor's address."""
    return PostHog(terms(vendor.url, TOKEN, options=options))


def sent(vendor: Vendor, options: dict[str, Any] | None = None, **call: Any) -> dict[str, Any]:
    """The one event that such a call has become."""
    posthog(vendor, **(options or {})).send(tracks("a", **call))
    (item,) = vendor.requests[-1].body["batch"]
    return dict(item)


# Requests


@every_call
def test_a_call_becomes_the_documented_request(vendor: Vendor, vector: dict[str, Any]) -> None:
    """The reference examples: path, headers, what must be in the body, and what must not."""
    options = {name: value for name, value in vector.get("config", {}).items() if name == "group_type"}

    posthog(vendor, **options).send([outgoing(vector["call"])])

    (request,) = vendor.requests
    expected = filled_in(vector["request"], {"POSTHOG_PROJECT_TOKEN": TOKEN})
    assert differences(request, expected, vector.get("absent")) == []


def test_an_identify_joins_the_browser_to_the_user(vendor: Vendor) -> None:
    """What was done before belongs to the same person."""
    item = sent(vendor, type="identify", anonymousId="browser-1", traits={"plan": "pro"})

    assert (item["event"], item["distinct_id"]) == ("$identify", "user-1")
    assert item["properties"]["$anon_distinct_id"] == "browser-1"
    assert item["properties"]["$set"] == {"plan": "pro"}


def test_a_screen_bears_its_name(vendor: Vendor) -> None:
    """And the category, as a property of its own."""
    item = sent(vendor, type="screen", name="Inbox", category="Mail", properties={"unread": 3})

    assert item["event"] == "$screen"
    assert item["properties"] | {"$screen_name": "Inbox", "category": "Mail", "unread": 3} == item["properties"]


def test_a_page_without_context_is_known_by_its_properties(vendor: Vendor) -> None:
    """A backend that renders pages sends no more."""
    found = sent(vendor, type="page", properties={"url": "https://example.com/a?b=c", "path": "/a"})["properties"]

    assert (found["$current_url"], found["$pathname"], found["$host"]) == (
        "https://example.com/a?b=c",
        "/a",
        "example.com",
    )


def test_a_group_of_nobody_is_sent_in_its_own_name(vendor: Vendor) -> None:
    """As PostHog's own libraries do it."""
    assert sent(vendor, type="group", groupId="acme", userId=None)["distinct_id"] == "$company_acme"


@pytest.mark.parametrize("refused", ["anonymous", "[object Object]", "Undefined", "0"])
def test_an_id_that_stands_for_nobody_joins_nobody(vendor: Vendor, refused: str) -> None:
    """All of them would become one person."""
    item = sent(vendor, type="identify", userId=refused, anonymousId="browser-1")

    assert (item["event"], item["distinct_id"]) == ("$set", "browser-1")


def test_without_an_address_no_place_is_guessed(vendor: Vendor) -> None:
    """It would be that of this server."""
    found = sent(vendor), sent(vendor, context={"ip": "203.0.113.24"})

    assert [each["properties"].get("$geoip_disable") for each in found] == [True, None]


def test_an_alias_may_go_the_other_way(vendor: Vendor) -> None:
    """PostHog's server and one of its libraries disagree."""
    usual = sent(vendor, type="alias", previousId="lead-1")
    other = sent(vendor, {"reverse_alias": True}, type="alias", previousId="lead-1")

    assert (usual["distinct_id"], usual["properties"]["alias"]) == ("user-1", "lead-1")
    assert (other["distinct_id"], other["properties"]["alias"]) == ("lead-1", "user-1")


# Answers


@every_answer
def test_an_answer_is_understood_as_documented(vendor: Vendor, vector: dict[str, Any]) -> None:
    """The reference answers: what becomes of the events, and how long to wait."""
    outcome = answered(vendor, posthog(vendor), vector)

    assert told(outcome, vector) == meant(vector)


def test_a_used_up_quota_is_not_a_delivery(vendor: Vendor) -> None:
    """PostHog says 200 and drops the events; they wait here until somebody sees to it."""
    vendor.will_answer(200, '{"status": "Ok", "quota_limited": ["events"]}')

    outcome = posthog(vendor).send(tracks("a", "b"))

    assert (outcome.kind, outcome.reason) == ("halt", "the project's quota of events is used up")
