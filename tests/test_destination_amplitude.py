"""Does Amplitude get what its HTTP API asks for, and do we understand its answers?"""

import json
from typing import Any

import pytest

from analytics_platform.destinations.amplitude import Amplitude
from tests.fakes.vendor import Reply, Vendor
from tests.outgoing import outgoing, terms, tracks
from tests.reference import answered, differences, document, filled_in, meant, told, vectors

pytest_plugins = ["tests.destination_fixtures"]

KEY = "0123456789abcdef"  # the one that a reference answer echoes
FORMS = {"identify_via": "identify"}

every_call = pytest.mark.parametrize("vector", vectors("amplitude"), ids=lambda vector: vector["name"])
every_answer = pytest.mark.parametrize("vector", vectors("amplitude-responses"), ids=lambda vector: vector["name"])


def amplitude(vendor: Vendor, **options: Any) -> Amplitude:
    """Amplitude at the vendor's address."""
    return Amplitude(terms(vendor.url, KEY, options=options))


def sent(vendor: Vendor, **call: Any) -> dict[str, Any]:
    """The one item that such a call has become."""
    amplitude(vendor).send(tracks("a", **call))
    (item,) = vendor.requests[-1].body["events"]
    return dict(item)


# Requests


@every_call
def test_a_call_becomes_the_documented_request(vendor: Vendor, vector: dict[str, Any]) -> None:
    """The reference examples: path, headers, what must be in the body, and what must not."""
    config = dict(vector.get("config", {}))
    step = {"properties": -1}.get(config.pop("group_step", ""), 0)

    amplitude(vendor, **config).send([outgoing(vector["call"])])

    expected = filled_in(vector["request"], {"AMPLITUDE_API_KEY": KEY})
    assert differences(vendor.requests[step], expected, vector.get("absent")) == []


def test_a_group_is_the_users_part_and_then_the_groups(vendor: Vendor) -> None:
    """The user belongs to the group before the group has its properties; both without being taken for the same."""
    amplitude(vendor).send(tracks("a", type="group", groupId="acme", traits={"plan": "pro"}))

    (member,), (group,) = [request.body["events"] for request in vendor.requests]
    assert (member["event_type"], member["insert_id"], member["groups"]) == ("$identify", "a", {"company": "acme"})
    assert (group["event_type"], group["group_properties"]) == ("$groupidentify", {"$set": {"plan": "pro"}})
    assert "insert_id" not in group


@pytest.mark.parametrize(
    ("options", "paths"), [({}, ["/2/httpapi"]), ({"api": "batch"}, ["/batch"]), (FORMS, ["/groupidentify"])]
)
def test_a_group_of_nobody_has_no_users_part(vendor: Vendor, options: dict[str, Any], paths: list[str]) -> None:
    """A nightly snapshot knows accounts, and no user of them."""
    amplitude(vendor, **options).send(tracks("a", type="group", groupId="acme", userId=None))

    assert [request.path for request in vendor.requests] == paths


def test_identities_by_form_go_out_in_their_users_order(vendor: Vendor) -> None:
    """Cut into one request for each endpoint, in turn."""
    destination = amplitude(vendor, **FORMS)
    calls = [tracks("a"), tracks("b", type="identify"), tracks("c", type="group", groupId="acme"), tracks("d")]

    for request in destination.cut([call for each in calls for call in each]):
        destination.send(request)

    assert [request.path for request in vendor.requests] == [
        "/2/httpapi",
        "/identify",
        "/identify",
        "/groupidentify",
        "/2/httpapi",
    ]


def test_a_form_holds_short_ids_as_well(vendor: Vendor) -> None:
    """The forms have the same option, as text."""
    amplitude(vendor, **FORMS).send(tracks("a", type="identify", userId="u1"))

    assert document(vendor.requests[0])["options"] == {"min_id_length": 1}


@pytest.mark.parametrize("refused", ["anonymous", "NULL", "0", "", "00000000-0000-0000-0000-000000000000"])
def test_an_id_that_stands_for_nobody_is_not_sent(vendor: Vendor, refused: str) -> None:
    """Amplitude refuses it, and with it the whole request."""
    item = sent(vendor, userId=refused, anonymousId="browser-1")

    assert (item.get("user_id"), item["device_id"]) == (None, "browser-1")


def test_a_campaign_is_kept_as_the_last_and_as_the_first(vendor: Vendor) -> None:
    """The one changes with the next campaign, the other never."""
    item = sent(vendor, context={"campaign": {"name": "spring", "source": "newsletter"}})

    assert item["user_properties"] == {
        "$set": {"utm_campaign": "spring", "utm_source": "newsletter"},
        "$setOnce": {"initial_utm_campaign": "spring", "initial_utm_source": "newsletter"},
    }


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (
            {"device": {"type": "ios", "id": "d-1", "advertisingId": "a-1"}},
            {"platform": "iOS", "idfa": "a-1", "idfv": "d-1"},
        ),
        ({"device": {"type": "Android", "advertisingId": "a-1"}}, {"platform": "Android", "adid": "a-1"}),
        ({"device": {"type": "console"}}, {"platform": "console"}),
        ({"library": {"name": "analytics.js"}}, {"platform": "Web"}),
        ({"library": {"name": "analytics-python"}}, {}),
    ],
)
def test_the_platform_and_its_ids_follow_the_device(
    vendor: Vendor, context: dict[str, Any], expected: dict[str, str]
) -> None:
    """Each system has its own names."""
    item = sent(vendor, context=context)

    assert {name: item[name] for name in ("platform", "idfa", "idfv", "adid") if name in item} == expected


def test_a_session_is_passed_on(vendor: Vendor) -> None:
    """Amplitude's own option of a call."""
    assert sent(vendor, integrations={"Amplitude": {"session_id": 1772619630456}})["session_id"] == 1772619630456


@pytest.mark.parametrize(
    ("name", "expected"), [("Pricing", "Saw Pricing"), (None, "Loaded a Page"), ("100 % {x}", "Saw 100 % {x}")]
)
def test_a_page_is_named_by_a_template(vendor: Vendor, name: str | None, expected: str) -> None:
    """Projects that come from elsewhere have other names already."""
    amplitude(vendor, page_event="Saw {name}").send(tracks("a", type="page", name=name))

    assert vendor.requests[0].body["events"][0]["event_type"] == expected


def test_an_alias_goes_to_the_host_of_aliases() -> None:
    """The others of the region do not have that path."""
    (post,) = Amplitude(terms("https://api2.amplitude.com", KEY)).posts(tracks("a", type="alias", previousId="b"))

    assert post.url == "https://api.amplitude.com/usermap"


# Answers


@every_answer
def test_an_answer_is_understood_as_documented(vendor: Vendor, vector: dict[str, Any]) -> None:
    """The reference answers: what becomes of the events, which are rejected, which wait and how long."""
    is_form = vector["endpoint"] == "/identify"
    destination = amplitude(vendor, **(FORMS if is_form else {}))

    outcome = answered(vendor, destination, vector, type="identify" if is_form else "track")

    assert told(outcome, vector) == meant(vector)
    assert vendor.requests[0].path == vector["endpoint"]


def test_an_echoed_key_is_not_even_kept_masked(vendor: Vendor) -> None:
    """Amplitude may repeat it in a form that nobody foresees."""
    vendor.will_answer(400, json.dumps({"error": f"Invalid API key: {KEY[:-1]}…"}))

    outcome = amplitude(vendor).send(tracks("a"))

    assert (outcome.kind, outcome.reason, outcome.answer) == ("halt", "HTTP 400: the API key is refused", None)


@pytest.mark.parametrize(("options", "seconds"), [({}, 30), ({"api": "batch"}, 15)])
def test_users_who_are_too_fast_wait_as_long_as_the_endpoint_says(
    vendor: Vendor, options: dict[str, Any], seconds: float
) -> None:
    """The two have different waits; a Retry-After overrules both."""
    body = json.dumps({"throttled_events": [1]})
    vendor.will_answer(429, body)
    usual = amplitude(vendor, **options).send(tracks("a", "b"))
    vendor.will_answer(429, body, {"Retry-After": "7"})
    asked = amplitude(vendor, **options).send(tracks("a", "b"))

    assert (usual.wait, asked.wait) == (seconds, 7)
    assert (set(usual.throttled), usual.is_too_fast) == ({1}, True)


def test_a_user_over_the_daily_quota_is_named(vendor: Vendor) -> None:
    """Nothing of that user passes today, and the others need not wait for it."""
    calls = [*tracks("a", userId="user-77"), *tracks("b"), *tracks("c", anonymousId="dev-2")]
    body = {
        "exceeded_daily_quota_users": {"user-77": 500001},
        "exceeded_daily_quota_devices": {"dev-2": 500001},
        "throttled_events": [0, 1],
    }
    vendor.will_answer(429, json.dumps(body))

    outcome = amplitude(vendor).send(calls)

    assert (outcome.kind, sorted(outcome.rejected), outcome.remainder) == ("dead_letter", [0, 2], "resend")
    assert (set(outcome.throttled), outcome.wait) == ({1}, 30)


def test_an_index_is_that_of_the_event_and_not_of_the_item(vendor: Vendor) -> None:
    """A group of nobody has no item in the users' part, so the positions differ."""
    nobody, somebody = tracks("a", "b", type="group", groupId="acme")
    nobody = outgoing({**nobody.call, "userId": None})
    vendor.will_answer(400, json.dumps({"events_with_invalid_fields": {"time": [0]}}))

    outcome = amplitude(vendor).send([nobody, somebody])

    assert dict(outcome.rejected) == {1: "HTTP 400"}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_missing_add_on_stops_no_other_call(vendor: Vendor, status: int) -> None:
    """Aliases need one; what else goes there has no part in it."""
    vendor.will(lambda request: Reply(status) if request.path == "/usermap" else None)

    assert amplitude(vendor).send(tracks("a", type="alias", previousId="b")).kind == "dead_letter"
    assert amplitude(vendor).send(tracks("a")).kind == "delivered"
