"""Does Segment get what its HTTP Tracking API asks for, and do we understand its answers?"""

from typing import Any

import pytest

from analytics_platform.destinations.segment import MAX_BYTES, Segment
from tests.fakes.vendor import Reply, Vendor
from tests.outgoing import outgoing, terms, tracks
from tests.reference import SEND_TIME, answered, differences, filled_in, meant, told, vectors

pytest_plugins = ["tests.destination_fixtures"]

KEY = "write-key"
VALUES = {"SEND_TIME": SEND_TIME, "WRITE_KEY": KEY}

every_call = pytest.mark.parametrize("vector", vectors("segment"), ids=lambda vector: vector["name"])
every_answer = pytest.mark.parametrize("vector", vectors("segment-responses"), ids=lambda vector: vector["name"])


def segment(vendor: Vendor, *, batch: bool = True, key: str = KEY) -> Segment:
    """Segment at the vendor's address, or an endpoint of its shape that has no batch path."""
    return Segment(terms(f"{vendor.url}/v1", key, batch=batch))


# Requests


@every_call
def test_a_call_becomes_the_documented_request(vendor: Vendor, vector: dict[str, Any]) -> None:
    """The reference examples: path, headers, what must be in the body, and what must not."""
    segment(vendor).send([outgoing(vector["call"])])

    (request,) = vendor.requests
    assert differences(request, filled_in(vector["request"], VALUES), vector.get("absent")) == []


def test_a_batch_keeps_the_order_of_its_calls(vendor: Vendor) -> None:
    """Indexes are positions, and a user's calls stay in order."""
    segment(vendor).send(tracks("a", "b", "c"))

    (request,) = vendor.requests
    assert request.message_ids == ["a", "b", "c"]


def test_what_is_null_is_not_sent(vendor: Vendor) -> None:
    """To some servers a null is a key that is present."""
    segment(vendor).send(tracks("a", userId=None, anonymousId="browser-1", integrations={}, properties={}))

    (call,) = vendor.requests[0].body["batch"]
    assert sorted(call) == ["anonymousId", "event", "messageId", "properties", "timestamp", "type"]


def test_what_only_concerns_us_is_not_sent(vendor: Vendor) -> None:
    """A field that Segment's spec does not know stays here."""
    segment(vendor).send(tracks("a", receivedAt="x", originalTimestamp="x", sentAt="x", writeKey="x", _metadata={}))

    (call,) = vendor.requests[0].body["batch"]
    assert sorted(call) == ["event", "messageId", "timestamp", "type", "userId"]


@pytest.mark.parametrize("kind", ["track", "identify", "group", "page", "screen", "alias"])
def test_an_endpoint_without_a_batch_path_gets_each_call_on_its_own_path(vendor: Vendor, kind: str) -> None:
    """The path says the type, and `sentAt` stands beside the fields."""
    segment(vendor, batch=False).send(tracks("a", type=kind))

    (request,) = vendor.requests
    assert request.path == f"/v1/{kind}"
    assert request.body == {
        "messageId": "a",
        "userId": "user-1",
        "event": "report.created",
        "timestamp": "2026-03-04T10:20:30.456Z",
        "sentAt": SEND_TIME,
    }


def test_an_endpoint_without_a_key_gets_none(vendor: Vendor) -> None:
    """A collector of our own may need none."""
    segment(vendor, key="").send(tracks("a"))

    assert "Authorization" not in vendor.requests[0].headers


def test_a_batch_stays_below_the_limit(vendor: Vendor) -> None:
    """500 KB is Segment's limit; its own libraries keep a margin, and so do we."""
    events = tracks(*(f"m-{number}" for number in range(60)), properties={"text": "日" * 10_000})

    requests = list(segment(vendor).cut(events))
    segment(vendor).send(requests[0])

    assert len(requests) == 4
    assert len(vendor.requests[0].raw) < MAX_BYTES < 500_000


# Answers


@every_answer
def test_an_answer_is_understood_as_documented(vendor: Vendor, vector: dict[str, Any]) -> None:
    """The reference answers: what becomes of the events, which are rejected, how long to wait."""
    outcome = answered(vendor, segment(vendor), vector)

    assert told(outcome, vector) == meant(vector)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(410, "retry"), (460, "retry"), (404, "halt"), (302, "halt"), (501, "halt"), (505, "halt"), (511, "halt")],
)
def test_some_statuses_mean_what_the_official_libraries_make_of_them(vendor: Vendor, status: int, kind: str) -> None:
    """Beyond the reference answers."""
    vendor.will_answer(status)

    assert segment(vendor).send(tracks("a", "b")).kind == kind


def test_one_missing_path_does_not_stop_the_others(vendor: Vendor) -> None:
    """An endpoint of single calls may have no path for a type; until others are taken, nobody can tell."""
    vendor.will(lambda request: Reply(404) if request.path == "/v1/alias" else None)
    destination = segment(vendor, batch=False)

    before = destination.send(tracks("a", type="alias"))
    between = destination.send(tracks("b"))
    after = destination.send(tracks("c", type="alias"))

    assert [before.kind, between.kind, after.kind] == ["retry", "delivered", "dead_letter"]
    assert dict(after.rejected) == {0: "HTTP 404, no path for calls of this type"}


def test_a_missing_batch_path_is_a_wrong_address(vendor: Vendor) -> None:
    """There is but one, so nothing can be delivered until somebody corrects it."""
    vendor.will_answer(404)

    assert segment(vendor).send(tracks("a")).kind == "halt"
