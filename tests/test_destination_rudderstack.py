"""What does RudderStack get that Segment does not?"""

from base64 import b64encode

import pytest

from analytics_platform.destinations.rudderstack import MAX_BYTES, RudderStack
from tests.fakes.vendor import Vendor
from tests.outgoing import terms, tracks
from tests.reference import SEND_TIME

pytest_plugins = ["tests.destination_fixtures"]


@pytest.mark.parametrize("written", ["", "/v1"])
def test_a_batch_goes_to_the_data_plane(vendor: Vendor, written: str) -> None:
    """Whether or not its address was copied with the version; the key is in the header alone."""
    RudderStack(terms(f"{vendor.url}{written}", "key")).send(tracks("a", integrations={}))

    (request,) = vendor.requests
    assert (request.path, request.headers["Authorization"]) == ("/v1/batch", f"Basic {b64encode(b'key:').decode()}")
    assert request.body == {
        "batch": [
            {
                "channel": "server",
                "type": "track",
                "messageId": "a",
                "userId": "user-1",
                "event": "report.created",
                "timestamp": "2026-03-04T10:20:30.456Z",
            }
        ],
        "sentAt": SEND_TIME,
    }


def test_a_batch_may_be_larger_than_segments(vendor: Vendor) -> None:
    """The gateway takes 4 MB."""
    events = tracks(*(f"m-{number}" for number in range(90)), properties={"text": "x" * 30_000})

    (request,) = RudderStack(terms(vendor.url)).cut(events)

    assert len(request) == 90
    assert MAX_BYTES < 4_000_000


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (200, "OK", "delivered"),
        (400, "Request neither has anonymousId nor userId", "split"),
        (400, "Event is not a valid rudder event", "split"),
        (401, "Invalid Write Key", "halt"),
        (404, "Source is disabled", "halt"),
        (413, "Request size exceeds max limit", "split"),
        (429, "Max Requests Limit reached", "retry"),
        (410, "", "split"),
        (502, "", "retry"),
    ],
)
def test_an_answer_is_understood_as_documented(vendor: Vendor, status: int, text: str, kind: str) -> None:
    """Errors are plain text, and the status says it all."""
    vendor.will_answer(status, text)

    assert RudderStack(terms(vendor.url)).send(tracks("a", "b")).kind == kind


def test_an_invalid_event_alone_is_buried(vendor: Vendor) -> None:
    """The gateway refuses a whole request for one, so it is found by halving."""
    vendor.will_answer(400, "Event is not a valid rudder event")

    assert RudderStack(terms(vendor.url)).send(tracks("a")).kind == "dead_letter"
