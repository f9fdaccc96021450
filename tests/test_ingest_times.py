"""When did an event happen, by our clock?"""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.settings.sources import Kind
from event_registry.calls import parse_timestamp
from ingest_api.enrichment import OLDEST_SECONDS, enrich, iso
from tests.test_ingest_enrichment import HOUR, NOW, RECEIVED_AT, facts


def happened_at(original: str, sent_at: str | None = None, **fields: Any) -> str:
    """The corrected time of a call with this timestamp."""
    timestamp: str = enrich({"timestamp": original}, facts(sent_at=sent_at, **fields))["timestamp"]
    return timestamp


def test_received_at_is_ours() -> None:
    """Whatever the client claims."""
    enriched = enrich({"receivedAt": "2001-01-01T00:00:00Z"}, facts())

    assert enriched["receivedAt"] == RECEIVED_AT


def test_a_call_without_a_time_happened_when_it_was_received() -> None:
    """Both times are ours then."""
    enriched = enrich({}, facts())

    assert (enriched["timestamp"], enriched["originalTimestamp"]) == (RECEIVED_AT, RECEIVED_AT)


def test_when_it_was_sent_says_nothing_of_a_call_without_a_time() -> None:
    """There is nothing that the client's clock could have got wrong."""
    enriched = enrich({}, facts(sent_at="2031-05-05T12:00:00Z"))

    assert enriched["timestamp"] == RECEIVED_AT


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


@pytest.mark.parametrize("sent_at", ["yesterday", 1_767_225_600, None, ["2031-05-05T12:00:00Z"]])
def test_a_sent_at_that_is_no_time_corrects_nothing(sent_at: Any) -> None:
    """The batch's sentAt is nobody's promise."""
    assert happened_at("2025-12-25T00:00:00Z", sent_at) == "2025-12-25T00:00:00.000Z"


@pytest.mark.parametrize(
    ("original", "stored"),
    [
        ("2025-12-31T23:00:00.123Z", "2025-12-31T23:00:00.123Z"),
        ("2025-12-31T23:00:00.123456Z", "2025-12-31T23:00:00.123Z"),
        ("2025-12-31T23:00:00,123Z", "2025-12-31T23:00:00.123Z"),
        ("2025-12-31 23:00:00.123Z", "2025-12-31T23:00:00.123Z"),
        ("2025-12-31T23:00:00", "2025-12-31T23:00:00.000Z"),
        ("2026-01-01T01:00:00+02:00", "2025-12-31T23:00:00.000Z"),
    ],
)
def test_every_spelling_of_a_time_becomes_the_same(original: str, stored: str) -> None:
    """UTC with milliseconds, which every destination takes."""
    assert happened_at(original) == stored


@pytest.mark.parametrize(
    ("original", "stored"),
    [
        pytest.param(iso(NOW + HOUR), iso(NOW + HOUR), id="an-hour-ahead"),
        pytest.param(iso(NOW + HOUR + 1), RECEIVED_AT, id="more-than-an-hour-ahead"),
        pytest.param("1969-12-31T23:59:59Z", RECEIVED_AT, id="before-1970"),
        pytest.param("9999-12-31T23:59:59Z", RECEIVED_AT, id="the-end-of-time"),
    ],
)
@pytest.mark.parametrize("kind", ["browser", "mobile", "server"])
def test_a_time_that_vendors_would_refuse_becomes_the_time_of_receipt(kind: Kind, original: str, stored: str) -> None:
    """Vendors refuse events from more than an hour ahead; what the client said is kept beside it."""
    enriched = enrich({"timestamp": original}, facts(kind=kind))

    assert (enriched["timestamp"], enriched["originalTimestamp"]) == (stored, original)


@pytest.mark.parametrize("kind", ["browser", "mobile"])
def test_only_a_server_imports_history(kind: Kind) -> None:
    """Anybody can have the key of a browser or a phone, which may have been offline for a month but not longer."""
    within, older, history = iso(NOW - OLDEST_SECONDS), iso(NOW - OLDEST_SECONDS - 1), "2014-03-01T00:00:00.000Z"

    assert happened_at(within, kind=kind) == within
    assert happened_at(older, kind=kind) == RECEIVED_AT
    assert happened_at(history, kind="server") == history


@given(st.datetimes(), st.none() | st.datetimes())
def test_no_times_of_a_client_lead_out_of_bounds(original: Any, sent_at: Any) -> None:
    """The corrected time is one that can be written, whatever two clocks say."""
    moment = parse_timestamp(happened_at(original.isoformat(), sent_at and sent_at.isoformat(), kind="server"))

    assert moment is not None
    assert 0 <= moment.timestamp() <= NOW + HOUR


@given(st.floats(min_value=0, max_value=253_402_300_799))
def test_a_time_is_written_as_the_standard_library_would(seconds: float) -> None:
    """Only faster."""
    moment = datetime.fromtimestamp(seconds, UTC)

    assert iso(seconds) == moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
