"""Events on their way to a destination, and the time at which they go."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from analytics_platform.destinations.base import Outgoing, opened
from analytics_platform.destinations.envelope import Envelope, open_envelope
from analytics_platform.destinations.http import Client
from analytics_platform.destinations.posting import Terms
from analytics_platform.staging.base import Event

NOW = datetime(2026, 3, 4, 10, 20, 31, 500_000, tzinfo=UTC)
RECEIVED_AT = datetime(2026, 3, 4, 10, 20, 31, tzinfo=UTC).timestamp()


def now() -> datetime:
    """A time that stands still."""
    return NOW


def outgoing(call: Mapping[str, Any], seq: int = 1, source: str = "web") -> Outgoing:
    """A call, as it comes from the store."""
    event = Event(seq, source, call["messageId"], RECEIVED_AT, json.dumps(call, ensure_ascii=False))
    return opened(event)


def envelope(call: Mapping[str, Any]) -> Envelope:
    """The envelope of a call, as routing sees it."""
    return open_envelope(json.dumps(call))


def tracks(*message_ids: str, **fields: Any) -> list[Outgoing]:
    """A track call for each messageId."""
    call = {
        "type": "track",
        "userId": "user-1",
        "event": "report.created",
        "timestamp": "2026-03-04T10:20:30.456Z",
        **fields,
    }
    return [outgoing({"messageId": name, **call}, seq) for seq, name in enumerate(message_ids, 1)]


def terms(endpoint: str, key: str = "write-key", **facts: Any) -> Terms:
    """What an adapter is made of, with a client that does not try twice."""
    given = {"client": Client((key, facts.get("secret", "")), tries=1), "now": now, "max_events": 100, **facts}
    return Terms("x", endpoint, key, **given)
