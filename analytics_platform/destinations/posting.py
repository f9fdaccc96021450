"""What every adapter behind HTTP shares: an adapter says what is posted, and what an answer means."""

import gzip
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from analytics_platform.destinations.base import DELIVERED, Call, Limits, Outcome, Outgoing, cut, cut_by_place
from analytics_platform.destinations.http import Answer, Client, Statuses, outcome
from analytics_platform.settings import ConfigurationError

GZIP_FROM = 1024  # bytes; below it, compression costs more than it saves
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Options = TypeVar("Options", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an adapter is made of: its destination's settings, as plain values."""

    name: str
    endpoint: str  # without a slash at its end
    key: str  # empty when there is none
    client: Client
    now: Callable[[], datetime]  # aware, UTC
    folder: Path = Path()  # where a destination on this machine may write
    secret: str = ""
    batch: bool = True
    max_events: int = 50
    max_bytes: int | None = None
    gzip: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def within(self, vendors: Limits) -> Limits:
        """What a request may hold by the vendor's limits and by the configuration."""
        events = min(vendors.events, self.max_events if self.batch else 1)
        return Limits(events, min(vendors.bytes, self.max_bytes or vendors.bytes))

    def read_options(self, kind: type[Options]) -> Options:
        """The `options` of the configuration as the adapter's own struct; raises ConfigurationError."""
        try:
            return msgspec.convert(self.options, kind)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"destinations.{self.name}.options: {error}") from None


@dataclass(frozen=True, slots=True)
class Post:
    """One HTTP POST."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    items: Sequence[int] = ()  # for each item of the body, the index of its event in the request
    may_be_compressed: bool = True


class Posting(ABC):
    """A destination behind HTTP.

    An adapter defines `posts`; `understand` if its vendor's answers say more than their status; `place` if its
    vendor has several endpoints. It is made of Terms, and raises ConfigurationError when they are not enough.
    """

    def __init__(self, terms: Terms, limits: Mapping[str, Limits], statuses: Statuses) -> None:
        """`limits` are those of a request to each place."""
        self._terms = terms
        self._limits = {place: terms.within(limit) for place, limit in limits.items()}
        self._statuses = statuses
        self._client = terms.client
        self._endpoint = terms.endpoint
        self._now = terms.now

    def cut(self, events: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
        """See Destination.cut."""
        if len(self._limits) == 1:
            (limits,) = self._limits.values()
            return cut(events, limits.events, limits.bytes)
        return cut_by_place(events, self.place, self._limits)

    def place(self, call: Call) -> str:
        """Where a call goes; calls with different places never share a request."""
        del call
        return next(iter(self._limits))

    @abstractmethod
    def posts(self, request: Sequence[Outgoing]) -> list[Post]:
        """What the request becomes, in order: mostly one post; none for what the vendor has no use for.

        Several are sent one after the other, up to the first that is not delivered; on the next attempt all
        of them are sent again, so they must do no harm then.
        """

    def understand(self, post: Post, answer: Answer, count: int) -> Outcome:
        """What the answer to a post means for its request of so many events."""
        del post
        return outcome(answer, count, self._now(), self._statuses)

    def send(self, request: Sequence[Outgoing]) -> Outcome:
        """See Destination.send."""
        outcome = DELIVERED
        for post in self.posts(request):
            outcome = self.understand(post, self._post(post), len(request))
            if outcome.kind != "delivered":
                break
        return outcome

    def _post(self, post: Post) -> Answer:
        if self._terms.gzip and post.may_be_compressed and len(post.body) >= GZIP_FROM:
            body = gzip.compress(post.body, compresslevel=6, mtime=0)
            return self._client.post(post.url, body, {**post.headers, "Content-Encoding": "gzip"})
        return self._client.post(post.url, post.body, post.headers)


def basic(user: str, password: str = "") -> dict[str, str]:
    """The header of Basic authentication."""
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}
