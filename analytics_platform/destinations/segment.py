"""Segment's HTTP Tracking API, and every endpoint that has its shape."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from analytics_platform.destinations.base import Call, Outcome, Outgoing, cut
from analytics_platform.destinations.http import Client, Statuses, outcome

MAX_BYTES = 475_000  # of one batch: the limit is 500 KB, the official SDKs keep this margin

STATUSES = Statuses(retried=frozenset({408, 410, 425, 429, 460}))  # as the official SDKs do

FIELDS = (
    "type",
    "messageId",
    "userId",
    "anonymousId",
    "event",
    "properties",
    "traits",
    "groupId",
    "previousId",
    "name",
    "category",
    "context",
    "integrations",
    "timestamp",
)
"""What is sent. `receivedAt` and `originalTimestamp` are Segment's to set, a stale `sentAt` would shift the time."""


class Segment:
    """Posts batches to `{endpoint}/batch`, or single calls to `{endpoint}/track` and its like."""

    def __init__(  # noqa: PLR0913  each is a fact about the endpoint
        self, client: Client, endpoint: str, api_key: str, *, batch: bool, max_events: int, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._endpoint = endpoint.rstrip("/")
        self._batch = batch
        self._max_events = max_events if batch else 1
        self._now = now
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = "Basic " + b64encode(f"{api_key}:".encode()).decode()

    def cut(self, events: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
        """See Destination.cut."""
        return cut(events, self._max_events, MAX_BYTES)

    def send(self, request: Sequence[Outgoing]) -> Outcome:
        """See Destination.send."""
        sent_at = {"sentAt": self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")}
        items = [shape(outgoing.call) for outgoing in request]
        if self._batch:
            url, body = f"{self._endpoint}/batch", {"batch": items, **sent_at}
        else:
            url, body = f"{self._endpoint}/{items[0].pop('type')}", {**items[0], **sent_at}
        answer = self._client.post(url, msgspec.json.encode(body), self._headers)
        return outcome(answer, len(request), self._now(), STATUSES)


def shape(call: Call) -> dict[str, Any]:
    """A call as Segment takes it: its own fields, without what is null or empty routing."""
    item = {field: call[field] for field in FIELDS if call.get(field) is not None}
    if item.get("integrations") == {}:
        del item["integrations"]
    return item
