"""The fixtures of the delivery tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation import Simulation


@pytest.fixture
def simulation(tmp_path: Path) -> Iterator[Simulation]:
    """A destination with nothing pending, and time that passes when somebody waits."""
    simulation = Simulation(tmp_path)
    yield simulation
    simulation.staging.close()
