"""The fixtures of the destination tests."""

from collections.abc import Iterator

import pytest

from tests.fakes.vendor import Vendor


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A vendor that listens."""
    with Vendor().listening() as vendor:
        yield vendor
