"""The fixtures of the staging tests: each test runs against every store."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from analytics_platform.staging.base import Staging
from tests.fakes.clock import Clock
from tests.stores import STORES, OpenStore


@pytest.fixture(params=STORES)
def open_store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[OpenStore]:
    """Opens the test's one store, once more with each call, as another process would."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(STORES[request.param](tmp_path, clock)))


@pytest.fixture
def staging(open_store: OpenStore) -> Staging:
    """A new store in which the destinations `vendor` and `other` have their streams."""
    staging = open_store()
    staging.register(["vendor", "other"])
    return staging
