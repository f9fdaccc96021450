"""Can a receiver of Standard Webhooks trust what we post, and do we understand its answers?"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Any

import pytest
import standardwebhooks

from analytics_platform.destinations.webhook import Webhook
from tests.fakes.vendor import Received, Vendor
from tests.outgoing import NOW, outgoing, terms, tracks
from tests.reference import answered, meant, told, vectors

pytest_plugins = ["tests.destination_fixtures"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOLERANCE = 300

every_signature = pytest.mark.parametrize("vector", vectors("webhook-signatures"), ids=lambda vector: vector["name"])
every_answer = pytest.mark.parametrize("vector", vectors("webhook-responses"), ids=lambda vector: vector["name"])


def webhook(vendor: Vendor, *, batch: bool = True, secret: str = SECRET, at: datetime = NOW) -> Webhook:
    """A webhook at the vendor's address."""
    return Webhook(terms(f"{vendor.url}/hook?source=us", secret, batch=batch, now=lambda: at))


def takes(secret: str, at: float, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a receiver that does what the specification says takes the request at this time."""
    timestamp = headers["webhook-timestamp"]
    signed = f"{headers['webhook-id']}.{timestamp}.".encode() + body
    expected = b64encode(digest(b64decode(secret.removeprefix("whsec_")), signed, sha256)).decode()
    is_genuine = any(compare_digest(found, f"v1,{expected}") for found in headers["webhook-signature"].split(" "))
    return is_genuine and abs(at - int(timestamp)) <= TOLERANCE


def is_taken(request: Received, at: datetime = NOW, secret: str = SECRET) -> bool:
    """Whether that receiver takes a request of ours."""
    return takes(secret, at.timestamp(), request.headers, request.raw)


# Signatures


@every_signature
def test_the_receiver_of_these_tests_follows_the_specification(vector: dict[str, Any]) -> None:
    """It takes and refuses the reference examples as it should, so that the next tests mean something."""
    headers = {
        "webhook-id": vector["id"],
        "webhook-timestamp": str(vector["timestamp"]),
        "webhook-signature": vector["signature"],
    }

    taken = takes(vector["secret"], vector["now"], headers, vector["body"].encode())

    assert taken == vector["valid"]


@pytest.mark.parametrize("batch", [True, False])
def test_a_receiver_takes_what_we_sign(vendor: Vendor, *, batch: bool) -> None:
    """The signature is of the very bytes that were sent."""
    webhook(vendor, batch=batch).send(tracks("a", properties={"name": "Zoë 日本", "n": 1.0}))

    (request,) = vendor.requests
    assert is_taken(request)
    assert not is_taken(request, secret="whsec_" + b64encode(b"another" * 4).decode())


def test_the_official_library_takes_what_we_sign(vendor: Vendor) -> None:
    """Standard Webhooks' own receiver."""
    webhook(vendor, at=datetime.now(UTC)).send(tracks("a", properties={"name": "Zoë 日本"}))

    (request,) = vendor.requests
    assert standardwebhooks.Webhook(SECRET).verify(request.raw, dict(request.headers)) == request.body


def test_each_attempt_is_signed_anew_under_the_same_id(vendor: Vendor) -> None:
    """A receiver refuses old timestamps, and knows an event again by its id."""
    later = NOW + timedelta(hours=6)

    webhook(vendor).send(tracks("a"))
    webhook(vendor, at=later).send(tracks("a"))

    first, second = vendor.requests
    assert (first.raw, first.headers["webhook-id"]) == (second.raw, second.headers["webhook-id"])
    assert (is_taken(first, NOW), is_taken(first, later), is_taken(second, later)) == (True, False, True)


def test_a_webhook_without_a_secret_is_not_signed(vendor: Vendor) -> None:
    """It still says its id and its time."""
    webhook(vendor, secret="").send(tracks("a"))

    (request,) = vendor.requests
    assert "webhook-signature" not in request.headers
    assert (request.headers["webhook-id"], request.headers["webhook-timestamp"]) == ("a", str(int(NOW.timestamp())))


# Ids


@pytest.mark.parametrize("message_id", ["5c2f1a30-9b7e-4d2a-8a3d-0f6b1c9e7a01", "ajs-next_1", "x" * 100])
def test_the_id_of_one_event_is_its_message_id(vendor: Vendor, message_id: str) -> None:
    """So that the receiver can look it up."""
    webhook(vendor).send(tracks(message_id))

    assert vendor.requests[0].headers["webhook-id"] == message_id


@pytest.mark.parametrize("message_id", ["a.b", "with space", "x" * 101, "line\nfeed", "日本", "a\n"])
def test_a_message_id_that_may_not_be_signed_gets_a_stable_id(vendor: Vendor, message_id: str) -> None:
    """Dots separate what is signed, and a header takes neither line breaks nor every letter."""
    webhook(vendor).send(tracks(message_id))

    (request,) = vendor.requests
    assert request.headers["webhook-id"].startswith("msg_")
    assert is_taken(request)


def test_different_events_have_different_ids(vendor: Vendor) -> None:
    """Also when their parts read alike, or come from different sources."""
    hook = webhook(vendor)
    call = tracks("a b")[0].call
    requests = [
        tracks("a", "b"),
        tracks("b", "a"),
        tracks("a", "b", "c"),
        tracks("a\nweb\0b"),
        [outgoing(call, source="web")],
        [outgoing(call, source="app")],
    ]

    for request in requests:
        hook.send(request)

    assert len({request.headers["webhook-id"] for request in vendor.requests}) == len(requests)


# Bodies


def test_one_call_is_the_data(vendor: Vendor) -> None:
    """Without `batch` the body is the call, with its type and time."""
    (event,) = tracks("a")

    webhook(vendor, batch=False).send([event])

    (request,) = vendor.requests
    assert (request.path, request.headers["Content-Type"]) == ("/hook?source=us", "application/json")
    assert request.body == {"type": "track", "timestamp": "2026-03-04T10:20:30.456Z", "data": dict(event.call)}


def test_a_batch_is_a_list_of_calls(vendor: Vendor) -> None:
    """With the time of the last one."""
    (first,), (last,) = tracks("a"), tracks("b", timestamp="2026-03-04T10:20:31.000Z")

    webhook(vendor).send([first, last])

    assert vendor.requests[0].body == {
        "type": "batch",
        "timestamp": "2026-03-04T10:20:31.000Z",
        "data": [dict(first.call), dict(last.call)],
    }


# Answers


@every_answer
def test_an_answer_is_understood_as_documented(vendor: Vendor, vector: dict[str, Any]) -> None:
    """The reference answers: what becomes of the events, and how long to wait."""
    outcome = answered(vendor, webhook(vendor), vector)

    assert told(outcome, vector) == meant(vector)


@pytest.mark.parametrize(
    ("status", "alone", "together"),
    [
        (400, "retry", "split"),
        (413, "dead_letter", "split"),
        (422, "dead_letter", "split"),
        (401, "halt", "halt"),
        (403, "halt", "halt"),
        (404, "halt", "halt"),
    ],
)
def test_a_refusal_is_taken_at_its_word(vendor: Vendor, status: int, alone: str, together: str) -> None:
    """What can never succeed is buried at once; a secret or an address that is refused is ours to mend.

    A 400 is tried again, as the specification wants it, but not in company.
    """
    vendor.will_answer(status)

    assert webhook(vendor).send(tracks("a")).kind == alone
    assert webhook(vendor).send(tracks("a", "b")).kind == together
