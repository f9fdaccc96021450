"""Any HTTP endpoint, with signatures by the Standard Webhooks scheme."""

import re
from collections.abc import Sequence
from hashlib import blake2b

import msgspec
from standardwebhooks import Webhook as Signer

from analytics_platform.destinations.base import Limits, Outcome, Outgoing
from analytics_platform.destinations.http import Answer, Statuses
from analytics_platform.destinations.posting import Post, Posting, Terms

LIMITS = Limits(2500, 475_000)  # ours: the scheme has none, and Segment's suits receivers of events

# A redirect is a failed attempt for a webhook, 410 means that the endpoint is gone for good.
STATUSES = Statuses(halting=frozenset({401, 403, 404, 410, 501, 505}))
BAD_REQUEST = 400

MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""A messageId that may be a webhook-id as it is; the signed text is cut at dots."""


class Webhook(Posting):
    """Posts `{type, timestamp, data}`: one call, or with `batch` the list of several."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms, {"batch": LIMITS}, STATUSES)
        self._signer = Signer(terms.key) if terms.key else None

    def posts(self, request: Sequence[Outgoing]) -> list[Post]:
        """See Posting.posts."""
        body = msgspec.json.encode(self._document(request))
        return [Post(self._endpoint, body, self._headers(message_id(request), body), may_be_compressed=False)]

    def understand(self, post: Post, answer: Answer, count: int) -> Outcome:
        """See Posting.understand; the specification tries a 400 again, so it buries nothing at once.

        In company it is halved all the same, so that only the event that is refused stays behind.
        """
        if answer.status == BAD_REQUEST and count == 1:
            return Outcome("retry", answer.reason, answer.quoted)
        return super().understand(post, answer, count)

    def _document(self, request: Sequence[Outgoing]) -> dict[str, object]:
        last = request[-1].call
        calls = [msgspec.Raw(outgoing.event.payload) for outgoing in request]
        if self._terms.batch:
            return {"type": "batch", "timestamp": last["timestamp"], "data": calls}
        return {"type": last["type"], "timestamp": last["timestamp"], "data": calls[-1]}

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
