"""The fixture of the snapshot tests: an application to take snapshots of."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.application import Application


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    """An application with two accounts."""
    application = Application(tmp_path)
    application.has(("acme", "team", 3, 87.0), ("globex", "business", 2, 98.0))
    with closing(application.staging()):
        yield application
