"""What a run has done so far, in numbers."""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from analytics_platform.destinations.base import Destination, Outcome, Outgoing, size_of
from analytics_platform.staging.base import Event

KEPT = 10_000  # values of a sample, the newest ones


@dataclass(slots=True)
class Sample:
    """The newest values of something that is measured again and again."""

    values: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def quantile(self, share: float) -> float | None:
        """The value below which this share of them lies, if that is not below zero; None when there are none."""
        ranked = sorted(self.values)
        return max(ranked[max(math.ceil(share * len(ranked)) - 1, 0)], 0.0) if ranked else None


@dataclass(slots=True)
class Tally:
    """What a run has done so far."""

    requests: int = 0
    delivered: int = 0
    skipped: int = 0
    dead: int = 0
    bytes: int = 0  # of the stored payloads in its requests
    lags: Sample = field(default_factory=Sample)  # seconds from acceptance to the vendor's word
    latencies: Sample = field(default_factory=Sample)  # seconds that the vendor took for a request, with quick retries

    def note_lags(self, delivered: Sequence[Event], now: float) -> None:
        """Note how long these events took; `now` is in seconds since the epoch, and may have been set back."""
        self.lags.values.extend([now - event.received_at for event in delivered])


class Measured:
    """A destination whose requests are measured."""

    def __init__(self, destination: Destination, monotonic: Callable[[], float], tally: Tally) -> None:
        """`monotonic` counts seconds."""
        self._destination = destination
        self._monotonic = monotonic
        self._tally = tally
        self._lock = threading.Lock()

    def cut(self, events: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
        """See Destination.cut."""
        return self._destination.cut(events)

    def send(self, request: Sequence[Outgoing]) -> Outcome:
        """See Destination.send."""
        started = self._monotonic()
        outcome = self._destination.send(request)
        with self._lock:
            self._tally.bytes += size_of(request)
            self._tally.latencies.values.append(self._monotonic() - started)
        return outcome
