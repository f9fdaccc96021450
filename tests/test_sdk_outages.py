"""Does a real SDK lose nothing, and store nothing twice, while the store of the ingest API is down for a while?"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from analytics_platform.staging.base import StagingError
from tests.running_api import TIMEOUT, Api, ApiStarter, source, track
from tests.sdks import Sdk, rudder_node, rudder_python, segment_node, segment_python

pytest_plugins = ["tests.ingest_fixtures"]

pytestmark = pytest.mark.timeout(240)

SDKS = [
    pytest.param(segment_python("2.3.2"), id="segment-analytics-python-2.3.2"),
    pytest.param(segment_python("2.4.0"), id="segment-analytics-python-2.4.0"),  # waits for as long as Retry-After says
    pytest.param(rudder_python("2.1.9"), id="rudder-sdk-python-2.1.9"),
    pytest.param(segment_node("3.1.0"), id="segment-analytics-node-3.1.0", marks=pytest.mark.node),
    pytest.param(
        segment_node("2.1.3", "analytics-node-2.1.3"), id="segment-analytics-node-2.1.3", marks=pytest.mark.node
    ),
    pytest.param(rudder_node("3.0.13"), id="rudder-sdk-node-3.0.13", marks=pytest.mark.node),
]
CALLS = [
    {
        "type": "track",
        "userId": f"user-{number}",
        "event": "report.created",
        "properties": {"report_id": f"r-{number}"},
        "messageId": f"m-{number}",
    }
    for number in range(30)  # of which some SDKs make one batch, some two
]


def stored(api: Api) -> list[Any]:
    """The messageIds of the SDK's calls in the log, in order of their numbers."""
    found = [call["messageId"] for call in api.staging.payloads()]
    return sorted((name for name in found if name.startswith("m-")), key=lambda name: int(name[2:]))


@pytest.mark.parametrize("sdk", SDKS)
def test_an_outage_loses_nothing_and_doubles_nothing(start_api: ApiStarter, sdk: Sdk) -> None:
    """The SDK is told 503 with Retry-After, comes back by itself, and reports no error to its application."""
    api = start_api(source(write_key="demo"))
    api.staging.error = StagingError("down")

    with ThreadPoolExecutor(1) as application:
        sending = application.submit(sdk.send, api.url, CALLS)
        assert api.staging.waits.acquire(timeout=TIMEOUT)  # a batch has been refused, or is about to be
        assert stored(api) == []
        api.staging.error = None
        sending.result()

    assert stored(api) == [call["messageId"] for call in CALLS]


@pytest.mark.parametrize("sdk", SDKS)
def test_what_was_stored_while_the_answer_said_503_is_not_stored_again(start_api: ApiStarter, sdk: Sdk) -> None:
    """A disk that hangs: the API stops waiting for it, the write succeeds later, and the SDK has sent it again."""
    api = start_api(source(write_key="demo"), patience_seconds=0.2)
    api.staging.hold()

    with ThreadPoolExecutor(1) as application:
        sending = application.submit(sdk.send, api.url, CALLS)
        assert api.staging.waits.acquire(timeout=TIMEOUT)
        refused = api.post("/v1/track", track(messageId="another's"), key="demo")  # so what came before is, too
        api.staging.release()
        sending.result()

    assert refused.status_code == 503
    assert stored(api) == [call["messageId"] for call in CALLS]
