"""How many runs does a day take, whatever comes in?

Four destinations side by side in simulated time, with the sensor that starts their runs; a run looks for events every
ten seconds rather than twenty times a second.
"""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from analytics_platform.delivery.job import Job, Pace
from analytics_platform.destinations.base import Outcome
from analytics_platform.staging import MEMORY, open_staging
from tests.fakes.clock import Clock
from tests.fakes.destination import Obedient, Rule
from tests.stores import entry
from tests.together import Platform, Together

MOST = 1200  # of all four, in a day
NAMES = ("segment", "amplitude", "mixpanel", "posthog")
POLL = 10.0  # seconds
DAY = 86400.0


def take_all(_: list[str]) -> Outcome | None:
    """Take everything."""
    return None


def poison(request: list[str]) -> Outcome | None:
    """Refuse one event in a hundred."""
    bad = [name for name in request if int(name) % 100 == 0]
    if not bad:
        return None
    rejected = {request.index(name): "HTTP 400" for name in bad}
    return Outcome("dead_letter", "HTTP 400", rejected=rejected, remainder="delivered")


@pytest.fixture
def platform(clock: Clock) -> Iterator[Platform]:
    """Four destinations."""
    with closing(open_staging(MEMORY, clock)) as staging:
        together = Together(clock)
        jobs = {
            name: Job(name, "webhook", Obedient(), 10, 5.0, 1, 96 * 3600.0, Pace(poll=POLL), rate_limit=10.0)
            for name in NAMES
        }
        yield Platform(together, staging, jobs, look=POLL)
        together.end()


def vendor_of(platform: Platform, name: str) -> Obedient:
    """Who gets the events of a destination."""
    vendor = platform.jobs[name].destination
    assert isinstance(vendor, Obedient)
    return vendor


def accept_every(platform: Platform, seconds: float) -> Callable[[], int]:
    """Have an event accepted again and again; returns what says how many there have been."""
    together, accepted = platform.together, [0]

    def come_in() -> None:
        while True:
            accepted[0] += 1
            platform.staging.append([entry(str(accepted[0]), received_at=together.clock())])
            together.wait(seconds)

    together.start(come_in)
    return lambda: accepted[0]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("every", "rule"), [(10.0, take_all), (40.0, take_all), (10.0, poison)], ids=["steady", "thin", "poisoned"]
)
def test_a_day_stays_under_1200_runs_for_four_destinations(platform: Platform, every: float, rule: Rule) -> None:
    """Steady traffic, an event every 40 s, and 1 % poison all day: everything is delivered, or dead, all the same."""
    for name in NAMES:
        vendor_of(platform, name).will(rule)
    accepted = accept_every(platform, every)

    platform.together.run(DAY)

    runs = {name: len(platform.starts[name, "live"]) for name in NAMES}
    assert sum(runs.values()) < MOST
    assert min(runs.values()) > 100
    count, is_poisoned = accepted(), rule is poison
    assert count >= DAY / every
    for name in NAMES:
        counts = platform.staging.counts(name)
        assert counts.delivered + counts.dead >= count - 5
        assert counts.dead == (counts.delivered // 99 if is_poisoned else 0)
        assert len(vendor_of(platform, name).delivered) == counts.delivered
