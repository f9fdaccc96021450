"""What of a call is stored: what does the server add, what does it correct, what does it take away?"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.settings.privacy import IpPolicy, PrivacySettings
from analytics_platform.settings.sources import Kind
from ingest_api.enrichment import Facts, enrich
from ingest_api.geoip import GeoIp
from tests.fakes.clock import Clock
from tests.fakes.mmdb import write_mmdb
from tests.running_api import ApiStarter, source, track

pytest_plugins = ["tests.ingest_fixtures"]

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
RECEIVED_AT = "2026-01-01T00:00:00.000Z"
HOUR = 3600.0
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[48][0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"


def facts(**fields: Any) -> Facts:
    """What is known of a request from a browser that says nothing of itself; fields that are given win."""
    return Facts(**{"received_at": NOW, "ip": None, "user_agent": None, "sent_at": None, **fields})


# The messageId


def test_a_message_id_is_kept() -> None:
    """It is what duplicates are found by."""
    assert enrich({"messageId": "m-1"}, facts())["messageId"] == "m-1"


@pytest.mark.parametrize("absent", [{}, {"messageId": None}])
@pytest.mark.parametrize("time", [{}, {"timestamp": "2026-01-01T00:00:00Z"}])
def test_a_missing_message_id_is_made(absent: dict[str, Any], time: dict[str, Any]) -> None:
    """A UUID, which is what every vendor takes."""
    message_id = enrich({**absent, **time}, facts())["messageId"]

    assert re.fullmatch(UUID, message_id)


@pytest.mark.parametrize("name", ["timestamp", "originalTimestamp"])
def test_a_call_that_says_its_time_has_the_same_message_id_when_it_is_sent_again(name: str) -> None:
    """Later, with another sentAt: so a client that knows no messageId may repeat its request."""
    call = {"event": "x", "userId": "u1", name: "2025-12-31T23:59:59Z"}

    first = enrich({**call, "sentAt": "2025-12-31T23:59:59Z"}, facts(source="web", ip="192.0.2.1"))
    again = enrich({**call, "sentAt": "2026-01-01T00:00:07Z"}, facts(source="web", received_at=NOW + 9))

    assert first["messageId"] == again["messageId"]


@pytest.mark.parametrize(
    ("other", "source", "index"),
    [({"userId": "u2"}, "web", 0), ({}, "app", 0), ({}, "web", 1)],
    ids=["another-call", "another-source", "another-place-in-the-batch"],
)
def test_another_call_has_another_message_id(other: dict[str, Any], source: str, index: int) -> None:
    """Rows of an import may be alike to the letter; in one request they are as many as there are."""
    call = {"event": "x", "userId": "u1", "timestamp": "2025-12-31T00:00:00Z"}

    one = enrich(call, facts(source="web"), 0)
    two = enrich({**call, **other}, facts(source=source), index)

    assert one["messageId"] != two["messageId"]


def test_calls_that_do_not_say_their_time_are_never_taken_for_one() -> None:
    """The second of two clicks is no repetition, however alike they look."""
    call = {"event": "click", "userId": "u1"}

    message_ids = {enrich(call, facts(source="web"))["messageId"] for _ in range(3)}

    assert len(message_ids) == 3


# The context


@pytest.mark.parametrize("kind", ["browser", "mobile"])
def test_the_context_says_what_the_connection_says(kind: Kind) -> None:
    """The address as far as it is stored, the user agent, and that no SDK has made the call."""
    enriched = enrich({}, facts(ip="192.0.2.77", user_agent="curl/8", kind=kind))

    assert enriched["context"] == {"ip": "192.0.2.0", "userAgent": "curl/8", "library": {"name": "http"}}


def test_a_long_user_agent_is_cut() -> None:
    """It is copied into every call of a batch: a small request must not become a huge one."""
    enriched = enrich({}, facts(user_agent="x" * 32_000))

    assert enriched["context"]["userAgent"] == "x" * 1024


def test_a_backend_s_connection_says_nothing_of_its_user() -> None:
    """Its address is that of a data centre, and every user would live there."""
    enriched = enrich({}, facts(ip="192.0.2.77", user_agent="analytics-python/2.4", kind="server"))

    assert enriched["context"] == {"library": {"name": "http"}}


@pytest.mark.parametrize("kind", ["browser", "mobile", "server"])
def test_the_client_s_context_wins(kind: Kind) -> None:
    """It knows its SDK, and a phone's requests bear the name of an HTTP library; a null counts as absent."""
    context = {"userAgent": "Mozilla/5.0", "library": {"name": "sdk", "version": "1"}, "x": None}

    enriched = enrich({"context": context}, facts(user_agent="okhttp/4", kind=kind))
    with_null = enrich({"context": {"library": None}}, facts(kind=kind))

    assert enriched["context"] == context
    assert with_null["context"] == {"library": {"name": "http"}}


@pytest.mark.parametrize("kind", ["browser", "mobile"])
@pytest.mark.parametrize("claimed", ["203.0.113.9", "::1", None, "x", {"a": 1}])
def test_a_browser_cannot_claim_an_address(kind: Kind, claimed: Any) -> None:
    """It has the one that it comes from, or none."""
    call = {"context": {"ip": claimed}}

    assert enrich(call, facts(ip="192.0.2.77", kind=kind))["context"]["ip"] == "192.0.2.0"
    assert "ip" not in enrich(call, facts(ip=None, kind=kind))["context"]


@pytest.mark.parametrize(
    ("claimed", "policy", "stored"),
    [
        ("203.0.113.9", "truncated", "203.0.113.0"),
        ("203.0.113.9:4711", "truncated", "203.0.113.0"),
        ("2001:db8:1:2::9", "truncated", "2001:db8:1::"),
        ("203.0.113.9", "full", "203.0.113.9"),
        ("203.0.113.9", "none", None),
        ("203.0.113.9 or so", "truncated", None),
        ("unknown", "full", None),
        (None, "full", None),
        (7, "full", None),
    ],
)
def test_a_backend_is_believed_about_its_user_s_address(claimed: Any, policy: IpPolicy, stored: str | None) -> None:
    """As much of it is stored as of any other; what is no address is not stored, since it may hold one."""
    known = facts(ip="192.0.2.77", kind="server", privacy=PrivacySettings(ip=policy))

    context = enrich({"context": {"ip": claimed}}, known)["context"]

    assert context.get("ip") == stored


@pytest.mark.parametrize("kind", ["browser", "server"])
def test_a_user_agent_that_is_not_wanted_is_not_stored(kind: Kind) -> None:
    """Neither the connection's nor the one that the client says, in either of its forms."""
    known = facts(user_agent="curl/8", kind=kind, privacy=PrivacySettings(user_agent=False))
    said = {"userAgent": "Mozilla/5.0", "userAgentData": {"mobile": False}, "locale": "de"}

    assert enrich({}, known)["context"] == {"library": {"name": "http"}}
    assert enrich({"context": said}, known)["context"] == {"library": {"name": "http"}, "locale": "de"}


@pytest.mark.parametrize(
    "preferences",
    [{"advertising": False, "analytics": True}, {}, {"0": True, "C0004": False}, "nonsense"],
)
def test_consent_is_stored_as_it_is_said(preferences: Any) -> None:
    """Routing reads it, and a person may want to see what they have agreed to."""
    consent = {"categoryPreferences": preferences, "version": 3}

    enriched = enrich({"context": {"consent": consent}}, facts())

    assert enriched["context"]["consent"] == consent


# Where it was


@pytest.fixture
def geoip(tmp_path: Path, clock: Clock) -> GeoIp:
    """A database that tells one address from its neighbours."""
    records = {
        "81.2.69.160/32": {"city": {"names": {"en": "London"}}},
        "203.0.113.9/32": {"city": {"names": {"en": "Ulm"}}},
    }
    return GeoIp(write_mmdb(tmp_path / "city.mmdb", records), clock)


@pytest.mark.parametrize("policy", ["truncated", "none"])
def test_the_location_is_looked_up_with_the_whole_address(geoip: GeoIp, policy: IpPolicy) -> None:
    """Before it is cut."""
    known = facts(ip="81.2.69.160", geoip=geoip, privacy=PrivacySettings(ip=policy))

    assert enrich({}, known)["context"]["location"] == {"city": "London"}
    assert enrich({"context": {"locale": "en"}}, known)["context"]["location"] == {"city": "London"}


def test_a_backend_s_user_is_looked_up_where_the_backend_says(geoip: GeoIp) -> None:
    """And nowhere when it does not say."""
    known = facts(ip="81.2.69.160", kind="server", geoip=geoip)

    assert enrich({"context": {"ip": "203.0.113.9"}}, known)["context"]["location"] == {"city": "Ulm"}
    assert "location" not in enrich({"context": {"locale": "en"}}, known)["context"]
    assert "location" not in enrich({}, known)["context"]


@pytest.mark.parametrize("kind", ["mobile", "server"])
def test_a_location_that_the_client_says_wins(geoip: GeoIp, kind: Kind) -> None:
    """A phone knows better where it is."""
    own = {"location": {"latitude": 48.4, "longitude": 10.0}, "ip": "203.0.113.9"}

    enriched = enrich({"context": own}, facts(ip="81.2.69.160", kind=kind, geoip=geoip))

    assert enriched["context"]["location"] == own["location"]


def test_an_unknown_place_is_left_out(geoip: GeoIp) -> None:
    """There is no empty location."""
    known = facts(ip="192.0.2.77", geoip=geoip)

    assert "location" not in enrich({}, known)["context"]


# What is not stored


def test_no_whole_address_is_stored_unless_that_is_configured(start_api: ApiStarter, tmp_path: Path) -> None:
    """Threat 29: neither the connection's nor one that the client says, in no file of the store."""
    api = start_api(source(unplanned_mode="warn"))

    answer = api.post("/api/analytics/track", track(context={"ip": "198.51.100.77"}))

    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert answer.status_code == 202
    assert b"user-1" in stored
    assert b"198.51.100.77" not in stored
    assert b"127.0.0.1" not in stored


@pytest.mark.parametrize("absent", [{}, {"traits": None}, {"traits": {}}])
def test_the_traits_of_identify_stand_where_vendors_look_for_them(absent: dict[str, Any]) -> None:
    """RudderStack's SDKs send them in the context only; they stay there, too."""
    call = {"type": "identify", "userId": "u-1", "context": {"traits": {"plan": "team"}}, **absent}

    enriched = enrich(call, facts())

    assert (enriched["traits"], enriched["context"]["traits"]) == ({"plan": "team"}, {"plan": "team"})


@pytest.mark.parametrize(
    ("call", "traits"),
    [
        ({"type": "identify", "traits": {"plan": "free"}}, {"plan": "free"}),
        ({"type": "group", "groupId": "g"}, None),  # whose traits are the group's
        ({"type": "track", "event": "e"}, None),
    ],
)
def test_no_other_call_takes_its_traits_from_the_context(call: dict[str, Any], traits: object) -> None:
    """There are the user's, whatever the call."""
    assert enrich({**call, "context": {"traits": {"plan": "team"}}}, facts()).get("traits") == traits


@pytest.mark.parametrize("name", ["writeKey", "sentAt"])
def test_what_has_done_its_work_is_not_stored(name: str) -> None:
    """The key must not travel to destinations."""
    assert name not in enrich({name: "2026-01-01T00:00:00Z"}, facts())


def test_everything_else_stays_as_it_was_sent() -> None:
    """Unknown fields are the client's own business."""
    call = {
        "type": "track",
        "channel": "web",
        "_metadata": {"a": [1, 2.5, None]},
        "properties": {"__proto__": "\u202e😀"},
    }

    enriched = enrich(call, facts())

    assert enriched | call == enriched


def test_calls_share_nothing() -> None:
    """What is done to one enriched call later is not done to another, nor to the call itself."""
    call: dict[str, Any] = {"context": {}}
    known = facts(ip="192.0.2.1")
    one, other = enrich(call, known), enrich(call, known)

    one["context"]["x"] = 1

    assert "x" not in other["context"]
    assert call == {"context": {}}


@pytest.mark.parametrize("kind", ["browser", "server"])
@given(context=st.dictionaries(st.sampled_from(["ip", "userAgent", "library", "location", "x"]), st.none() | st.text()))
def test_no_context_breaks_anything(kind: Kind, context: dict[str, Any]) -> None:
    """Whatever a client writes there, the call can be stored."""
    enriched = enrich({"context": context}, facts(ip="192.0.2.1", kind=kind))

    assert json.loads(json.dumps(enriched)) == enriched
