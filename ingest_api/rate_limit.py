"""Holds each source to its requests a second."""

import math
from collections.abc import Callable

from analytics_platform.settings import Source
from ingest_api.refusal import Refusal


class RateLimit:
    """A token bucket for each source, which holds one second's worth of requests."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds and never goes back, as time.monotonic does."""
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and when they were counted

    def take(self, source: Source) -> None:
        """Take one token of the source's bucket; raises Refusal, with the time to wait, when there is none."""
        rate = source.rate_limit
        if rate == 0:
            return
        now = self._clock()
        size = max(rate, 1.0)
        tokens, counted_at = self._buckets.get(source.name, (size, now))
        tokens = min(size, tokens + (now - counted_at) * rate)
        if tokens < 1:
            self._buckets[source.name] = (tokens, now)
            wait = math.ceil((1 - tokens) / rate)
            raise Refusal("rate_limited", f"More than {rate:g} requests a second.", {"Retry-After": str(wait)})
        self._buckets[source.name] = (tokens - 1, now)
