"""Is a call that is taken after a quick look stored as after a close one?"""

from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics_platform.settings.privacy import PrivacySettings
from analytics_platform.settings.sources import Kind
from analytics_platform.staging.base import Entry
from event_registry.calls import MAX_DEPTH, MAX_KEY_LENGTH, MAX_KEYS
from event_registry.definitions import REDACTED, Event, Timestamp
from event_registry.registry import Registry
from ingest_api.batch import Batch
from ingest_api.enrichment import Facts
from ingest_api.intake import Intake, Sorter
from ingest_api.validation import Rules
from tests.running_api import source

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
EVENT_BYTES = 4096


class ReportCreated(Event, name="report.created", owner="reports", since="2026-01-31", example={"report_id": "r"}):
    """Somebody made a report."""

    report_id: str
    """Which one."""
    rows: int | None = None
    """How many rows it has."""
    tags: list[str] | None = None
    """What it was tagged with."""
    due_at: Timestamp | None = None
    """When it is due."""


class UserSignedIn(Event, name="user.signed_in", owner="growth", since="2026-01-31", example={}):
    """A user signed in."""

    password: Annotated[str | None, REDACTED] = None
    """What nobody should send."""


PLAN = Registry({"report.created": ReportCreated, "user.signed_in": UserSignedIn}, {})
CONTEXT = {"library": {"name": "analytics.js", "version": "2.1"}, "locale": "en-GB", "userAgent": "Mozilla/5.0"}
CALL = {
    "type": "track",
    "event": "report.created",
    "userId": "user-1",
    "messageId": "m-1",
    "timestamp": "2025-12-31T23:59:58.123Z",
    "properties": {"report_id": "r-1", "rows": 3, "tags": ["a"], "due_at": "2026-02-01T00:00:00Z"},
    "context": CONTEXT,
    "integrations": {},
}


def sorter(
    kind: str | None = None, *, source_kind: Kind = "browser", keeps_agents: bool = True, **modes: Any
) -> Sorter:
    """One for a request without calls."""
    privacy = PrivacySettings(user_agent=keeps_agents)
    facts = Facts(NOW, "192.0.2.77", "Mozilla/5.0", "2026-01-01T00:00:02Z", "web", source_kind, privacy)
    return Sorter(kind, source(kind=source_kind, **modes), Rules(PLAN, EVENT_BYTES, b"key"), facts)


def quickly(call: Any, **of: Any) -> Entry | None:
    """What becomes of a call after a quick look."""
    return sorter(**of).plain_entry(0, call)


def closely(call: Any, **of: Any) -> Intake:
    """What becomes of it after a close one."""
    slow = sorter(**of)
    slow.look_closely(0, call)
    return slow.intake


def nested(levels: int) -> Any:
    """Lists in lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


TEXTS = st.sampled_from(["", " ", "x", "user-1", "null", "track", "page", "report.created", "user.signed_in"]) | (
    st.sampled_from(["2026-01-01T00:00:00Z", "1999-01-01T00:00:00+01:00", "203.0.113.9", "a\0b", "\\u0000"])
    | st.sampled_from(["é" * 600, "x" * 1100, "x" * 5000])
)
ODD = st.one_of(
    st.none() | st.booleans() | st.integers(-2, 2) | st.just(10**600) | st.floats(-2, 2) | TEXTS,
    st.sampled_from([{}, [], ["x"], [None], {"a\0": 1}, {"k" * (MAX_KEY_LENGTH + 1): 1}, {"password": "secret"}]),
    st.sampled_from([{"advertising": False}, {"advertising": "no"}]).map(lambda each: {"categoryPreferences": each}),
    st.integers(MAX_DEPTH - 4, MAX_DEPTH + 2).map(nested) | st.just(nested(2000)),
    st.just({str(n): n for n in range(MAX_KEYS + 1)}),
)
CONTEXT_FIELDS = ("traits", "consent", "ip", "warnings", "userAgent", "userAgentData", "library", "location", "other")
FIELDS = (*CALL, "traits", "anonymousId", "previousId", "groupId", "sentAt", "originalTimestamp", "receivedAt")
CALLS = st.builds(
    lambda fields, properties, context: {
        **CALL,
        "properties": {**CALL["properties"], **properties},  # type: ignore[dict-item]  # which is one
        "context": {**CONTEXT, **context},
        **fields,
    },
    st.dictionaries(st.sampled_from((*FIELDS, "writeKey", "other")), ODD, max_size=2),
    st.dictionaries(st.sampled_from(("report_id", "rows", "tags", "due_at", "password", "zebra")), ODD, max_size=1),
    st.dictionaries(st.sampled_from(CONTEXT_FIELDS), ODD, max_size=1),
)


@settings(max_examples=500)
@given(call=CALLS, kind=st.sampled_from([None, "track", "page"]), mode=st.sampled_from(["off", "warn", "enforce"]))
@pytest.mark.parametrize("source_kind", ["browser", "server"])
@pytest.mark.parametrize("keeps_agents", [True, False])
def test_a_quick_look_takes_only_what_a_close_one_does(
    call: dict[str, Any], kind: str | None, mode: str, source_kind: str, *, keeps_agents: bool
) -> None:
    """To the letter, whatever the call holds; what is not taken quickly is looked at closely."""
    (whole,) = Batch([call], kind)
    assume(any(whole.get(name) for name in ("messageId", "timestamp", "originalTimestamp")))  # no random messageId
    of = {"kind": kind, "source_kind": source_kind, "keeps_agents": keeps_agents, "plan_mode": mode}

    entry = quickly(whole, **of)

    assert entry is None or closely(whole, **of) == Intake([entry])


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"userId": None, "anonymousId": "visitor-1"},
        {"sentAt": "2026-01-01T00:00:01Z", "writeKey": "key-1", "originalTimestamp": "2025-12-31T23:59:58Z"},
        {"context": {"ip": "203.0.113.9", "consent": {"categoryPreferences": {"advertising": False}}}},
        {"context": None, "traits": {}},
        {"event": "user.signed_in", "properties": None},
        {"type": "page", "event": None, "properties": {"url": "https://example.com"}},
        {"type": "identify", "event": None, "traits": {"plan": "team", "teams": [{"name": "a"}]}, "properties": None},
        {"context": {"page": {str(n): "x" * 20 for n in range(60)}}},
    ],
    ids=str,
)
def test_a_quick_look_is_enough_for_almost_every_call(fields: dict[str, Any]) -> None:
    """Or batches would cost twice as much."""
    (call,) = Batch([{**CALL, **fields}])

    entry = quickly(call)

    assert entry is not None
    assert closely(call) == Intake([entry])


def test_what_of_a_call_is_stored_tells_whether_it_was_too_large() -> None:
    """The larger ones are looked at closely, so that a call's own size decides."""
    sizes = range(EVENT_BYTES - 1500, EVENT_BYTES + 100, 50)
    calls = [{**CALL, "other": "x" * size, "writeKey": "k" * 200, "context": {"ip": "1" * 200}} for size in sizes]

    taken = [quickly(call) for call in calls]

    too_large = [len(msgspec.json.encode(call)) > EVENT_BYTES for call in calls]
    assert [bool(entry) and large for entry, large in zip(taken, too_large, strict=True)] == [False] * len(calls)
    assert taken[0] is not None
