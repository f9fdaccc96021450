"""Do one user's calls stay in order, however many lanes there are?"""

import json
from collections.abc import Mapping
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.delivery.lanes import pieces, probes, spread, whole
from analytics_platform.destinations.base import Outgoing, opened, user_of
from analytics_platform.staging.base import Event

IDS = st.sampled_from([None, "", "a", "b", "c", "d"])
CALLS = st.fixed_dictionaries({}, optional={"anonymousId": IDS, "userId": IDS, "groupId": IDS})


def outgoing(seq: int, source: str, call: Mapping[str, object]) -> Outgoing:
    """An event of a source."""
    return opened(Event(seq, source, f"e{seq}", 0.0, json.dumps(call)))


EVENTS = st.lists(st.tuples(st.sampled_from(["web", "app"]), CALLS), max_size=40).map(
    lambda drawn: [outgoing(seq, *each) for seq, each in enumerate(drawn, 1)]
)
LANES = st.integers(min_value=1, max_value=8)


@given(EVENTS, LANES)
def test_every_event_is_in_exactly_one_lane(events: list[Outgoing], lanes: int) -> None:
    """Nothing is lost and nothing is sent twice, in at most as many lanes as asked for."""
    spread_out = spread(events, lanes)

    assert sorted(each.event.seq for each in chain(*spread_out)) == [each.event.seq for each in events]
    assert len(spread_out) <= lanes
    assert all(spread_out)


@given(EVENTS, LANES)
def test_one_users_events_are_in_one_lane_in_order(events: list[Outgoing], lanes: int) -> None:
    """Promise 4: the calls of one user arrive in the order in which they were accepted."""
    spread_out = spread(events, lanes)

    users = [{user_of(each) for each in lane} for lane in spread_out]
    assert sum(len(users_of_lane) for users_of_lane in users) == len({user_of(each) for each in events})
    assert all([each.event.seq for each in lane] == sorted(each.event.seq for each in lane) for lane in spread_out)


@given(st.integers(min_value=1, max_value=60), LANES)
def test_lanes_are_about_equally_long(count: int, lanes: int) -> None:
    """So that they end at about the same time; here nobody has more than one event."""
    events = [outgoing(seq, "web", {"userId": f"user-{seq}"}) for seq in range(count)]

    lengths = [len(lane) for lane in spread(events, lanes)]

    assert max(lengths) - min(lengths) <= 1


def test_a_browsers_calls_before_and_after_identify_are_one_users() -> None:
    """They share the anonymousId; the userId comes later."""
    before = outgoing(1, "web", {"anonymousId": "a"})
    after = outgoing(2, "web", {"anonymousId": "a", "userId": "u"})

    assert user_of(before) == user_of(after)


def test_the_same_id_from_two_sources_may_be_two_users() -> None:
    """Each source counts its users by itself."""
    assert user_of(outgoing(1, "web", {"userId": "7"})) != user_of(outgoing(2, "app", {"userId": "7"}))


def test_a_group_call_without_a_user_is_its_groups() -> None:
    """A snapshot's calls about one account stay in order, those about two need not wait for each other."""
    calls = [outgoing(seq, "web", {"groupId": group, "userId": None}) for seq, group in enumerate(["g1", "g2", "g1"])]

    assert user_of(calls[0]) == user_of(calls[2]) != user_of(calls[1])


@given(EVENTS, st.integers(min_value=1, max_value=5))
def test_a_probe_is_its_users_first_event(events: list[Outgoing], users: int) -> None:
    """Anything else would overtake it."""
    firsts = {user_of(each): each.event.seq for each in reversed(events)}

    chosen = probes(events, users)

    assert [each.event.seq for each in chosen] == sorted({firsts[user_of(each)] for each in chosen})
    assert len(chosen) == min(users, len(firsts))
    assert [each.event.seq for each in chosen[:1]] == [each.event.seq for each in events[:1]]


def test_probes_are_not_neighbours() -> None:
    """The first ones alone could all be of the kind that the vendor cannot digest."""
    events = [outgoing(seq, "web", {"userId": f"user-{seq}"}) for seq in range(1, 52)]

    assert [each.event.seq for each in probes(events, 3)] == [1, 26, 51]


@given(EVENTS, st.integers(min_value=1, max_value=50))
def test_pieces_are_the_lane_in_order(events: list[Outgoing], size: int) -> None:
    """At most so many events each, none left out."""
    cut = [*pieces(events, size)]

    assert [*chain(*cut)] == events
    assert all(len(piece) <= size for piece in cut)


@given(st.lists(st.integers(min_value=1, max_value=30), max_size=6), st.integers(min_value=1, max_value=9))
def test_whole_requests_are_the_beginning_of_each_lane(lengths: list[int], size: int) -> None:
    """What is left over is less than a request, and the end of its lane, so that no user's later call overtakes it."""
    lanes = [[outgoing(seq, "web", {"userId": "u"}) for seq in range(length)] for length in lengths]

    kept = whole(lanes, size)

    assert all(short == lane[: len(short)] for short, lane in zip(kept, lanes, strict=True))
    assert [len(short) for short in kept] == [length - length % size or length for length in lengths]
