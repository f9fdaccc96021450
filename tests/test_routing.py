"""Which calls go to which destination?"""

from typing import Any

import pytest

from analytics_platform.delivery.routing import Route, is_routed
from analytics_platform.destinations.filters import Filter
from tests.outgoing import envelope

NAMES = frozenset({"warehouse", "segment", "segment.io"})


@pytest.mark.parametrize(
    ("integrations", "goes"),
    [
        pytest.param({}, True, id="nothing is said"),
        pytest.param({"All": False}, False, id="nobody gets it"),
        pytest.param({"All": True}, True, id="everybody gets it"),
        pytest.param({"warehouse": False}, False, id="all but this one"),
        pytest.param({"All": False, "warehouse": True}, True, id="this one alone"),
        pytest.param({"All": False, "mixpanel": True}, False, id="another one alone"),
        pytest.param({"mixpanel": False}, True, id="all but another one"),
        pytest.param({"All": False, "warehouse": {"sessionId": 7}}, True, id="options mean yes"),
        pytest.param({"warehouse": {}}, True, id="no options mean yes, too"),
        pytest.param({"All": False, "Warehouse": True}, True, id="whatever the case"),
        pytest.param({"All": False, "Segment.io": True}, True, id="by its type's name"),
        pytest.param({"warehouse": True, "Segment.io": False}, False, id="one of its names says no"),
    ],
)
def test_integrations_decide(integrations: dict[str, Any], goes: bool) -> None:  # noqa: FBT001  the table's column
    """A name that is listed decides, `All` decides for those that are not."""
    assert is_routed(envelope({"integrations": integrations}), NAMES) is goes


@pytest.mark.parametrize("call", [{}, {"integrations": None}, {"integrations": ["warehouse"]}, {"integrations": False}])
def test_a_call_that_says_nothing_sensible_goes_everywhere(call: dict[str, Any]) -> None:
    """Losing it would be worse."""
    assert is_routed(envelope(call), NAMES)


@pytest.mark.parametrize(
    ("integrations", "source", "goes"),
    [({}, "web", True), ({}, "app", False), ({"warehouse": False}, "web", False), ({"warehouse": True}, "app", False)],
)
def test_a_call_goes_where_both_it_and_the_configuration_let_it(
    integrations: dict[str, Any], source: str, *, goes: bool
) -> None:
    """Neither can make up for the other."""
    route = Route(NAMES, Filter(sources={"web"}))

    assert route.takes(source, envelope({"type": "track", "integrations": integrations})) is goes


@pytest.mark.parametrize(
    ("call", "goes"),
    [
        ({"type": "track", "event": "report.created"}, False),
        ({"type": "track", "event": "report.created", "integrations": {"warehouse": True}}, False),
        ({"type": "track", "event": "report.exported"}, True),
        ({"type": "identify"}, True),
        ({"type": "group"}, False),
    ],
)
def test_the_plan_may_send_events_and_traits_elsewhere(call: dict[str, Any], *, goes: bool) -> None:
    """Whatever the call says: who may have it is the owner's decision, not the sender's."""
    route = Route(NAMES, elsewhere=frozenset({"report.created", "group"}))

    assert route.takes("web", envelope(call)) is goes
