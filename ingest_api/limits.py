"""The bounds of one request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may hold, and how long its parts may take; what one call may hold is in event_registry.calls."""

    body_bytes: int = 500 * 1024  # on the wire, and again inflated
    body_seconds: float = 30.0  # from the headers to the last byte of the body
    event_bytes: int = 32 * 1024  # one call, encoded as JSON again
    batch_events: int = 2000
