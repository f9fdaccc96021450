"""Does a real SDK, told nothing but our host and a write key, get every call to the vendor?"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from event_registry import registry
from tests.fakes.product import Product, running
from tests.fakes.vendor import Vendor
from tests.sdks import Sdk, rudder_node, rudder_python, segment_node, segment_python

pytestmark = [pytest.mark.xdist_group("product-sdks"), pytest.mark.timeout(300)]

SDKS = [
    pytest.param(segment_python("2.3.2"), id="segment-analytics-python-2.3.2"),  # takes nothing but 200 for success
    pytest.param(segment_python("2.4.0"), id="segment-analytics-python-2.4.0"),
    pytest.param(rudder_python("2.1.9"), id="rudder-sdk-python-2.1.9"),  # the same, and its bodies are gzip
    pytest.param(segment_node("3.1.0"), id="segment-analytics-node-3.1.0", marks=pytest.mark.node),
    pytest.param(
        segment_node("2.1.3", "analytics-node-2.1.3"), id="segment-analytics-node-2.1.3", marks=pytest.mark.node
    ),
    pytest.param(
        rudder_node("3.0.13"), id="rudder-sdk-node-3.0.13", marks=pytest.mark.node
    ),  # says that JSON is a form
]

USERS = 12  # so many that each SDK sends several batches

SENT_FIELDS = (
    "type",
    "messageId",
    "userId",
    "anonymousId",
    "groupId",
    "previousId",
    "event",
    "category",
    "name",
    "properties",
    "traits",
)


@dataclass(frozen=True)
class Installation:
    """The product, as it starts for everybody, with one vendor."""

    product: Product
    vendor: Vendor

    def arrived_from(self, sdk: Sdk) -> list[dict[str, Any]]:
        """What the vendor took of an SDK's calls, as often as they came."""
        library = {"name": sdk.name, "version": sdk.version}
        return [call for call in self.vendor.accepted if call["context"]["library"] == library]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The product, running, with its vendor."""
    with ExitStack() as stack:
        vendor = stack.enter_context(Vendor().listening())
        environment = {
            "ANALYTICS_ENDPOINT": vendor.url,
            "ANALYTICS_API_KEY": "vendor-key",
            "ANALYTICS_FLUSH_INTERVAL_MS": "300",
        }
        product = stack.enter_context(running(tmp_path_factory.mktemp("product"), environment))
        yield Installation(product, vendor)


@pytest.mark.parametrize("sdk", SDKS)
def test_every_call_of_a_real_sdk_arrives_once_and_unchanged(installation: Installation, sdk: Sdk) -> None:
    """All six calls, several batches: no error in the SDK, nothing rejected, quarantined, changed or doubled."""
    calls = [call for user in range(USERS) for call in calls_of(f"user-{user}")]

    sdk.send(installation.product.api, calls)
    installation.vendor.wait_for(lambda v: {call["messageId"] for call in calls} <= {*v.accepted_ids})

    arrived = [as_sent(call) for call in installation.arrived_from(sdk)]
    assert in_order(arrived) == in_order(calls)


def calls_of(user_id: str) -> list[dict[str, Any]]:
    """What a user's session may bring: each of the six calls, and each event of the plan."""
    plan = registry.default()
    traits = {call: dict(definition.definition.example) for call, definition in plan.traits.items()}
    user, visitor = {"userId": user_id}, {"anonymousId": f"visitor-of-{user_id}"}
    calls: list[dict[str, Any]] = [
        # @segment/analytics-node copies a page's category into its properties, so this one has none.
        {"type": "page", **visitor, "name": "Pricing", "properties": {"path": "/pricing"}},
        {"type": "alias", **user, "previousId": f"lead-{user_id}"},
        {"type": "identify", **user, **visitor, "traits": traits["identify"]},
        {"type": "group", **user, "groupId": "acc_1", "traits": traits["group"]},
        {"type": "screen", **user, "category": "Reports", "name": "Editor", "properties": {"width": 390}},
        *(
            {"type": "track", **user, "event": name, "properties": dict(event.definition.example)}
            for name, event in plan.events.items()
        ),
    ]
    return [{"messageId": str(uuid4()), **call} for call in calls]


def as_sent(call: dict[str, Any]) -> dict[str, Any]:
    """A call without what the SDK and the server add to it."""
    return {name: call[name] for name in SENT_FIELDS if name in call}


def in_order(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calls by messageId; SDKs have several batches in flight."""
    return sorted(calls, key=lambda call: str(call["messageId"]))
