"""Which events may go out side by side: one user's calls never do."""

from collections.abc import Iterable, Iterator, Sequence

from analytics_platform.destinations.base import Outgoing, User, user_of


def spread(events: Sequence[Outgoing], lanes: int) -> list[list[Outgoing]]:
    """At most so many lanes of about equal length, each user's events in one of them, in order."""
    if lanes == 1:  # whoever they are of
        return [[*events]] if events else []
    by_user: dict[User, list[Outgoing]] = {}
    for outgoing in events:
        by_user.setdefault(user_of(outgoing), []).append(outgoing)
    spread_out: list[list[Outgoing]] = [[] for _ in range(min(lanes, len(by_user)))]
    for calls in sorted(by_user.values(), key=len, reverse=True):
        min(spread_out, key=len).extend(calls)
    return [sorted(lane, key=lambda outgoing: outgoing.event.seq) for lane in spread_out]


def probes(events: Sequence[Outgoing], users: int) -> list[Outgoing]:
    """The first event of each of so many users, who are chosen from the oldest to the newest.

    Probes of neighbours alone could all be events that a vendor cannot digest, which then looked as if it were down.
    """
    firsts: dict[User, Outgoing] = {}
    for outgoing in events:
        firsts.setdefault(user_of(outgoing), outgoing)
    found = list(firsts.values())
    if len(found) <= users:
        return found
    return [found[number * (len(found) - 1) // max(users - 1, 1)] for number in range(users)]


def whole(lanes: Iterable[Sequence[Outgoing]], size: int) -> list[Sequence[Outgoing]]:
    """The lanes up to their last full request; one that fills none stays as it is."""
    return [lane[: len(lane) // size * size] or lane for lane in lanes]


def pieces(lane: Sequence[Outgoing], size: int) -> Iterator[Sequence[Outgoing]]:
    """The lane in pieces of at most so many events."""
    for start in range(0, len(lane), size):
        yield lane[start : start + size]
