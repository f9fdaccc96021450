"""Does every destination keep the rules of the interface?"""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from analytics_platform.destinations import build
from analytics_platform.destinations.base import Destination, Outgoing, cut
from analytics_platform.destinations.file import File
from analytics_platform.destinations.http import Client
from analytics_platform.destinations.segment import Segment
from analytics_platform.destinations.webhook import Webhook
from analytics_platform.settings import DestinationSettings
from tests.fakes.vendor import Received, Reply, Vendor
from tests.fakes.wire import free_url
from tests.outgoing import NOW, now, tracks

pytest_plugins = ["tests.destination_fixtures"]

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAX_EVENTS = 3


@dataclass
class Endpoint:
    """Where a destination delivers to, and the time by which it does."""

    url: str
    folder: Path
    hours: int = field(default=0)

    def now(self) -> datetime:
        """An hour later each time that somebody asks."""
        self.hours += 1
        return NOW + timedelta(hours=self.hours)


Make = Callable[[Endpoint], Destination]


def http(adapter: type[Segment | Webhook], *, batch: bool) -> Make:
    """A destination behind HTTP that does not try twice."""
    return lambda at: adapter(Client((KEY,), tries=1), at.url, KEY, batch=batch, max_events=MAX_EVENTS, now=at.now)


BEHIND_HTTP: dict[str, Make] = {
    "segment": http(Segment, batch=True),
    "segment without batches": http(Segment, batch=False),
    "webhook": http(Webhook, batch=True),
    "webhook without batches": http(Webhook, batch=False),
}
DESTINATIONS: dict[str, Make] = {"file": lambda at: File(at.folder, MAX_EVENTS, at.now), **BEHIND_HTTP}

every_destination = pytest.mark.parametrize("make", DESTINATIONS.values(), ids=DESTINATIONS)
every_destination_behind_http = pytest.mark.parametrize("make", BEHIND_HTTP.values(), ids=BEHIND_HTTP)


@pytest.fixture
def endpoint(vendor: Vendor, tmp_path: Path) -> Endpoint:
    """A vendor that takes everything, and an empty folder."""
    return Endpoint(vendor.url, tmp_path / "delivered")


def arrived(vendor: Vendor, endpoint: Endpoint) -> list[str]:
    """The messageIds that have arrived, at the vendor or in the folder, in order."""
    lines = [line for file in sorted(endpoint.folder.glob("*")) for line in file.read_text().splitlines()]
    return [*vendor.accepted_ids, *(json.loads(line)["messageId"] for line in lines)]


def dedupe_keys(request: Received) -> list[str | None]:
    """By what a vendor may tell that it has had a request, or one of its calls, before."""
    return [request.headers.get("webhook-id"), *request.message_ids]


# The interface


@every_destination
def test_cutting_keeps_every_event_in_order(make: Make, endpoint: Endpoint) -> None:
    """What is cut is sent, in the order of the store, and no request has more events than it may."""
    events = tracks(*"abcdefgh")

    requests = list(make(endpoint).cut(events))

    assert [each for request in requests for each in request] == events
    assert {len(request) for request in requests} <= {1, 2, MAX_EVENTS}
    assert list(make(endpoint).cut([])) == []


@pytest.mark.parametrize("name", ["segment without batches", "webhook without batches"])
def test_an_endpoint_without_batches_gets_one_call_a_request(name: str, endpoint: Endpoint) -> None:
    """`batch = false` says that it has no batch path."""
    requests = list(DESTINATIONS[name](endpoint).cut(tracks(*"abc")))

    assert [len(request) for request in requests] == [1, 1, 1]


@every_destination
def test_what_is_delivered_has_arrived(make: Make, vendor: Vendor, endpoint: Endpoint) -> None:
    """All that was cut, once, whatever is written in it."""
    destination = make(endpoint)

    outcomes = [destination.send(r) for r in destination.cut(tracks(*"abcde", properties={"Zoë": '日本 \n\0"'}))]

    assert {outcome.kind for outcome in outcomes} == {"delivered"}
    assert arrived(vendor, endpoint) == [*"abcde"]


@every_destination
def test_lanes_may_send_at_once(make: Make, vendor: Vendor, endpoint: Endpoint) -> None:
    """Several threads share a destination."""
    destination = make(endpoint)
    names = [f"m-{number}" for number in range(40)]

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(destination.send, [[each] for each in tracks(*names)]))

    assert {outcome.kind for outcome in outcomes} == {"delivered"}
    assert sorted(arrived(vendor, endpoint)) == sorted(names)


@every_destination_behind_http
def test_every_attempt_bears_the_same_dedupe_keys(make: Make, vendor: Vendor, endpoint: Endpoint) -> None:
    """Hours later, by another process, the vendor still knows the request and its calls again."""
    (request,) = make(endpoint).cut(tracks("a"))
    vendor.will_answer(503)
    make(endpoint).send(request)
    vendor.recovers()

    make(endpoint).send(request)

    first, second = vendor.requests
    assert dedupe_keys(first) == dedupe_keys(second)
    assert first.raw + str(first.headers).encode() != second.raw + str(second.headers).encode()


@every_destination_behind_http
def test_a_vendor_that_is_not_there_is_tried_later(make: Make, endpoint: Endpoint) -> None:
    """A refused connection says nothing about the events."""
    endpoint.url = free_url()

    outcome = make(endpoint).send(tracks("a"))

    assert (outcome.kind, outcome.reason) == ("retry", "ConnectionError")


@every_destination_behind_http
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("body", ["", "{", '{"success": false}', "<html>", "null", "[]", '"\\ud800"', "\0"])
def test_every_answer_is_an_outcome(make: Make, vendor: Vendor, endpoint: Endpoint, status: int, body: str) -> None:
    """Nothing that a vendor says is an exception, and what is rejected was in the request."""
    vendor.will_answer(status, body)
    (request, *_) = make(endpoint).cut(tracks("a", "b"))

    outcome = make(endpoint).send(request)

    assert outcome.kind in ("delivered", "split", "dead_letter")
    assert set(outcome.rejected) <= set(range(len(request)))
    assert bool(outcome.rejected) == (outcome.kind == "dead_letter")


@every_destination_behind_http
@pytest.mark.parametrize("status", [302, 400, 401, 422, 429, 503])
def test_our_key_is_in_no_outcome(make: Make, vendor: Vendor, endpoint: Endpoint, status: int) -> None:
    """Not even if the vendor sends back all that it got."""
    vendor.will(lambda got: Reply(status, f"{KEY} {dict(got.headers)} {got.raw.decode()}"))

    outcome = make(endpoint).send(tracks("a"))

    sent = vendor.requests[0].headers.get("Authorization", KEY).split()[-1]
    assert outcome.answer
    assert KEY not in repr(outcome)
    assert sent not in repr(outcome)


@every_destination_behind_http
def test_a_reason_holds_nothing_of_the_event(make: Make, vendor: Vendor, endpoint: Endpoint) -> None:
    """Reasons are shown in Dagster; the vendor's words are not."""
    vendor.will_answer(400, "ada@example.com is not an address")

    outcome = make(endpoint).send(tracks("a", properties={"email": "ada@example.com"}))

    assert outcome.reason == "HTTP 400"
    assert dict(outcome.rejected) == {0: "HTTP 400"}


# Cutting by size


def cut_sizes(events: Sequence[Outgoing], max_events: int, max_bytes: int) -> list[int]:
    """How many events each request has."""
    return [len(request) for request in cut(events, max_events, max_bytes)]


def test_requests_are_cut_by_bytes() -> None:
    """Characters beyond ASCII count as the bytes that they are on the line."""
    latin, japanese = tracks(*"abcd", name="x" * 300), tracks(*"abcd", name="日" * 100)
    size = len(latin[0].event.payload)

    assert cut_sizes(latin, 10, 2 * size) == [2, 2]
    assert cut_sizes(japanese, 10, 2 * size) == [2, 2]
    assert cut_sizes(latin, 10, 2 * size - 1) == [1, 1, 1, 1]


def test_a_giant_goes_alone() -> None:
    """An event that is larger than any request may be is the vendor's to refuse, and its neighbours are not."""
    small, giant, last = *tracks("a"), *tracks("b", name="x" * 1000), *tracks("c")

    assert cut_sizes([small, giant, last], 10, 500) == [1, 1, 1]


# Building


@pytest.mark.parametrize(("kind", "expected"), [("file", File), ("segment", Segment), ("webhook", Webhook)])
def test_each_type_has_its_adapter(kind: str, expected: type[Destination], vendor: Vendor, tmp_path: Path) -> None:
    """The settings say which, where, how many, and with which key."""
    settings = DestinationSettings.model_validate(
        {"name": "x", "type": kind, "endpoint": vendor.url, "api_key": SecretStr(KEY), "batch_size": 2}
    )

    destination = build(settings, tmp_path, now)

    requests = list(destination.cut(tracks(*"abc")))
    assert isinstance(destination, expected)
    assert [len(request) for request in requests] == [2, 1]
    assert destination.send(requests[0]).kind == "delivered"
    assert arrived(vendor, Endpoint("", tmp_path / "delivered")) == ["a", "b"]
