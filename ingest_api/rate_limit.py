"""Holds sources and addresses to their requests a second.

Each process counts for itself. What is counted for an address is bounded: the addresses that were seen last count,
and a flood from more of them than that is met by the limit of the source.
"""

import math
from collections.abc import Callable, Hashable
from ipaddress import IPv6Address

from analytics_platform.settings import Source
from ingest_api.recent import Recent
from ingest_api.refusal import Refusal

MOST_ADDRESSES = 8192  # in each table, and at times twice as many: about 4 MB
WRONG_KEYS = 100  # at once from one address
WRONG_KEYS_PER_SECOND = 1.0


class Buckets:
    """Token buckets, each of which begins full."""

    def __init__(self, clock: Callable[[], float], most: int = MOST_ADDRESSES) -> None:
        """`clock` gives seconds and never goes back, as time.monotonic does."""
        self._clock = clock
        self._buckets: Recent[Hashable, tuple[float, float]] = Recent(most)  # tokens, and when they were counted

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, name: Hashable, rate: float, size: float) -> float:
        """Take one token, of which `rate` come a second and `size` at most are kept; the seconds to wait for it."""
        now = self._clock()
        tokens, counted_at = self._buckets.get(name) or (size, now)
        tokens = min(size, tokens + (now - counted_at) * rate)
        is_there = tokens >= 1
        self._buckets.put(name, (tokens - is_there, now))
        return 0.0 if is_there else (1 - tokens) / rate


class RateLimit:
    """The limits of an address, of a source from one address, and of a source; each lets a second's worth come at once.

    The narrowest is asked first, so that an address that sends too much takes nothing from the others.
    """

    def __init__(self, clock: Callable[[], float], address_rate: float = 0) -> None:
        """`address_rate` is how many requests a second one address may send to all sources together; 0 is off."""
        self._address_rate = address_rate
        self._of_address = Buckets(clock)
        self._of_source_and_address = Buckets(clock)
        self._of_source = Buckets(clock)

    def take_of_address(self, address: str | None) -> None:
        """Count a request before it is known whose it is; raises Refusal like `take`."""
        if self._address_rate:
            _take(self._of_address, _caller(address), self._address_rate, "from this address")

    def take(self, source: Source, address: str | None = None) -> None:
        """Count a request of a source; raises Refusal, with the time to wait, when it is one too many."""
        if source.address_rate_limit:
            name = (source.name, _caller(address))
            _take(self._of_source_and_address, name, source.address_rate_limit, "with this key from this address")
        if source.rate_limit:
            _take(self._of_source, source.name, source.rate_limit, "with this key")


class WrongKeys:
    """Counts write keys that no source has, by the address that tried them.

    A right key is always let through, also from an address that has tried too many wrong ones: behind one address
    are many people, and a key of 128 bits is not found by trying.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` as for Buckets."""
        self._of_address = Buckets(clock)

    def count(self, address: str | None) -> None:
        """Count a wrong key; raises Refusal, with the time to wait, when it is one too many."""
        wait = self._of_address.take(_caller(address), WRONG_KEYS_PER_SECOND, WRONG_KEYS)
        if wait:
            raise _refusal("invalid write key, and too many of them from this address.", wait)


def _take(buckets: Buckets, name: Hashable, rate: float, who: str) -> None:
    wait = buckets.take(name, rate, max(rate, 1.0))
    if wait:
        raise _refusal(f"More than {rate:g} requests a second {who}.", wait)


def _refusal(message: str, wait: float) -> Refusal:
    return Refusal("rate_limited", message, {"Retry-After": str(math.ceil(wait))})


def _caller(address: str | None) -> str:
    """Whom an address counts for: of IPv6 its /64, which a single customer has; all unknown ones together."""
    if address is None or ":" not in address:
        return address or ""
    return str(IPv6Address(int(IPv6Address(address)) >> 64 << 64))
