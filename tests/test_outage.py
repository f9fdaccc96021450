"""What does a destination that is down for three days cost, and whom?

In proportion: one event in ten seconds stands for 100 a second, so a thousandth of them, of the requests and of the
rate limit; time is simulated at its full length, with both destinations side by side in it.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from analytics_platform.delivery.job import Job, Pace
from analytics_platform.staging import MEMORY, open_staging
from analytics_platform.staging.base import Entry
from tests.fakes.clock import Clock
from tests.fakes.destination import UNAVAILABLE, Obedient
from tests.together import Platform, Together

HOUR, MINUTE = 3600.0, 60.0
OUTAGE = 72 * HOUR
A_MINUTE = 6  # events accepted in it
INTERVAL = 10.0  # seconds for a request that the vendor takes: with 100 events each, a hundred times what comes in
USERS = 50
POLL = 10.0  # seconds; a run looks more often, but these are days
FLUSH_INTERVAL = 5.0


class Days:
    """Days of traffic to two destinations, `vendor` and `other`, each with the runs that the sensor starts."""

    def __init__(self, together: Together) -> None:
        self.together = together
        self.staging = open_staging(MEMORY, together.clock)
        self.vendors = {name: Obedient() for name in ("vendor", "other")}
        self.sent_at: list[float] = []  # to `vendor`
        self.arrived_at: dict[str, float] = {}  # at `other`, by messageId
        self.accepted_at: list[float] = []
        self.vendors["other"].will(lambda names: self.arrived_at.update(dict.fromkeys(names, together.elapsed)))
        jobs = {
            name: Job(name, "webhook", vendor, 100, FLUSH_INTERVAL, 1, 96 * HOUR, Pace(poll=POLL))
            for name, vendor in self.vendors.items()
        }
        jobs["vendor"] = Job(
            *("vendor", "webhook", self.vendors["vendor"], 100, FLUSH_INTERVAL, 1, 96 * HOUR, Pace(poll=POLL)),
            rate_limit=1 / INTERVAL,
        )
        self.platform = Platform(together, self.staging, jobs, look=POLL)
        together.start(self._accept)

    def _accept(self) -> None:
        """A minute's events, of one user in turn, and the next ones in a minute."""
        while True:
            now, minute = self.together.clock(), len(self.accepted_at) // A_MINUTE
            numbers = range(len(self.accepted_at), len(self.accepted_at) + A_MINUTE)
            user = f"u{minute % USERS}"
            calls = [json.dumps({"messageId": f"e{number}", "userId": user}) for number in numbers]
            self.staging.append(
                [Entry("web", f"e{number}", now, call) for number, call in zip(numbers, calls, strict=True)]
            )
            self.accepted_at += [self.together.elapsed] * A_MINUTE
            self.together.wait(MINUTE)

    def lags(self) -> list[float]:
        """The seconds that each event has taken to `other`, in the order of their acceptance."""
        return [self.arrived_at[f"e{number}"] - at for number, at in enumerate(self.accepted_at[:-A_MINUTE])]

    def goes_down(self) -> None:
        """From now on `vendor` takes nothing."""
        self.vendors["vendor"].will_answer(UNAVAILABLE)

    def recovers(self) -> None:
        """It takes everything again; the seconds of all requests are noted."""
        self.vendors["vendor"].recovers()
        self.vendors["vendor"].will(lambda _: self.sent_at.append(round(self.together.elapsed, 6)))


@contextmanager
def days() -> Iterator[Days]:
    """New ones."""
    together = Together(Clock())
    found = Days(together)
    yield found
    together.end()
    found.staging.close()


def user_of(number: int) -> int:
    """Whose event it is."""
    return number // A_MINUTE % USERS


@pytest.mark.timeout(900)
def test_three_days_down_lose_nothing_and_need_nobody() -> None:
    """At most 100 failed runs; then all of it, oldest first and within the rate limit. Nobody else notices."""
    with days() as well:
        well.together.run(12 * HOUR)
        usual = well.lags()

    with days() as found:
        found.goes_down()
        found.together.run(OUTAGE)
        failed = [*found.platform.reports["vendor", "live"]]
        found.recovers()
        found.together.run(3 * HOUR)
        arrived = [int(name[1:]) for name in found.vendors["vendor"].delivered]
        reports, lags = found.platform.reports, found.lags()
        dead = found.staging.counts("vendor").dead

    # The runs of the outage
    assert {report.ending for report in failed} == {"down"}
    assert 50 < len(failed) <= 100
    assert {report.ending for report in reports["vendor", "live"][len(failed) :]} == {"drained"}
    # Nothing is lost or doubled; oldest first, but for the first probes; each user's in order
    assert dead == 0
    assert len(arrived) > (OUTAGE + HOUR) / MINUTE * A_MINUTE
    assert sorted(arrived) == [*range(len(arrived))]
    # Probes of three users look up to 1,100 events ahead; from the first full request on, order is that of acceptance.
    assert max(abs(place - number) for place, number in enumerate(arrived)) <= 1100
    assert all(
        [n for n in arrived if user_of(n) == user] == sorted(n for n in arrived if user_of(n) == user)
        for user in range(USERS)
    )
    # Within the rate limit, always: also from one run to the next
    assert len(found.sent_at) > 250
    assert min(round(later - earlier, 6) for earlier, later in pairwise(found.sent_at)) >= INTERVAL
    # The other destination: event by event as if nothing had happened, and so for all three days
    assert lags[: len(usual)] == usual
    assert {*lags} == {*usual}
    assert share(lags) == pytest.approx(share(usual), abs=0.01)
    assert {report.ending for report in reports["other", "live"]} == {"drained"}


def share(lags: list[float]) -> dict[float, float]:
    """How often each lag comes up, of all of them."""
    return {lag: count / len(lags) for lag, count in sorted(Counter(lags).items())}
