"""What does the server add to a call, and what does it take away?"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_registry.calls import parse_timestamp
from ingest_api.enrichment import Facts, corrected_time, enrich, iso

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
RECEIVED_AT = "2026-01-01T00:00:00.000Z"
HOUR = 3600.0


def facts(**fields: Any) -> Facts:
    """What is known of a request that says nothing of itself; fields that are given win."""
    return Facts(**{"received_at": NOW, "ip": None, "user_agent": None, "sent_at": None, **fields})


def test_received_at_is_ours() -> None:
    """Whatever the client claims."""
    enriched = enrich({"receivedAt": "2001-01-01T00:00:00Z"}, facts())

    assert enriched["receivedAt"] == RECEIVED_AT


def test_a_call_without_a_time_happened_when_it_was_received() -> None:
    """Both times are ours then."""
    enriched = enrich({}, facts())

    assert (enriched["timestamp"], enriched["originalTimestamp"]) == (RECEIVED_AT, RECEIVED_AT)


@pytest.mark.parametrize(
    ("call", "original"),
    [
        ({"timestamp": "2025-12-31T23:00:00Z", "originalTimestamp": "2025-01-01T00:00:00Z"}, "2025-12-31T23:00:00Z"),
        ({"originalTimestamp": "2025-12-31T23:00:00Z"}, "2025-12-31T23:00:00Z"),
        ({"timestamp": None, "originalTimestamp": "2025-12-31T23:00:00Z"}, "2025-12-31T23:00:00Z"),
    ],
)
def test_the_original_timestamp_is_what_the_client_said(call: dict[str, Any], original: str) -> None:
    """`timestamp` where it is there, else `originalTimestamp`, which is all that RudderStack's browser SDK sends."""
    enriched = enrich(call, facts())

    assert (enriched["originalTimestamp"], enriched["timestamp"]) == (original, "2025-12-31T23:00:00.000Z")


@pytest.mark.parametrize("of", ["message", "batch"])
def test_a_wrong_clock_is_corrected_by_when_it_sent(of: str) -> None:
    """The event happened as long before we received it as, by the client's clock, before it was sent."""
    sent_at = "2031-05-05T12:00:10Z"
    call = {"timestamp": "2031-05-05T12:00:00Z", **({"sentAt": sent_at} if of == "message" else {})}

    enriched = enrich(call, facts(sent_at=sent_at if of == "batch" else None))

    assert enriched["timestamp"] == "2025-12-31T23:59:50.000Z"
    assert enriched["originalTimestamp"] == "2031-05-05T12:00:00Z"


def test_the_message_knows_better_than_the_batch_when_it_was_sent() -> None:
    """Its own sentAt wins."""
    call = {"timestamp": "2025-01-01T00:00:00Z", "sentAt": "2025-01-01T00:00:01Z"}

    enriched = enrich(call, facts(sent_at="2025-01-01T00:00:30Z"))

    assert enriched["timestamp"] == "2025-12-31T23:59:59.000Z"


def test_a_sent_at_that_is_no_time_corrects_nothing() -> None:
    """The batch's sentAt is nobody's promise."""
    enriched = enrich({"timestamp": "2025-06-01T00:00:00Z"}, facts(sent_at="yesterday"))

    assert enriched["timestamp"] == "2025-06-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        pytest.param(iso(NOW + HOUR), NOW + HOUR, id="an-hour-ahead"),
        pytest.param(iso(NOW + HOUR + 1), NOW, id="more-than-an-hour-ahead"),
        pytest.param("1969-12-31T23:59:59Z", NOW, id="before-1970"),
    ],
)
def test_a_time_that_vendors_would_refuse_becomes_the_time_of_receipt(original: str, expected: float) -> None:
    """Vendors refuse events from more than an hour ahead."""
    assert corrected_time(original, None, NOW) == expected


@given(st.datetimes(), st.none() | st.datetimes())
def test_no_times_of_a_client_lead_out_of_bounds(original: Any, sent_at: Any) -> None:
    """The corrected time is one that can be written, whatever two clocks say."""
    happened = corrected_time(original.isoformat(), sent_at and sent_at.isoformat(), NOW)

    assert 0 <= happened <= NOW + HOUR
    assert parse_timestamp(iso(happened))


def test_a_message_id_is_kept() -> None:
    """It is what duplicates are found by."""
    assert enrich({"messageId": "m-1"}, facts())["messageId"] == "m-1"


def test_a_missing_message_id_is_made() -> None:
    """Each its own."""
    made = [enrich({}, facts())["messageId"] for _ in range(2)]

    assert made[0] != made[1]


def test_the_context_says_what_the_connection_says() -> None:
    """Address and user agent, and that no SDK has made the call."""
    enriched = enrich({}, facts(ip="192.0.2.1", user_agent="curl/8"))

    assert enriched["context"] == {"ip": "192.0.2.1", "userAgent": "curl/8", "library": {"name": "http"}}


def test_the_client_s_context_wins() -> None:
    """A backend sends its users' addresses, not its own."""
    context = {"ip": "198.51.100.7", "userAgent": "Mozilla/5.0", "library": {"name": "sdk", "version": "1"}, "x": None}

    enriched = enrich({"context": context}, facts(ip="192.0.2.1", user_agent="curl/8"))

    assert enriched["context"] == context


def test_a_null_in_the_context_is_no_answer() -> None:
    """It counts as absent, as everywhere."""
    enriched = enrich({"context": {"ip": None}}, facts(ip="192.0.2.1"))

    assert enriched["context"]["ip"] == "192.0.2.1"


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


def test_the_call_itself_is_not_changed() -> None:
    """Enriching makes a new call."""
    call: dict[str, Any] = {"context": {}}

    enrich(call, facts(ip="192.0.2.1"))

    assert call == {"context": {}}
