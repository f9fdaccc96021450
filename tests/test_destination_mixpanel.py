"""Does Mixpanel get events and profiles as it asks for them, and do we understand its answers?"""

from datetime import UTC, datetime
from typing import Any

import pytest

from analytics_platform.destinations.mixpanel import Mixpanel
from analytics_platform.settings import ConfigurationError
from tests.fakes.vendor import Reply, Vendor
from tests.outgoing import RECEIVED_AT, outgoing, terms, tracks
from tests.reference import answered, differences, filled_in, meant, told, vectors

pytest_plugins = ["tests.destination_fixtures"]

TOKEN = "project-token"
VALUES = {"MIXPANEL_TOKEN": TOKEN, "USERNAME": "robot", "SECRET": "robots-secret"}
TYPES = {"engage": "identify", "groups": "group"}

every_call = pytest.mark.parametrize("vector", vectors("mixpanel"), ids=lambda vector: vector["name"])
every_answer = pytest.mark.parametrize(
    "vector",
    [vector for vector in vectors("mixpanel-responses") if vector["endpoint"] != "/track"],  # which we never use
    ids=lambda vector: vector["name"],
)


def mixpanel(vendor: Vendor, secret: str = "", **options: Any) -> Mixpanel:
    """Mixpanel at the vendor's address."""
    return Mixpanel(terms(vendor.url, TOKEN, secret=secret, options=options))


def sent(vendor: Vendor, **call: Any) -> dict[str, Any]:
    """The properties of the one event that such a call has become."""
    mixpanel(vendor).send(tracks("a", **call))
    (item,) = vendor.requests[-1].body
    return dict(item["properties"])


def profile(vendor: Vendor, **traits: Any) -> Any:
    """What is set on a user's profile."""
    mixpanel(vendor).send(tracks("a", type="identify", traits=traits))
    return vendor.requests[-1].body[0]["$set"]


# Requests


@every_call
def test_a_call_becomes_the_documented_request(vendor: Vendor, vector: dict[str, Any]) -> None:
    """The reference examples: path, headers, what must be in the body, and what must not."""
    config = vector.get("config", {})
    options = {
        name: config[name] for name in ("group_key", "page_event", "screen_event", "project_id") if name in config
    }
    account = {"username": "robot", "secret": "robots-secret"} if config.get("auth") == "service_account" else {}
    step = 1 if config.get("group_step") == "membership" else 0

    mixpanel(vendor, **account, **options).send([outgoing(vector["call"])])

    expected = filled_in(vector["request"], VALUES)
    assert differences(vendor.requests[step], expected, vector.get("absent")) == []


@pytest.mark.parametrize("options", [{"username": "robot"}, {"project_id": "7"}, {"secret": "robots-secret"}])
def test_half_a_service_account_is_none(vendor: Vendor, options: dict[str, str]) -> None:
    """Found when the destination is made, not at the first event."""
    with pytest.raises(ConfigurationError, match=r"options\.username, options\.project_id and api_secret_env"):
        mixpanel(vendor, **options)


def test_events_and_profiles_go_out_in_their_users_order(vendor: Vendor) -> None:
    """Cut into one request for each endpoint, in turn; nothing is sent for an alias."""
    destination = mixpanel(vendor)
    kinds = ["track", "identify", "alias", "group", "page"]
    calls = [each for kind in kinds for each in tracks(kind, type=kind, groupId="acme", previousId="b")]

    outcomes = [destination.send(request) for request in destination.cut(calls)]

    assert {outcome.kind for outcome in outcomes} == {"delivered"}
    assert [request.path.partition("?")[0] for request in vendor.requests] == [
        "/import",
        "/engage",
        "/groups",
        "/engage",
        "/import",
    ]


def test_a_group_of_nobody_is_on_no_users_profile(vendor: Vendor) -> None:
    """A nightly snapshot knows accounts, and no user of them."""
    mixpanel(vendor).send(tracks("a", type="group", groupId="acme", userId=None))

    assert [request.path for request in vendor.requests] == ["/groups?verbose=1"]


def test_profiles_are_never_compressed(vendor: Vendor) -> None:
    """Mixpanel reads them only as they are."""
    destination = Mixpanel(terms(vendor.url, TOKEN, gzip=True))

    destination.send(tracks("a", type="identify", traits={"bio": "x" * 5000}))

    assert "Content-Encoding" not in vendor.requests[0].headers


def test_a_time_to_come_becomes_that_of_arrival(vendor: Vendor) -> None:
    """Mixpanel refuses it; and it must be the same on each attempt, as it is part of the dedupe key."""
    found = sent(vendor, timestamp="2026-03-04T12:00:00.000Z")

    assert found["time"] == RECEIVED_AT * 1000
    assert datetime.fromtimestamp(found["time"] / 1000, UTC).isoformat() == "2026-03-04T10:20:31+00:00"


def test_a_property_takes_no_reserved_name(vendor: Vendor) -> None:
    """One of them would make the event somebody else's, or drop it."""
    found = sent(vendor, properties={"distinct_id": "eve", "token": "t", "$ignore": True, "bucket": 1, "plan": "pro"})

    assert (found["distinct_id"], found["plan"]) == ("user-1", "pro")
    assert {"token", "$ignore", "bucket"} & found.keys() == set()


def test_without_an_address_none_is_recorded(vendor: Vendor) -> None:
    """Otherwise the place of this server would be every user's."""
    assert sent(vendor)["ip"] == "0"


@pytest.mark.parametrize("refused", ["anonymous", "None", "-1", "true"])
def test_an_id_that_stands_for_nobody_is_not_sent(vendor: Vendor, refused: str) -> None:
    """Mixpanel refuses the event with it, but not the event of nobody."""
    found = sent(vendor, userId=refused)

    assert found["distinct_id"] == ""
    assert "$user_id" not in found


def test_the_referrers_host_is_named(vendor: Vendor) -> None:
    """Mixpanel's reports group by it."""
    assert sent(vendor, context={"page": {"referrer": "https://search.example.net/q"}})["$referring_domain"] == (
        "search.example.net"
    )


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        ({"firstName": "Ada", "lastName": "Byron"}, "Ada Byron"),
        ({"firstName": "Ada"}, "Ada"),
        ({"firstName": "Ada", "name": "A. Byron"}, "A. Byron"),
        ({"plan": "pro"}, None),
    ],
)
def test_a_profile_has_a_whole_name(vendor: Vendor, traits: dict[str, str], expected: str | None) -> None:
    """Its own, or one made of its parts."""
    assert profile(vendor, **traits).get("$name") == expected


# Answers


@every_answer
def test_an_answer_is_understood_as_documented(vendor: Vendor, vector: dict[str, Any]) -> None:
    """The reference answers: what becomes of the events, which are rejected, and what of the others."""
    endpoint = vector["endpoint"].strip("/").partition("?")[0]

    outcome = answered(vendor, mixpanel(vendor), vector, type=TYPES.get(endpoint, "track"), groupId="acme")

    assert told(outcome, vector) == meant(vector)
    assert vendor.requests[0].path == vector["endpoint"]


@pytest.mark.parametrize("body", ["1", '{"status": 1, "error": null}', "", "<html>", '{"status": "ok"}'])
def test_profiles_are_taken_unless_the_answer_says_no(vendor: Vendor, body: str) -> None:
    """With and without `verbose`, and whatever a proxy makes of it."""
    vendor.will_answer(200, body)

    assert mixpanel(vendor).send(tracks("a", type="identify")).kind == "delivered"


def test_a_terse_no_is_a_no(vendor: Vendor) -> None:
    """The body is all that tells."""
    vendor.will_answer(200, "0")

    outcome = mixpanel(vendor).send(tracks("a", type="identify"))

    assert (outcome.kind, dict(outcome.rejected)) == ("dead_letter", {0: "refused with HTTP 200"})


def test_a_group_whose_second_part_fails_is_tried_again(vendor: Vendor) -> None:
    """Both parts are sent then; setting the same twice does no harm."""
    vendor.will(lambda request: Reply(503) if request.path.startswith("/engage") else None)
    call = tracks("a", type="group", groupId="acme")

    before = mixpanel(vendor).send(call)
    vendor.recovers()
    after = mixpanel(vendor).send(call)

    assert [before.kind, after.kind] == ["retry", "delivered"]
    assert [request.path.partition("?")[0] for request in vendor.requests] == ["/groups", "/engage"] * 2
