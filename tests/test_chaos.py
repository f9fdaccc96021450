"""Would `make chaos` notice a promise that is broken?"""

import random

from tests.chaos.clients import POISON
from tests.chaos.ledger import Arrival, Sent, compare
from tests.chaos.moods import REPLIES, WAITS, Moody
from tests.fakes.vendor import Received

ANN = [Sent(f"ann-{place}", "ann", place) for place in (1, 2, 3)]
BOB = [Sent("bob-1", "bob", 1)]


def dice() -> random.Random:
    """The same chance each time."""
    return random.Random(7)  # noqa: S311 - any numbers will do


def arrivals(*message_ids: str) -> list[Arrival]:
    """The events, each with the content that it always has."""
    return [Arrival(each, f"content of {each}") for each in message_ids]


def test_what_arrived_once_and_in_order_is_clean() -> None:
    """Users do not wait for each other, and who is buried has not to arrive."""
    found = compare([*ANN, *BOB], arrivals("ann-1", "bob-1", "ann-3"), {"ann-2"})

    assert found.is_clean
    assert (found.arrived, found.buried, found.repeated) == (3, 1, 0)


def test_what_was_acknowledged_and_is_nowhere_is_lost() -> None:
    """The one promise of all."""
    found = compare(ANN, arrivals("ann-1", "ann-3"), set())

    assert found.lost == {"ann-2"}
    assert not found.is_clean


def test_a_repetition_is_counted_and_is_no_overtaking() -> None:
    """An answer that got lost: the vendor knows the event by its messageId."""
    found = compare(ANN, arrivals("ann-1", "ann-2", "ann-1", "ann-2", "ann-3"), set())

    assert found.is_clean
    assert found.repeated == 2


def test_a_repetition_with_other_contents_is_altered() -> None:
    """The vendor would count it twice, or keep either."""
    found = compare(ANN[:1], [Arrival("ann-1", "one"), Arrival("ann-1", "another")], set())

    assert found.altered == {"ann-1"}
    assert not found.is_clean


def test_an_event_after_a_later_one_of_its_user_is_overtaken() -> None:
    """By when each came first."""
    found = compare(ANN, arrivals("ann-1", "ann-3", "ann-2"), set())

    assert found.overtaken == {"ann-2"}
    assert not found.is_clean


def test_a_moody_vendor_fails_in_every_way_and_takes_most() -> None:
    """Some answers are slow, a few never come."""
    waits: list[float] = []
    moody = Moody(dice(), waits.append)
    asked = Received("/v1/batch", {}, b"{}", 0)

    replies = [moody(asked) for _ in range(1000)]

    assert all(reply in replies for reply in REPLIES.values())
    assert replies.count(None) > 850
    assert {*waits} == {0, *WAITS.values()}


def test_a_calm_vendor_refuses_poison_alone() -> None:
    """So that at the end everything else arrives."""
    moody = Moody(dice())
    moody.is_calm = True

    assert moody(Received("/v1/batch", {}, b"{}", 0)) is None
    refused = moody(Received("/v1/batch", {}, POISON.encode(), 0))
    assert refused is not None
    assert refused.status == 400
