"""What does Jitsu get that Segment does not?"""

from base64 import b64encode

import pytest

from analytics_platform.destinations.jitsu import Jitsu
from tests.fakes.vendor import Vendor
from tests.outgoing import terms, tracks

pytest_plugins = ["tests.destination_fixtures"]

KEY = "key-id:key-secret"


@pytest.mark.parametrize("written", ["", "/v1"])
def test_a_batch_goes_to_the_path_of_segments_sdks(vendor: Vendor, written: str) -> None:
    """With the key as they write it: the colon at its end stands for an empty password."""
    Jitsu(terms(f"{vendor.url}{written}", KEY)).send(tracks("a", "b"))

    (request,) = vendor.requests
    assert (request.path, request.message_ids) == ("/v1/batch", ["a", "b"])
    assert request.headers["Authorization"] == f"Basic {b64encode(f'{KEY}:'.encode()).decode()}"


@pytest.mark.parametrize("kind", ["track", "identify", "page", "group"])
def test_single_calls_go_to_jitsus_own_path(vendor: Vendor, kind: str) -> None:
    """One for each type, with a header for the key."""
    Jitsu(terms(vendor.url, KEY, batch=False)).send(tracks("a", type=kind))

    (request,) = vendor.requests
    assert (request.path, request.headers["X-Write-Key"]) == (f"/api/s/s2s/{kind}", KEY)
    assert "Authorization" not in request.headers


def test_an_echoed_key_is_masked(vendor: Vendor) -> None:
    """Also where it stood in a header of Jitsu's own."""
    vendor.will_answer(400, f"{KEY} is no key")

    assert Jitsu(terms(vendor.url, KEY, batch=False)).send(tracks("a")).answer == "<API_KEY> is no key"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, "delivered"), (400, "split"), (401, "halt"), (404, "halt"), (413, "split"), (500, "retry")],
)
def test_the_status_decides(vendor: Vendor, status: int, kind: str) -> None:
    """What the bodies say is not documented."""
    vendor.will_answer(status)

    assert Jitsu(terms(vendor.url, KEY)).send(tracks("a", "b")).kind == kind
