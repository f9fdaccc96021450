"""Adds to a call what only the server knows."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from event_registry.calls import parse_timestamp

NOT_STORED = ("writeKey", "sentAt")  # the key must not travel to destinations; sentAt has done its work
NO_LIBRARY = {"name": "http"}  # a call that no SDK has made
FUTURE_SECONDS = 3600.0  # vendors refuse events from further ahead than this


@dataclass(frozen=True)
class Facts:
    """What the server knows of a request."""

    received_at: float  # seconds since the epoch
    ip: str | None
    user_agent: str | None
    sent_at: str | None  # of the whole batch, by the client's clock

    @cached_property
    def received_at_iso(self) -> str:
        """The same moment as events bear it."""
        return iso(self.received_at)


def enrich(call: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The call as it is stored: a valid call, with its times by our clock, a messageId and its context."""
    original = call.get("timestamp") or call.get("originalTimestamp") or facts.received_at_iso
    enriched = {name: value for name, value in call.items() if name not in NOT_STORED}
    enriched["messageId"] = call.get("messageId") or str(uuid.uuid4())
    enriched["context"] = _context(call.get("context") or {}, facts)
    enriched["originalTimestamp"] = original
    enriched["timestamp"] = iso(corrected_time(original, call.get("sentAt") or facts.sent_at, facts.received_at))
    enriched["receivedAt"] = facts.received_at_iso
    return enriched


def corrected_time(original: str, sent_at: str | None, received_at: float) -> float:
    """When the event happened by our clock, in seconds since the epoch.

    The client's clock says how long before sending it happened. A moment before 1970 or beyond the
    near future is a clock's mistake and becomes `received_at`.
    """
    happened = _seconds(original, received_at)
    if sent_at is not None:
        happened = received_at - (_seconds(sent_at, received_at) - happened)
    return happened if 0 <= happened <= received_at + FUTURE_SECONDS else received_at


def iso(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 with milliseconds, the form that every destination takes."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _seconds(text: str, default: float) -> float:
    moment = parse_timestamp(text)
    return default if moment is None else moment.timestamp()


def _context(context: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The client's context, with what the connection says where the client says nothing."""
    known = {"ip": facts.ip, "userAgent": facts.user_agent, "library": NO_LIBRARY}
    return {name: value for name, value in known.items() if value is not None} | {
        name: value for name, value in context.items() if value is not None or name not in known
    }
