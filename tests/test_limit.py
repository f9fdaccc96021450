"""Is a destination's rate limit that of all its runs together?"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from analytics_platform.delivery.job import Job, Pace
from analytics_platform.delivery.limit import BLOCK_SECONDS, Limit
from analytics_platform.staging import MEMORY, open_staging
from analytics_platform.staging.base import Staging
from analytics_platform.staging.streams import Part
from tests.fakes.clock import Clock
from tests.fakes.destination import Obedient
from tests.stores import entry
from tests.together import Platform, Together

INTERVAL = 4.0  # seconds for a request


class Sent:
    """A vendor that remembers when it got each request; nobody has more than one event in it."""

    def __init__(self, together: Together) -> None:
        self.vendor = Obedient()
        self.at: list[float] = []
        self.vendor.will(lambda _: self.at.append(round(together.elapsed, 6)))

    @property
    def gaps(self) -> list[float]:
        """The seconds between one request and the next."""
        return [round(later - earlier, 6) for earlier, later in pairwise(self.at)]


@pytest.fixture
def staging(clock: Clock) -> Iterator[Staging]:
    """A store."""
    staging = open_staging(MEMORY, clock)
    yield staging
    staging.close()


@pytest.fixture
def together(clock: Clock, staging: Staging) -> Iterator[Together]:  # noqa: ARG001  closed after the workers have ended
    """A time for all who use the store."""
    together = Together(clock)
    yield together
    together.end()


@pytest.fixture
def sent(together: Together) -> Sent:
    """The vendor."""
    return Sent(together)


@pytest.fixture
def platform(together: Together, staging: Staging, sent: Sent) -> Platform:
    """A destination that gets one event a request, and a request in four seconds."""
    pace = Pace(window=60.0, shortest=30.0, idle=10.0, hand_over=15.0, poll=0.5)
    job = Job("vendor", "webhook", sent.vendor, 1, 0.0, 1, 96 * 3600.0, pace, rate_limit=1 / INTERVAL)
    return Platform(together, staging, {"vendor": job})


def accept(staging: Staging, clock: Clock, count: int, prefix: str = "e") -> None:
    """Have events accepted now."""
    staging.append([entry(f"{prefix}{number}", received_at=clock()) for number in range(count)])


def test_it_is_held_across_the_hand_over_of_two_runs(
    platform: Platform, together: Together, staging: Staging, sent: Sent, clock: Clock
) -> None:
    """A successor goes on at the pace of whoever it follows: its first request leaves no sooner than any other."""
    accept(staging, clock, 100)

    together.run(500.0)

    runs = len(platform.reports["vendor", "live"])
    assert runs > 5
    assert len(sent.at) == 100
    assert min(sent.gaps) == INTERVAL
    assert max(sent.gaps) <= 2 * INTERVAL  # the request that a run has waited for when its window ends is not sent
    assert sum(gap > INTERVAL for gap in sent.gaps) <= runs


def test_it_is_held_by_a_run_that_follows_a_killed_one(
    platform: Platform, together: Together, staging: Staging, sent: Sent, clock: Clock
) -> None:
    """What the killed one had reserved is used up all the same."""
    accept(staging, clock, 100)
    for _ in range(5):
        together.run(50.0)
        platform.kill(("vendor", "live"))

    together.run(400.0)

    assert len({name for request in sent.vendor.requests for name in request}) == 100
    assert min(sent.gaps) == INTERVAL


def test_lanes_share_it(platform: Platform, together: Together, staging: Staging, sent: Sent, clock: Clock) -> None:
    """Three runs side by side send no faster than one, and no slower."""
    platform.lanes["vendor"] = 3
    together.run(10.0)
    accept(staging, clock, 60)

    together.run(300.0)

    assert len(sent.at) == 60
    assert min(sent.gaps) == INTERVAL
    assert sum(gap > INTERVAL for gap in sent.gaps) <= sum(map(len, platform.reports.values()))


@pytest.mark.usefixtures("platform")
def test_a_redelivery_takes_what_live_delivery_leaves(
    together: Together, staging: Staging, sent: Sent, clock: Clock
) -> None:
    """While the live stream needs all of the limit it has all of it; then history goes on, at what is left."""
    accept(staging, clock, 30, "old-")
    together.run(200.0)
    staging.redeliver("vendor", Part(0, 30), 0)
    accept(staging, clock, 50, "new-")
    start = len(sent.at)

    together.run(400.0)

    names = [name for request in sent.vendor.requests[start:] for name in request]
    busy = names[: names.index("new-49")]
    assert [name for name in busy if name.startswith("old-")] == []
    assert [name for name in names if name.startswith("new-")] == [f"new-{number}" for number in range(50)]
    assert [name for name in names if name.startswith("old-")] == [f"old-{number}" for number in range(len(names) - 50)]
    assert len(names) > 65
    assert min(sent.gaps[start:]) == INTERVAL


def test_a_redelivery_delays_live_delivery_by_one_request_at_the_most(
    platform: Platform, together: Together, staging: Staging, sent: Sent, clock: Clock
) -> None:
    """An event every twenty seconds leaves room for history, and finds at most one request of it in its way."""
    accept(staging, clock, 40, "old-")
    together.run(200.0)
    staging.redeliver("vendor", Part(0, 40), 0)
    together.run(30.0)
    accepted: dict[str, float] = {}

    def come_in() -> None:
        for number in range(20):
            accepted[f"new-{number}"] = together.elapsed
            staging.append([entry(f"new-{number}", received_at=clock())])
            together.wait(20.0)

    together.start(come_in)
    together.run(400.0)

    arrived = {name: at for at, (name,) in zip(sent.at, sent.vendor.requests, strict=True)}
    waited = [arrived[name] - at for name, at in accepted.items()]
    history = sum(name.startswith("old-") for (name,) in sent.vendor.requests) - 40
    assert history == 40
    assert max(waited[2:]) <= INTERVAL + 2 * platform.jobs["vendor"].pace.poll  # the first may have to start a run
    assert min(sent.gaps) >= INTERVAL


def test_a_fast_run_writes_to_the_store_ten_times_a_second(
    platform: Platform, together: Together, staging: Staging, clock: Clock
) -> None:
    """It reserves several requests in one go; they leave at even times all the same."""
    limit = Limit("vendor", 200.0, platform.surroundings(), lambda: False, is_live=True)
    left: list[float] = []

    def send() -> None:
        for _ in range(400):
            limit.take()
            left.append(together.elapsed)

    together.start(send)
    together.run(10.0)

    assert left == pytest.approx([number / 200.0 for number in range(400)], abs=1e-4)
    taken_until = staging.reserve("vendor", 0.0, unused=0.0)
    assert taken_until == clock()
    assert int(BLOCK_SECONDS * 200.0) == 20


def test_what_is_reserved_and_not_used_in_time_is_given_up(platform: Platform, together: Together) -> None:
    """After a pause a run does not catch up with a burst."""
    limit = Limit("vendor", 200.0, platform.surroundings(), lambda: False, is_live=True)
    left: list[float] = []

    def send() -> None:
        limit.take()
        together.wait(1.0)
        for _ in range(10):
            limit.take()
            left.append(together.elapsed)

    together.start(send)
    together.run(10.0)

    assert left == pytest.approx([1.0 + number / 200.0 for number in range(10)], abs=1e-4)


def test_without_a_limit_the_store_is_not_asked(together: Together, platform: Platform) -> None:
    """Most destinations have none."""
    world = replace(platform.surroundings(), staging=None)  # type: ignore[arg-type]

    Limit("vendor", 0, world, lambda: False, is_live=True).take()
    Limit("vendor", 0, world, lambda: False, is_live=False).take()

    assert together.elapsed == 0.0
