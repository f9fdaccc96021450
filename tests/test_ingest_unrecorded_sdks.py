"""Does the API take what SDKs send that nobody could record: those for phones, for Java, for Go?

The requests are made after the SDKs' sources; what is odd about each stands beside it.
"""

import gzip
import json
from typing import Any

import pytest

from tests.running_api import KEY, Api, basic, typed

pytest_plugins = ["tests.ingest_fixtures"]

SENT_AT = "2025-12-31T23:00:00.000Z"  # by a clock that is an hour behind
HAPPENED = "2025-12-31T22:59:50.000Z"
AUTHORIZED = {"Authorization": basic(KEY)}
GZIP = {"Content-Encoding": "gzip"}
JSON = {"Content-Type": "application/json; charset=utf-8"}
LIBRARY = {"library": {"name": "an SDK", "version": "1.0"}}


def call(**fields: object) -> dict[str, Any]:
    """What each of them sends somehow: an event, its time, and the SDK's name; fields that are given win."""
    return typed(**{"messageId": "m-1", "timestamp": HAPPENED, "context": LIBRARY, **fields})


@pytest.mark.parametrize(
    ("path", "headers", "body", "chunked"),
    [
        pytest.param(
            "/v1/b",
            {"Content-Type": "text/plain", **GZIP},
            {"batch": [call()], "sentAt": SENT_AT, "writeKey": KEY},
            True,
            id="kotlin",  # gzip in chunks, as text, the key in the body only
        ),
        pytest.param(
            "/v1/b", JSON, {"batch": [call(userId="user-1")], "sentAt": SENT_AT, "writeKey": KEY}, False, id="swift"
        ),
        pytest.param(
            "/v1/import/",
            {**JSON, **AUTHORIZED},
            {"batch": [call(context={})], "sentAt": SENT_AT, "context": LIBRARY, "sequence": 7, "writeKey": KEY},
            False,
            id="java",  # with a slash, the context beside the batch
        ),
        pytest.param(
            "/v1/batch",
            {**JSON, **AUTHORIZED},
            {"batch": [call(context=None)], "sentAt": SENT_AT, "context": LIBRARY, "messageId": "of-the-batch"},
            False,
            id="go",  # the context beside the batch, which has a messageId of its own
        ),
        pytest.param(
            "/v1/batch",
            {**JSON, **AUTHORIZED, **GZIP, "RS-targetNode": "0", "RS-nodeCount": "1", "RS-userAgent": "serverSDK"},
            {"batch": [call(sentAt=SENT_AT)]},
            False,
            id="rudderstack-go-and-ruby",  # sentAt in the message only
        ),
        pytest.param(
            "/v1/batch",
            {**JSON, **AUTHORIZED, **GZIP, "AnonymousId": "dmlzaXRvcg=="},
            {
                "sentAt": SENT_AT,
                "batch": [call(timestamp=None, originalTimestamp=HAPPENED, channel="mobile", sentAt=SENT_AT)],
            },
            True,
            id="rudderstack-android-and-ios",  # no timestamp but originalTimestamp
        ),
        pytest.param(
            "/v1/batch",
            {**JSON, **AUTHORIZED},
            {
                "sentAt": SENT_AT,
                "batch": [call(timestamp=None, originalTimestamp=HAPPENED, channel="web")],
            },
            False,
            id="rudderstack-browser-in-batches",
        ),
    ],
)
def test_what_an_sdk_sends_is_stored(
    api: Api, path: str, headers: dict[str, str], body: dict[str, Any], *, chunked: bool
) -> None:
    """Once, with the SDK's name, and with its time corrected by how far its clock is behind."""
    data = json.dumps(body).encode()
    data = gzip.compress(data) if "Content-Encoding" in headers else data

    answer = api.post(path, data=iter([data[:9], data[9:]]) if chunked else data, headers=headers, key=None)

    assert (answer.status_code, answer.json()["accepted"], answer.json()["success"]) == (200, 1, True)
    [stored] = api.staging.payloads()
    assert (stored["messageId"], stored["context"]["library"]) == ("m-1", LIBRARY["library"])
    assert (stored["timestamp"], stored["originalTimestamp"]) == ("2025-12-31T23:59:50.000Z", HAPPENED)
    assert KEY not in str(stored)
