"""What happens to a confirmation while the store is away?"""

import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from analytics_platform.delivery.settling import PATIENCE_SECONDS, settle_surely
from analytics_platform.staging.base import LeaseLost, StagingError
from tests.simulation import Simulation


@pytest.fixture
def simulation(tmp_path: Path) -> Simulation:
    """A store and a destination, with time that passes when somebody waits."""
    return Simulation(tmp_path)


def test_what_a_vendor_has_confirmed_is_not_sent_again_because_the_store_was_locked(
    simulation: Simulation, tmp_path: Path
) -> None:
    """Confirmed is not sent again: the settling is repeated, the sending is not."""
    other = sqlite3.connect(tmp_path / "staging.db", isolation_level=None)
    simulation.accept("a", "b")

    def lock(_: list[str]) -> None:
        other.execute("BEGIN IMMEDIATE")

    simulation.vendor.will(lock)
    simulation.after(5.5, other.commit)  # after the flush interval, while the run waits for the store

    simulation.drain()

    assert Counter(simulation.vendor.delivered) == {"a": 1, "b": 1}
    assert len(simulation.vendor.requests) == 1
    assert simulation.staging.counts("vendor").delivered == 2


def test_a_store_that_stays_away_is_an_error_in_the_end(simulation: Simulation) -> None:
    """A run does not wait for ever, and says what it waited for."""

    def write() -> None:
        raise StagingError("away")

    with pytest.raises(StagingError, match="away"):
        settle_surely(write, simulation.surroundings())

    assert simulation.elapsed == PATIENCE_SECONDS


def test_a_lost_lease_is_not_waited_for(simulation: Simulation) -> None:
    """Another run has the stream: there is nothing left to write."""

    def write() -> None:
        raise LeaseLost("another run")

    with pytest.raises(LeaseLost):
        settle_surely(write, simulation.surroundings())

    assert simulation.elapsed == 0
