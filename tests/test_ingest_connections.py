"""What may all connections of a process hold together?"""

import pytest

from ingest_api.connections import Connections
from ingest_api.limits import Limits


@pytest.fixture
def connections() -> Connections:
    """Those of a process with eight places and room for a thousand bytes."""
    return Connections(Limits(connections=8, bodies_bytes=1000))


def test_one_address_may_have_half_of_the_places(connections: Connections) -> None:
    """So that one client cannot lock out the others."""
    first = [connections.admit("192.0.2.1") for _ in range(5)]
    other = connections.admit("192.0.2.2")

    assert first == [True, True, True, True, False]
    assert other


def test_all_addresses_together_may_have_all_places(connections: Connections) -> None:
    """And not one more."""
    admitted = [connections.admit(f"192.0.2.{n}") for n in range(9)]

    assert admitted == [True] * 8 + [False]


def test_a_place_is_free_again_after_its_connection(connections: Connections) -> None:
    """Also that of one which was not admitted: it is counted until it has closed."""
    for _ in range(5):
        connections.admit("192.0.2.1")

    connections.dismiss("192.0.2.1")
    still_one_too_many = connections.admit("192.0.2.1")
    connections.dismiss("192.0.2.1")
    connections.dismiss("192.0.2.1")
    room_again = connections.admit("192.0.2.1")

    assert (still_one_too_many, room_again) == (False, True)


def test_it_is_crowded_when_a_quarter_of_the_places_is_left(connections: Connections) -> None:
    """Then nobody keeps a place for later."""
    for n in range(6):
        connections.admit(f"192.0.2.{n}")
    before = connections.is_crowded()
    connections.admit("192.0.2.9")

    assert (before, connections.is_crowded()) == (False, True)


def test_bodies_may_be_so_large_together(connections: Connections) -> None:
    """Bytes that are released can be held again."""
    held = [connections.hold(600), connections.hold(600)]
    connections.release(600)

    assert [*held, connections.hold(400)] == [True, False, True]
