"""Any HTTP endpoint, with signatures by the Standard Webhooks scheme."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import blake2b

import msgspec
from standardwebhooks import Webhook as Signer

from analytics_platform.destinations.base import Outcome, Outgoing, cut
from analytics_platform.destinations.http import Client, Statuses, outcome

MAX_BYTES = 475_000

# A redirect is a failed attempt for a webhook, 410 means that the endpoint is gone for good.
STATUSES = Statuses(halting=frozenset({401, 403, 404, 410, 501, 505}))

MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""A messageId that may be a webhook-id as it is; the signed text is cut at dots."""


class Webhook:
    """Posts `{type, timestamp, data}`: one call, or with `batch` the list of several."""

    def __init__(  # noqa: PLR0913  each is a fact about the endpoint
        self, client: Client, endpoint: str, secret: str, *, batch: bool, max_events: int, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._signer = Signer(secret) if secret else None
        self._batch = batch
        self._max_events = max_events if batch else 1
        self._now = now

    def cut(self, events: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
        """See Destination.cut."""
        return cut(events, self._max_events, MAX_BYTES)

    def send(self, request: Sequence[Outgoing]) -> Outcome:
        """See Destination.send."""
        body = msgspec.json.encode(self._document(request))
        answer = self._client.post(self._endpoint, body, self._headers(message_id(request), body))
        return outcome(answer, len(request), self._now(), STATUSES)

    def _document(self, request: Sequence[Outgoing]) -> dict[str, object]:
        last = request[-1].call
        if self._batch:
            return {"type": "batch", "timestamp": last["timestamp"], "data": [outgoing.call for outgoing in request]}
        return {"type": last["type"], "timestamp": last["timestamp"], "data": last}

    def _headers(self, identifier: str, body: bytes) -> dict[str, str]:
        now = self._now()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": identifier,
            "webhook-timestamp": str(int(now.timestamp())),
        }
        if self._signer is not None:
            headers["webhook-signature"] = self._signer.sign(identifier, now, body.decode())
        return headers


def message_id(request: Sequence[Outgoing]) -> str:
    """The receiver's dedupe key: made of the stored events alone, so the same events bear the same id on every try."""
    events = [outgoing.event for outgoing in request]
    if len(events) == 1 and MESSAGE_ID.fullmatch(events[0].message_id):
        return events[0].message_id
    members = msgspec.json.encode([(event.source, event.message_id) for event in events])
    return f"msg_{blake2b(members, digest_size=16).hexdigest()}"
