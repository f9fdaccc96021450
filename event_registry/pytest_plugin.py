"""The pytest plugin for applications: fixtures that record what they send.

`recorded_calls.analytics` goes where the application has its SDK, or into `client` of the generated `Analytics`;
`recording_host` is the host for what posts by itself, in this process or another.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest loads every plugin at its start: what costs time waits for the tests that use it
    from event_registry.recorded import Recorded
    from event_registry.registry import Registry


@pytest.fixture(scope="session")
def tracking_plan() -> "Registry":
    """The plan that calls are held against; a project with another one overrides this fixture."""
    from event_registry.registry import default

    return default()


@pytest.fixture
def recorded_calls(tracking_plan: "Registry") -> "Recorded":
    """What the test's code has sent, to be held against the plan."""
    from event_registry.recorded import Recorded

    return Recorded(tracking_plan)


@pytest.fixture
def recording_host(recorded_calls: "Recorded") -> Iterator[str]:
    """The URL of a host that records what is posted to it in `recorded_calls`, and takes any write key."""
    from event_registry.recording import listening

    with listening(recorded_calls.add) as url:
        yield url
