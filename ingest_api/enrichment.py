"""Makes of a call what is stored: with what only the server knows, without what nobody shall keep."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from analytics_platform.settings.privacy import PrivacySettings
from analytics_platform.settings.sources import Kind
from event_registry.calls import timestamp_seconds
from ingest_api.client_address import parse_address, stored_address
from ingest_api.geoip import GeoIp

NO_LIBRARY = {"name": "http"}  # a call that no SDK has made
FUTURE_SECONDS = 3600.0  # vendors refuse events from further ahead than this
OLDEST_SECONDS = 30 * 86400.0  # a phone may have been offline so long; history is imported with a server's key
LONGEST_USER_AGENT = 1024  # characters; it is copied into each of 2,000 calls, and a header may have 32 KiB
ISO_LENGTH = 24  # of what `iso` makes: 2026-01-01T00:00:00.000Z
DEFAULTS = PrivacySettings()


class Facts:
    """What the server knows of a request, and how much of it is stored."""

    __slots__ = (
        "context",
        "geoip",
        "is_server",
        "oldest",
        "privacy",
        "received_at",
        "received_at_iso",
        "skew",
        "source",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - all that is known of a request before its calls
        self,
        received_at: float,
        ip: str | None,
        user_agent: str | None,
        sent_at: object,
        source: str = "",
        kind: Kind = "browser",
        privacy: PrivacySettings = DEFAULTS,
        geoip: GeoIp | None = None,
    ) -> None:
        """`received_at` is in seconds since the epoch; `ip` is whole; `sent_at` is of the batch, by the client's clock.

        A `browser` and a `mobile` source are in anybody's hands; a `server` is believed about its users.
        """
        self.received_at = received_at
        self.received_at_iso = iso(received_at)
        self.skew = received_at - _seconds(sent_at, received_at) if isinstance(sent_at, str) else 0.0
        self.source = source
        self.is_server = kind == "server"
        self.oldest = 0.0 if self.is_server else received_at - OLDEST_SECONDS
        self.privacy = privacy
        self.geoip = geoip
        # A backend's connection says where the backend is, never where its user is.
        self.context = {"library": NO_LIBRARY} if self.is_server else self._of_connection(ip, user_agent)

    def _of_connection(self, ip: str | None, user_agent: str | None) -> dict[str, Any]:
        """What the connection says of the user, as a call's context has it."""
        known: dict[str, Any] = {"library": NO_LIBRARY}
        if ip is not None and (stored := stored_address(ip, self.privacy.ip)):
            known["ip"] = stored
        if ip is not None and self.geoip and (location := self.geoip.location(ip)):
            known["location"] = location
        if user_agent is not None and self.privacy.user_agent:
            known["userAgent"] = user_agent[:LONGEST_USER_AGENT]
        return known


def enrich(call: Mapping[str, Any], facts: Facts, index: int = 0) -> dict[str, Any]:
    """The call as it is stored: a valid call, with its times by our clock, a messageId and its context.

    `index` is its place in the request.
    """
    enriched = dict(call)
    enriched.pop("writeKey", None)  # the key must not travel to destinations
    sent_at = enriched.pop("sentAt", None)  # it has done its work when the times are corrected
    original = call.get("timestamp") or call.get("originalTimestamp")
    if not call.get("messageId"):
        enriched["messageId"] = _made_id(enriched, facts, index) if original else _uuid(os.urandom(16).hex(), 4)
    context = enriched["context"] = _context(call.get("context"), facts)
    if call.get("type") == "identify" and not call.get("traits") and context.get("traits"):
        enriched["traits"] = context["traits"]  # where RudderStack's SDKs have them, and no vendor looks for them
    enriched["originalTimestamp"] = original or facts.received_at_iso
    enriched["timestamp"] = _timestamp(original, sent_at, facts) if original else facts.received_at_iso
    enriched["receivedAt"] = facts.received_at_iso
    return enriched


def iso(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 with milliseconds, the form that every destination takes."""
    before = int(seconds)
    whole, milliseconds = divmod(before * 1000 + round((seconds - before) * 1e6) // 1000, 1000)
    return f"{_second(whole)}.{milliseconds:03d}Z"


@lru_cache(maxsize=4096)  # most calls happened within the same few minutes
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _timestamp(original: str, sent_at: str | None, facts: Facts) -> str:
    """When the event happened by our clock.

    The client's clock says how long before sending it happened, as in Segment's spec: receivedAt - (sentAt -
    originalTimestamp). A moment too old or beyond the near future is a clock's mistake, or a forgery, and becomes the
    time of receipt.
    """
    received_at = facts.received_at
    skew = facts.skew if sent_at is None else received_at - _seconds(sent_at, received_at)
    happened = _seconds(original, received_at) + skew
    if not facts.oldest <= happened <= received_at + FUTURE_SECONDS:
        return facts.received_at_iso
    is_ours = len(original) == ISO_LENGTH and original[10::9] == "T." and original[-1] == "Z"
    return original if is_ours and not skew else iso(happened)


def _seconds(text: str, default: float) -> float:
    """The moment in seconds since the epoch; `default` when the text names none."""
    seconds = timestamp_seconds(text)
    return default if seconds is None else seconds


def _made_id(call: Mapping[str, Any], facts: Facts, index: int) -> str:
    """The messageId of a call that has none and says when it happened.

    Made of what was sent and where in the request it stood, so that the same request, sent again, is recognised.
    A call that does not say when it happened gets a random one instead: two clicks on one button look alike, and
    losing the second one is worse than storing a repeated request twice.
    """
    content = msgspec.json.encode((facts.source, index, call))
    return _uuid(blake2b(content, digest_size=16).hexdigest(), 8)


def _uuid(digits: str, version: int) -> str:
    """32 hexadecimal digits as a UUID (RFC 9562): 4 is a random one, 8 one of our own making."""
    return f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def _context(own: Mapping[str, Any] | None, facts: Facts) -> dict[str, Any]:
    """The call's context: the client's own, under it what the connection says, without what is not stored."""
    known = facts.context
    if not own:
        return dict(known)
    context = {**known, **own}
    for name, value in known.items():
        if context[name] is None:  # a null counts as absent
            context[name] = value
    context.pop("warnings", None)  # which are ours to say
    if "ip" in own:
        _set_ip(context, own["ip"], facts)
    if not facts.privacy.user_agent:
        context.pop("userAgent", None)
        context.pop("userAgentData", None)
    return context


def _set_ip(context: dict[str, Any], said: object, facts: Facts) -> None:
    """Believe a server about its user's address, and nobody else; store what may be stored of it."""
    address = parse_address(said) if facts.is_server and isinstance(said, str) else None
    stored = stored_address(address, facts.privacy.ip) if address else facts.context.get("ip")
    if stored is None:
        del context["ip"]
    else:
        context["ip"] = stored
    if address and facts.geoip and context.get("location") is None and (location := facts.geoip.location(address)):
        context["location"] = location
