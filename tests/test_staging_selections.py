"""Which dead letters are found, selected for a replay, and given up?

A part of the suite that every staging store must pass.
"""

from typing import Any

import pytest

from analytics_platform.staging.base import Burial, Counts, Dead, Entry, Settlement, Staging, replay
from tests.fakes.clock import Clock
from tests.stores import take

pytest_plugins = ["tests.staging_fixtures"]

CALLS = {
    "a": '{"type": "track", "event": "report.created", "userId": "u1"}',
    "b": '{"type": "track", "event": "report.deleted", "userId": "u2"}',
    "c": '{"type": "identify", "anonymousId": "u1"}',
}
REASONS = {"a": "HTTP 400", "b": "HTTP 400", "c": "HTTP 413"}


@pytest.fixture
def since(staging: Staging, clock: Clock) -> float:
    """When the third letter was buried, an hour after the others, and of another destination too."""
    staging.append([Entry("web", name, clock(), payload) for name, payload in CALLS.items()])
    a, b, c = staging.pending("vendor", 10)
    _bury(staging, "vendor", "run-1", a, b)
    clock.advance(3600)
    _bury(staging, "vendor", "run-2", c)
    _bury(staging, "other", "run-3", c)
    return clock()


def _bury(staging: Staging, destination: str, run_id: str, *events: Any) -> None:
    lease = take(staging, run_id, destination)
    burials = [Burial(event, REASONS[event.message_id], "words") for event in events]
    staging.settle(lease, Settlement(dead=burials))
    staging.end_run(run_id, "buried")


def found(staging: Staging, wanted: Dead) -> list[tuple[str, str]]:
    """The letters, by destination and messageId."""
    return [(letter.destination, letter.event.message_id) for letter in staging.dead_letters(wanted, 0, 100)]


@pytest.mark.usefixtures("since")
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Dead(), ["a", "b", "c", "c"]),
        (Dead(destination="vendor"), ["a", "b", "c"]),
        (Dead(event="report.created"), ["a"]),
        (Dead(event="identify", destination="other"), ["c"]),
        (Dead(user="u1"), ["a", "c", "c"]),
        (Dead(reason="http 4"), ["a", "b", "c", "c"]),
        (Dead(reason="413", user="u2"), []),
        (Dead(ids=[1, 3]), ["a", "c"]),
        (Dead(ids=[]), []),
    ],
)
def test_letters_are_found_by_all_that_is_said_of_them(staging: Staging, wanted: Dead, expected: list[str]) -> None:
    """By destination, event, user, reason and id, in the order in which they were buried."""
    assert [name for _, name in found(staging, wanted)] == expected
    assert sum(staging.count_dead_letters(wanted).values()) == len(expected)


def test_letters_are_found_by_when_they_were_buried(staging: Staging, since: float) -> None:
    """From one moment on, and up to another."""
    assert found(staging, Dead(since=since, destination="vendor")) == [("vendor", "c")]
    assert found(staging, Dead(until=since)) == [("vendor", "a"), ("vendor", "b")]


@pytest.mark.usefixtures("since")
def test_letters_are_counted_by_destination_and_reason(staging: Staging) -> None:
    """What a person wants to know first."""
    assert staging.count_dead_letters(Dead()) == {
        ("vendor", "HTTP 400"): 2,
        ("vendor", "HTTP 413"): 1,
        ("other", "HTTP 413"): 1,
    }


@pytest.mark.usefixtures("since")
def test_letters_are_read_on_from_the_last_id(staging: Staging) -> None:
    """However many there are."""
    (first,) = staging.dead_letters(Dead(), 0, 1)

    assert [letter.id for letter in staging.dead_letters(Dead(), first.id, 2)] == [first.id + 1, first.id + 2]


@pytest.mark.usefixtures("since")
def test_a_selection_is_replayed_as_if_it_were_a_run(staging: Staging) -> None:
    """Whichever run buried its letters, or has been forgotten since; the newest selection of a letter counts."""
    earlier = staging.select_letters(Dead(destination="vendor"), "selection-1")
    later = staging.select_letters(Dead(destination="vendor", event="report.created"), "selection-2")

    assert (earlier, later) == (3, 1)
    assert [each.event.message_id for each in staging.open_letters("vendor", ["selection-1"], 0, 9)] == ["b", "c"]
    assert [each.event.message_id for each in staging.open_letters("vendor", ["selection-2"], 0, 9)] == ["a"]
    assert staging.count_open_letters("vendor", ["selection-1", "run-1"]) == 3
    assert staging.count_open_letters("other", ["selection-1"]) == 0


@pytest.mark.usefixtures("since")
def test_what_is_discarded_is_found_no_more(staging: Staging) -> None:
    """No replay delivers it; what was delivered or discarded before is left alone."""
    discarded = staging.discard_letters(Dead(destination="vendor", reason="400"))

    assert discarded == 2
    assert staging.discard_letters(Dead(destination="vendor", reason="400")) == 0
    assert staging.count_open_letters("vendor", ["run-1"]) == 0
    assert staging.counts("vendor") == Counts(delivered=0, skipped=0, pending=0, dead=1)


@pytest.mark.usefixtures("since")
def test_what_a_replay_has_delivered_is_in_no_selection(staging: Staging) -> None:
    """It is dead no more."""
    staging.select_letters(Dead(destination="vendor"), "selection")
    letter = staging.open_letters("vendor", ["selection"], 0, 1)[0]
    staging.start_run("replay", "vendor")
    lease = staging.acquire(replay("vendor"), "replay")
    assert lease is not None

    staging.settle_letters(lease, Settlement(delivered=[letter.event]))

    assert staging.count_open_letters("vendor", ["selection"]) == 2
    assert staging.select_letters(Dead(ids=[letter.id]), "again") == 0
