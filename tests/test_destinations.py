"""Does every destination keep the rules of the interface?"""

import gzip
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from analytics_platform.destinations import build
from analytics_platform.destinations.amplitude import Amplitude
from analytics_platform.destinations.base import Destination
from analytics_platform.destinations.file import File
from analytics_platform.destinations.jitsu import Jitsu
from analytics_platform.destinations.mixpanel import Mixpanel
from analytics_platform.destinations.posthog import PostHog
from analytics_platform.destinations.posting import Posting, Terms
from analytics_platform.destinations.rudderstack import RudderStack
from analytics_platform.destinations.segment import Segment
from analytics_platform.destinations.webhook import Webhook
from analytics_platform.settings import ConfigurationError, DestinationSettings
from analytics_platform.settings.destinations import vendors_defaults
from analytics_platform.settings.vendors import VENDORS
from tests.fakes.vendor import Received, Reply, Vendor
from tests.fakes.wire import free_url
from tests.outgoing import NOW, now, outgoing, terms, tracks

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


def http(adapter: Callable[[Terms], Posting], *, batch: bool = True) -> Make:
    """A destination behind HTTP that does not try twice."""
    return lambda at: adapter(terms(at.url, KEY, batch=batch, max_events=MAX_EVENTS, now=at.now))


BEHIND_HTTP: dict[str, Make] = {
    "amplitude": http(Amplitude),
    "jitsu": http(Jitsu),
    "jitsu without batches": http(Jitsu, batch=False),
    "mixpanel": http(Mixpanel),
    "posthog": http(PostHog),
    "rudderstack": http(RudderStack),
    "segment": http(Segment),
    "segment without batches": http(Segment, batch=False),
    "webhook": http(Webhook),
    "webhook without batches": http(Webhook, batch=False),
}
DESTINATIONS: dict[str, Make] = {"file": lambda at: File(at.folder, MAX_EVENTS, at.now), **BEHIND_HTTP}

ODD = json.dumps(
    {
        "failed_records": [None, {"index": 99}, {"index": True}, {"index": "0"}],
        "events_with_invalid_fields": {"time": [99, -1, True, None, "0"]},
        "silenced_events": {"a": 1},
        "quota_limited": "events",
    }
)
"""An answer with all the parts that some vendor's answers have, and nonsense in them."""

IDS = ("messageId", "insert_id", "uuid", "$insert_id")
"""By what the vendors know an event again."""

every_destination = pytest.mark.parametrize("make", DESTINATIONS.values(), ids=DESTINATIONS)
every_destination_behind_http = pytest.mark.parametrize("make", BEHIND_HTTP.values(), ids=BEHIND_HTTP)


@pytest.fixture
def endpoint(vendor: Vendor, tmp_path: Path) -> Endpoint:
    """A vendor that takes everything, and an empty folder."""
    return Endpoint(vendor.url, tmp_path / "delivered")


def items(body: Any) -> list[dict[str, Any]]:
    """The items of a body, whatever its shape."""
    found = body if isinstance(body, list) else body.get("batch") or body.get("events") or body.get("data") or body
    return found if isinstance(found, list) else [found]


def ids(body: Any) -> list[str]:
    """By what the vendor knows the items of a body again, in order."""
    return [
        str(next(part[key] for part in (item, item.get("properties", {})) for key in IDS if key in part))
        for item in items(body)
    ]


def arrived(vendor: Vendor, endpoint: Endpoint) -> list[str]:
    """The ids that have arrived, at the vendor or in the folder, in order."""
    lines = [line for file in sorted(endpoint.folder.glob("*")) for line in file.read_text().splitlines()]
    taken = [found for request in vendor.requests if request.status < 300 for found in ids(request.body)]
    return [*taken, *(json.loads(line)["messageId"] for line in lines)]


def named(count: int) -> list[str]:
    """So many messageIds that every vendor takes as they are."""
    return [f"00000000-0000-4000-8000-{number:012}" for number in range(count)]


def dedupe_keys(request: Received) -> list[str | None]:
    """By what a vendor may tell that it has had a request, or one of its calls, before."""
    return [request.headers.get("webhook-id"), *ids(request.body)]


# The interface


@every_destination
def test_cutting_keeps_every_event_in_order(make: Make, endpoint: Endpoint) -> None:
    """What is cut is sent, in the order of the store, and no request has more events than it may."""
    events = tracks(*"abcdefgh")

    requests = list(make(endpoint).cut(events))

    assert [each for request in requests for each in request] == events
    assert {len(request) for request in requests} <= {1, 2, MAX_EVENTS}
    assert list(make(endpoint).cut([])) == []


@pytest.mark.parametrize("name", [name for name in DESTINATIONS if "without batches" in name])
def test_an_endpoint_without_batches_gets_one_call_a_request(name: str, endpoint: Endpoint) -> None:
    """`batch = false` says that it has no batch path."""
    requests = list(DESTINATIONS[name](endpoint).cut(tracks(*"abc")))

    assert [len(request) for request in requests] == [1, 1, 1]


@every_destination
def test_what_is_delivered_has_arrived(make: Make, vendor: Vendor, endpoint: Endpoint) -> None:
    """All that was cut, once, whatever is written in it."""
    destination = make(endpoint)

    outcomes = [destination.send(r) for r in destination.cut(tracks(*named(5), properties={"Zoë": '日本 \n\0"'}))]

    assert {outcome.kind for outcome in outcomes} == {"delivered"}
    assert arrived(vendor, endpoint) == named(5)


@every_destination
def test_lanes_may_send_at_once(make: Make, vendor: Vendor, endpoint: Endpoint) -> None:
    """Several threads share a destination."""
    destination = make(endpoint)
    names = named(40)

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


@every_destination_behind_http
def test_a_vendor_that_is_not_there_is_tried_later(make: Make, endpoint: Endpoint) -> None:
    """A refused connection says nothing about the events."""
    endpoint.url = free_url()

    outcome = make(endpoint).send(tracks("a"))

    assert (outcome.kind, outcome.reason) == ("retry", "ConnectionError")


@every_destination_behind_http
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("kind", ["track", "identify", "group", "page", "screen", "alias"])
@pytest.mark.parametrize("body", ["", "<html>", "null", '"\\ud800"', "[" * 9999, ODD])
def test_every_answer_is_an_outcome(
    make: Make, vendor: Vendor, endpoint: Endpoint, status: int, body: str, kind: str
) -> None:
    """Nothing that a vendor says is an exception, and what is rejected was in the request."""
    vendor.will_answer(status, body)
    calls = tracks("a", "b", type=kind, groupId="g", previousId="p", name="n")
    (request, *_) = make(endpoint).cut(calls)

    outcome = make(endpoint).send(request)

    assert outcome.kind in ("delivered", "split", "dead_letter", "retry")
    assert set(outcome.rejected) <= set(range(len(request)))
    assert bool(outcome.rejected) == (outcome.kind == "dead_letter")


@every_destination_behind_http
@pytest.mark.parametrize("status", [302, 400, 401, 422, 429, 503])
def test_our_key_is_in_no_outcome(make: Make, vendor: Vendor, endpoint: Endpoint, status: int) -> None:
    """Not even if the vendor sends back all that it got."""
    vendor.will(lambda got: Reply(status, f"{KEY} {dict(got.headers)} {got.raw.decode()}"))

    outcome = make(endpoint).send(tracks("a"))

    sent = vendor.requests[0].headers.get("Authorization", KEY).split()[-1]
    assert KEY not in repr(outcome)
    assert sent not in repr(outcome)


@every_destination_behind_http
def test_a_reason_holds_nothing_of_the_event(make: Make, vendor: Vendor, endpoint: Endpoint) -> None:
    """Reasons are shown in Dagster; the vendor's words are not."""
    vendor.will_answer(400, "ada@example.com is not an address")

    outcome = make(endpoint).send(tracks("a", properties={"email": "ada@example.com"}))

    assert outcome.reason == "HTTP 400"
    assert "ada" not in str(outcome.rejected)


@every_destination_behind_http
@pytest.mark.parametrize("field", ["properties", "traits", "context", "integrations"])
@pytest.mark.parametrize(
    "value", [None, {}, {"campaign": None, "device": {}, "page": {"url": "http://[::1", "referrer": 7}}]
)
def test_a_call_may_lack_whatever_it_may_lack(make: Make, endpoint: Endpoint, field: str, value: object) -> None:
    """The ingest API takes it so, and an error of ours would hold up the destination for ever."""
    calls = [
        outgoing({**each.call, "type": kind, "groupId": "g", "previousId": "p", field: value})
        for kind in ("track", "identify", "group", "page", "screen", "alias")
        for each in tracks("a", anonymousId=None)
    ]
    destination = make(endpoint)

    outcomes = [destination.send(request) for request in destination.cut(calls)]

    assert {outcome.kind for outcome in outcomes} == {"delivered"}


COMPRESSED = (Amplitude, Jitsu, Mixpanel, PostHog, RudderStack, Segment)


@pytest.mark.parametrize("adapter", [*COMPRESSED, Webhook])
def test_large_bodies_are_compressed_if_the_configuration_says_so(
    adapter: Callable[[Terms], Posting], vendor: Vendor
) -> None:
    """What is signed never is; nor is what is smaller than the headers."""
    destination = adapter(terms(vendor.url, KEY, gzip=True))

    destination.send(tracks("a"))
    destination.send(tracks("a", properties={"text": "x" * 5000}))

    small, large = vendor.requests
    is_compressed = [request.headers.get("Content-Encoding") == "gzip" for request in (small, large)]
    assert is_compressed == [False, adapter in COMPRESSED]
    assert b"x" * 5000 in plain(large)


def plain(request: Received) -> bytes:
    """The body as it was before it was compressed."""
    return gzip.decompress(request.raw) if request.headers.get("Content-Encoding") == "gzip" else request.raw


# Building


ADAPTERS = {
    "amplitude": Amplitude,
    "file": File,
    "jitsu": Jitsu,
    "mixpanel": Mixpanel,
    "posthog": PostHog,
    "rudderstack": RudderStack,
    "segment": Segment,
    "webhook": Webhook,
}


def test_each_type_has_its_adapter(tmp_path: Path) -> None:
    """And can be made with its vendor's defaults alone."""
    made = {kind: type(build(vendors_defaults(kind), tmp_path, now)) for kind in VENDORS}

    assert made == ADAPTERS


@pytest.mark.parametrize("kind", ["file", "segment", "webhook"])
def test_the_settings_say_where_how_many_and_with_which_key(kind: str, vendor: Vendor, tmp_path: Path) -> None:
    """All the way to what arrives."""
    settings = DestinationSettings.model_validate(
        {"name": "file", "type": kind, "endpoint": vendor.url, "api_key": SecretStr(KEY), "batch_size": 2}
    )

    destination = build(settings, tmp_path, now)

    requests = list(destination.cut(tracks(*"abc")))
    assert [len(request) for request in requests] == [2, 1]
    assert destination.send(requests[0]).kind == "delivered"
    assert arrived(vendor, Endpoint("", tmp_path / "delivered")) == ["a", "b"]


def test_a_request_has_no_more_bytes_than_the_configuration_says(tmp_path: Path) -> None:
    """Also where the vendor would take more."""
    settings = vendors_defaults("segment").model_copy(update={"batch_bytes": 1000})

    requests = list(build(settings, tmp_path, now).cut(tracks(*"abc", name="x" * 400)))

    assert [len(request) for request in requests] == [1, 1, 1]


@pytest.mark.parametrize(
    ("kind", "options", "complaint"),
    [
        ("amplitude", {"api": "v3"}, "Invalid enum value 'v3' - at `$.api`"),
        ("mixpanel", {"group": "company"}, "Object contains unknown field `group`"),
        ("posthog", {"group_type": 5}, "Expected `str`, got `int` - at `$.group_type`"),
    ],
)
def test_wrong_options_are_named(kind: str, options: dict[str, object], complaint: str, tmp_path: Path) -> None:
    """One sentence: the destination, and what is wrong with which option."""
    settings = vendors_defaults(kind).model_copy(update={"options": options})

    with pytest.raises(ConfigurationError) as refused:
        build(settings, tmp_path, now)

    assert str(refused.value) == f"destinations.preview.options: {complaint}"
