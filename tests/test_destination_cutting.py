"""Is a flush cut into requests that the vendor takes, with each user's calls in order?"""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.destinations.base import Limits, Outgoing, cut, cut_by_place
from tests.outgoing import outgoing, tracks


def cut_sizes(events: Sequence[Outgoing], max_events: int, max_bytes: int) -> list[int]:
    """How many events each request has."""
    return [len(request) for request in cut(events, max_events, max_bytes)]


def test_requests_are_cut_by_bytes() -> None:
    """Characters beyond ASCII count as the bytes that they are on the line."""
    latin, japanese = tracks(*"abcd", name="x" * 300), tracks(*"abcd", name="日" * 100)
    size = len(latin[0].event.payload)

    assert cut_sizes(latin, 10, 2 * size) == [2, 2]
    assert cut_sizes(japanese, 10, 2 * size) == [2, 2]
    assert cut_sizes(latin, 10, 2 * size - 1) == [1, 1, 1, 1]


def test_a_giant_goes_alone() -> None:
    """An event that is larger than any request may be is the vendor's to refuse, and its neighbours are not."""
    small, giant, last = *tracks("a"), *tracks("b", name="x" * 1000), *tracks("c")

    assert cut_sizes([small, giant, last], 10, 500) == [1, 1, 1]


def test_users_do_not_cut_each_others_requests() -> None:
    """A vendor with several endpoints gets few requests, and each user's calls in order."""
    kinds = {"ada": ["track", "identify", "track"], "ben": ["identify", "track", "track"]}
    events = [
        outgoing({"messageId": f"{user}-{n}", "userId": user, "type": kinds[user][n]}, seq)
        for seq, (n, user) in enumerate([(0, "ada"), (0, "ben"), (1, "ben"), (1, "ada"), (2, "ada"), (2, "ben")], 1)
    ]

    requests = list(
        cut_by_place(events, lambda call: call["type"], dict.fromkeys(("track", "identify"), Limits(9, 9999)))
    )

    assert [[each.event.message_id for each in request] for request in requests] == [
        ["ada-0"],
        ["ben-0", "ada-1"],
        ["ben-1", "ada-2", "ben-2"],
    ]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", "z"])), max_size=30))
def test_each_users_calls_stay_in_order(calls: list[tuple[str, str]]) -> None:
    """Whatever the calls: nothing is lost, no request has two places, and no user's calls change places."""
    events = [
        outgoing({"messageId": str(seq), "userId": user, "type": kind}, seq) for seq, (user, kind) in enumerate(calls)
    ]

    requests = list(cut_by_place(events, lambda call: call["type"], dict.fromkeys("xyz", Limits(3, 9999))))

    sent = [each for request in requests for each in request]
    assert sorted(each.event.seq for each in sent) == [*range(len(calls))]
    assert all(len({each.call["type"] for each in request}) == 1 for request in requests)
    assert all(
        [each.event.seq for each in sent if each.call["userId"] == user]
        == sorted(each.event.seq for each in sent if each.call["userId"] == user)
        for user in "abc"
    )
