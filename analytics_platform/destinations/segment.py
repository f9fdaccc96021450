"""Segment's HTTP Tracking API, and every endpoint that has its shape."""

from collections.abc import Sequence
from typing import Any

import msgspec

from analytics_platform.destinations.base import Limits, Outcome, Outgoing
from analytics_platform.destinations.envelope import Envelope
from analytics_platform.destinations.http import Answer, Statuses, refused
from analytics_platform.destinations.posting import JSON, Post, Posting, Terms, basic

NOT_FOUND = 404
MAX_EVENTS = 2500
MAX_BYTES = 475_000  # of one batch: the limit is 500 KB, the official SDKs keep this margin

STATUSES = Statuses(retried=frozenset({408, 410, 425, 429, 460}))  # as the official SDKs do


class Segment(Posting):
    """Posts batches to `{endpoint}/batch`, or single calls to `{endpoint}/track` and its like."""

    def __init__(self, terms: Terms, max_bytes: int = MAX_BYTES, statuses: Statuses = STATUSES) -> None:
        super().__init__(terms, {"batch": Limits(MAX_EVENTS, max_bytes)}, statuses)
        self._headers = {**JSON, **(basic(terms.key) if terms.key else {})}
        self._has_answered = False  # 2xx, to a single call

    def posts(self, request: Sequence[Outgoing]) -> list[Post]:
        """See Posting.posts."""
        sent_at = {"sentAt": self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")}
        items = [self.shape(outgoing.envelope) for outgoing in request]
        if self._terms.batch:
            url, body = f"{self._endpoint}/batch", {"batch": items, **sent_at}
        else:
            single: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(items[0]))
            url, body = f"{self._endpoint}/{single.pop('type')}", {**single, **sent_at}
        return [Post(url, msgspec.json.encode(body), self._headers)]

    def shape(self, call: Envelope) -> Envelope | msgspec.Raw:
        """A call as Segment takes it: its own fields.

        `receivedAt` and `originalTimestamp` are Segment's to set, a stale `sentAt` would shift the time.
        """
        return call

    def understand(self, post: Post, answer: Answer, count: int) -> Outcome:
        """See Posting.understand.

        A single call that is answered 404 may be of a type that the endpoint has no path for. It is refused once
        another type is known to be taken; until then it is tried again, so that the others get their turn.
        """
        if self._terms.batch or answer.status != NOT_FOUND:
            self._has_answered = self._has_answered or answer.status in range(200, 300)
            return super().understand(post, answer, count)
        reason = "HTTP 404, no path for calls of this type"
        return refused(answer, count, reason) if self._has_answered else Outcome("retry", reason, answer.quoted)
