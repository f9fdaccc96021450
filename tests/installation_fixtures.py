"""The fixtures of the Dagster tests."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from tests.fakes.vendor import Vendor
from tests.installation import Installation


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Two destinations at a vendor that listens."""
    with Vendor().listening() as vendor:
        yield Installation(tmp_path, vendor, monkeypatch)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster that remembers as long as the test."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance
