"""The fixtures of the ingest tests: APIs that start for a test and stop with it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.running_api import Api, ApiStarter


@pytest.fixture
def start_api(tmp_path: Path) -> Iterator[ApiStarter]:
    """Starts APIs that stop with the test."""
    with ExitStack() as stack:
        yield ApiStarter(tmp_path, stack)


@pytest.fixture
def api(start_api: ApiStarter) -> Api:
    """The API with one source and everything at its default."""
    return start_api()


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One API for all tests of a module that only look at answers."""
    with ExitStack() as stack:
        yield ApiStarter(tmp_path_factory.mktemp("ingest"), stack)()
