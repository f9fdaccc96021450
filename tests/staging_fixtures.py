"""The fixtures of the staging tests: each test runs against every store."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Staging
from tests.databases import Server
from tests.fakes.clock import Clock
from tests.stores import LASTING, STORES, OpenStore

pytest_plugins = ["tests.database_fixtures"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on all stores, or on those that can be opened more than once if it does that, or on those it names."""
    named = any("store" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "store" in metafunc.fixturenames and not named:
        metafunc.parametrize("store", LASTING if "open_store" in metafunc.fixturenames else STORES)


@pytest.fixture
def store_url(store: str, tmp_path: Path, postgres_server: Server) -> Iterator[str]:
    """The address of the test's one store."""
    with STORES[store](tmp_path, postgres_server) as url:
        yield url


@pytest.fixture
def opener(store_url: str, clock: Clock) -> Iterator[OpenStore]:
    """Opens the test's one store; what is opened is closed in the end."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(open_staging(store_url, clock)))


@pytest.fixture
def open_store(opener: OpenStore) -> OpenStore:
    """Opens the test's one store, once more with each call, as another process would."""
    return opener


@pytest.fixture
def staging(opener: OpenStore) -> Staging:
    """A new store in which the destinations `vendor` and `other` have their streams."""
    staging = opener()
    staging.register(["vendor", "other"])
    return staging
