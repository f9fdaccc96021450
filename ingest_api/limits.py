"""The bounds that keep a request, a connection and a process small."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What requests and connections may cost; what one call may hold is in event_registry.calls."""

    body_bytes: int = 500 * 1024  # on the wire, and again inflated
    event_bytes: int = 32 * 1024  # one call, encoded as JSON again
    batch_events: int = 2000

    target_bytes: int = 8 * 1024  # the path with its query
    head_bytes: int = 32 * 1024  # the request line with all header fields; trailers have the same again
    head_seconds: float = 10.0  # from the connection, or the first byte, to the last byte of the head
    body_seconds: float = 30.0  # from the head to the last byte of the body; and for taking an answer
    idle_seconds: float = 75.0  # between requests; longer than the proxies in front usually wait, so that they close
    linger_seconds: float = 2.0  # for a client that is still sending to read why it has been refused
    pipelined: int = 64  # requests of one connection that wait for the one before

    connections: int = 2000  # of a process; one address may have half of them
    bodies_bytes: int = 32 * 1024 * 1024  # of all requests of a process that are not yet answered
    drain_seconds: float = 5.0  # for requests that are being read when the process is told to stop
