"""The interface of a destination: what it is given, and the six outcomes it may answer with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from analytics_platform.staging.base import Event

Call = Mapping[str, Any]
"""A call as Segment's spec names it, decoded."""

Kind = Literal["delivered", "retry", "retry_after", "split", "dead_letter", "halt"]
"""What one answer means:

delivered    everything in the request is stored
retry        nothing is certain, the same again later
retry_after  the same, not before `wait` seconds have passed
split        the request is too big, or one bad event hides in it: send both halves
dead_letter  the events in `rejected` can never succeed; `remainder` says what became of the others
halt         our key, our address or our configuration is wrong: send nothing, bury nothing
"""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event on its way out, with its call decoded once."""

    event: Event
    call: Call


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one request came to."""

    kind: Kind
    reason: str = ""  # without event contents or keys, such as `HTTP 503`
    answer: str | None = None  # the vendor's words, keys removed; never shown in Dagster
    wait: float | None = None  # seconds, with retry_after
    rejected: Mapping[int, str] = field(default_factory=dict)  # index in the request: reason, with dead_letter
    remainder: Literal["delivered", "resend"] = "resend"  # of the events that were not rejected, with dead_letter


DELIVERED = Outcome("delivered")


class Destination(Protocol):
    """A vendor endpoint: what goes into one request, and what its answer means."""

    def cut(self, events: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
        """Cut events, in order, into what the vendor takes in one request each."""

    def send(self, request: Sequence[Outgoing]) -> Outcome:
        """Send one request; every answer, and every failure to get one, is an outcome.

        What is sent is made of the stored event alone, so that each attempt bears the same dedupe keys.
        """


def cut(events: Sequence[Outgoing], max_events: int, max_bytes: int) -> Iterator[Sequence[Outgoing]]:
    """Cut events into requests of at most so many events and (about) so many bytes; a giant goes alone."""
    request: list[Outgoing] = []
    size = 0
    for outgoing in events:
        more = len(outgoing.event.payload.encode())
        if request and (len(request) == max_events or size + more > max_bytes):
            yield request
            request, size = [], 0
        request.append(outgoing)
        size += more
    if request:
        yield request
