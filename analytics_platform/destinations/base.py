"""The interface of a destination: what it is given, and the six outcomes it may answer with."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from analytics_platform.destinations.envelope import Envelope, open_envelope
from analytics_platform.staging.base import Event

Call = Mapping[str, Any]
"""A call as Segment's spec names it, decoded."""

Kind = Literal["delivered", "retry", "retry_after", "split", "dead_letter", "halt"]
"""What one answer means:

delivered    everything in the request is stored
retry        nothing is certain, the same again later
retry_after  the same, not before `wait` seconds have passed; with `throttled`, the others again at once
split        the request is too big, or one bad event hides in it: send both halves
dead_letter  the events in `rejected` can never succeed; `remainder` says what became of the others
halt         our key, our address or our configuration is wrong: send nothing, bury nothing
"""


class Outgoing(msgspec.Struct, eq=False, gc=False):
    """An event on its way out, with its call decoded once, as far as somebody asks."""

    event: Event
    envelope: Envelope
    size: int  # bytes of the stored payload
    _call: Call | None = None

    @property
    def call(self) -> Call:
        """The whole call, for an adapter that makes something else of it."""
        if self._call is None:
            self._call = msgspec.json.decode(self.event.payload, type=dict)
        return self._call


def opened(event: Event) -> Outgoing:
    """The event with its envelope; raises msgspec.DecodeError when its payload is not a JSON object."""
    return Outgoing(event, open_envelope(event.payload), len(event.payload.encode()))


User = tuple[str, str]
"""A source, and an id of its own: the same id from two sources may be two people."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one request came to."""

    kind: Kind
    reason: str = ""  # without event contents or keys, such as `HTTP 503`
    answer: str | None = None  # the vendor's words, keys removed; never shown in Dagster
    wait: float | None = None  # seconds, with retry_after; with dead_letter, for those in `throttled`
    rejected: Mapping[int, str] = field(default_factory=dict)  # index in the request: reason, with dead_letter
    remainder: Literal["delivered", "resend"] = "resend"  # of the events that were not rejected, with dead_letter
    throttled: Collection[int] = ()  # indexes of the events whose users alone must wait; none: all must
    is_too_fast: bool = False  # the vendor is well and wants less (429): slow down, with `retry` and `retry_after`


DELIVERED = Outcome("delivered")
DELIVERED_TO_A_PAGE = Outcome("delivered", "a web page")
"""The status says yes, and the body is one for people: nothing is sent again, but the host may be the wrong one."""


class Destination(Protocol):
    """A vendor endpoint: what goes into one request, and what its answer means."""

    def cut(self, events: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
        """Cut events into what the vendor takes in one request each; each user's events stay in order."""

    def send(self, request: Sequence[Outgoing]) -> Outcome:
        """Send one request; every answer, and every failure to get one, is an outcome.

        What is sent is made of the stored event alone, so that each attempt bears the same dedupe keys.
        """


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may hold."""

    events: int
    bytes: int  # of the stored payloads, which is about what the request has


def cut(events: Sequence[Outgoing], max_events: int, max_bytes: int) -> Iterator[Sequence[Outgoing]]:
    """Cut events into requests of at most so many events and (about) so many bytes; a giant goes alone."""
    if 0 < len(events) <= max_events and size_of(events) <= max_bytes:
        yield events  # as it nearly always is
        return
    request: list[Outgoing] = []
    size = 0
    for outgoing in events:
        if request and (len(request) == max_events or size + outgoing.size > max_bytes):
            yield request
            request, size = [], 0
        request.append(outgoing)
        size += outgoing.size
    if request:
        yield request


def size_of(events: Sequence[Outgoing]) -> int:
    """The bytes of their stored payloads."""
    return sum([outgoing.size for outgoing in events])


def cut_by_place(
    events: Sequence[Outgoing], place: Callable[[Call], str], limits: Mapping[str, Limits]
) -> Iterator[Sequence[Outgoing]]:
    """Cut events into requests of one place each, for a vendor with an endpoint for each kind of call.

    An event joins the first request for its place that no earlier event of its user comes after, so that
    users do not cut each other's requests and each user's events stay in order.
    """
    rounds: list[tuple[str, list[Outgoing]]] = []
    last: dict[User, int] = {}
    for outgoing in events:
        user, where = user_of(outgoing), place(outgoing.call)
        first = last.get(user, 0)
        at = next((n for n in range(first, len(rounds)) if rounds[n][0] == where), len(rounds))
        if at == len(rounds):
            rounds.append((where, []))
        rounds[at][1].append(outgoing)
        last[user] = at
    for where, of_one_place in rounds:
        yield from cut(of_one_place, limits[where].events, limits[where].bytes)


def user_of(outgoing: Outgoing) -> User:
    """Whose call it is: the anonymousId when there is one, so that calls before and after identify agree."""
    return outgoing.event.source, outgoing.envelope.id
