"""What a run is given, and how its work may end."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from analytics_platform.delivery.routing import Route
from analytics_platform.destinations.base import Destination
from analytics_platform.destinations.filters import EVERYTHING, Filter
from analytics_platform.staging.base import Ending, Event, Staging


@dataclass(frozen=True, slots=True)
class Pace:
    """How a drain goes about its time; everything in seconds."""

    window: float = 600.0  # the longest run
    shortest: float = 300.0  # so that thin traffic does not start a run for each event
    idle: float = 30.0  # without events before a run may end
    hand_over: float = 15.0  # before its window ends, a busy run asks for its successor
    bury: float = 60.0  # after its first burial, a run ends
    poll: float = 0.05


@dataclass(frozen=True, slots=True)
class Job:
    """What a run works on: a destination, with all that its settings say."""

    name: str
    kind: str  # the type of the destination; `integrations` may name it instead
    destination: Destination
    batch_size: int
    flush_interval: float  # seconds
    concurrency: int
    give_up_after: float  # seconds
    pace: Pace = field(default_factory=Pace)
    rate_limit: float = 0  # requests a second that the destination gets, of all its runs; 0 is no limit
    rate: float = 0  # requests a second of this run alone; 0 is no limit
    is_live: bool = True  # it delivers what is accepted, or was buried; False for a redelivery, which gives way
    filter: Filter = EVERYTHING  # what the configuration lets through
    elsewhere: frozenset[str] = frozenset()  # what the plan does not let through

    @property
    def fastest(self) -> float:
        """Requests a second that the run may send, whatever others do; 0 is no limit."""
        return min(filter(None, (self.rate_limit, self.rate)), default=0)

    @property
    def names(self) -> frozenset[str]:
        """How `integrations` may call the destination, in lower case."""
        return frozenset({self.name.lower(), self.kind, *({"segment.io"} if self.kind == "segment" else ())})

    @property
    def route(self) -> Route:
        """Which events go there."""
        return Route(self.names, self.filter, self.elsewhere)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run needs of the world."""

    staging: Staging
    clock: Callable[[], float]  # seconds since the epoch
    wait: Callable[[float], None]  # for so many seconds
    guard: Callable[[], None]  # raises LeaseLost when nothing may be sent any more
    stop: Callable[[], bool]  # whether the run has been told to stop
    monotonic: Callable[[], float] = time.monotonic  # seconds since some start; never set back, as `clock` may be
    suppressed: Callable[[Sequence[Event]], Collection[int]] = lambda _: ()  # places of those that nobody may have
    tell: Callable[[str], None] = lambda _: None  # what whoever looks at the run is to see


@dataclass(frozen=True, slots=True)
class End:
    """How a drain came to its end."""

    ending: Ending
    error: str | None = None  # what kept it from more
    wait: float | None = None  # seconds before it makes sense to try again
