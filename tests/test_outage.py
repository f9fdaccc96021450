"""What does a destination that is down for three days cost, and whom?

In proportion: one event in ten seconds stands for 100 a second, so a thousandth of them, of the requests and of the
rate limit; time is simulated at its full length.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from analytics_platform.delivery.due import Threshold, due, has_budget
from analytics_platform.delivery.job import Job, Pace
from analytics_platform.delivery.run import Attempt, Report, execute
from tests.fakes.destination import UNAVAILABLE, Obedient
from tests.simulation import HOUR, MINUTE, Simulation

pytest_plugins = ["tests.delivery_fixtures"]

OUTAGE = 72 * HOUR
A_MINUTE = 6  # events accepted in it
LIMIT = 0.1  # requests a second that the vendor takes after it: with 100 events each, a hundred times what comes in
USERS = 50
POLL = 5.0  # seconds; a run looks more often, but these are days
THRESHOLD = Threshold(batch_size=100, flush_interval=5.0)


def user_of(number: int) -> int:
    """Whose event it is."""
    return number // A_MINUTE % USERS


@dataclass
class Days:
    """Days of traffic to two destinations, `vendor` and `other`, each with the runs that the sensor would start."""

    simulation: Simulation
    other: Obedient
    reports: dict[str, list[Report]]
    accepted: int = 0
    limit: float = 0  # requests a second to `vendor`; none while its runs have to take no time

    def job(self, name: str) -> Job:
        """What a run of the destination works on."""
        job = replace(self.simulation.job, batch_size=100, rate_limit=self.limit, pace=Pace(poll=POLL))
        return job if name == "vendor" else replace(job, name="other", destination=self.other, rate_limit=0)

    def accept(self) -> None:
        """Have a minute's events accepted, of one user in turn, and the next ones in a minute."""
        names = [f"e{self.accepted + number}" for number in range(A_MINUTE)]
        self.simulation.accept(*names, userId=f"u{user_of(self.accepted)}")
        self.accepted += A_MINUTE
        self.simulation.after(MINUTE, self.accept)

    def run_beside(self, name: str, until: float) -> None:
        """Give a destination its runs while others work, up to a time; they must take no time themselves."""
        self.run_if_due(name)
        if self.simulation.elapsed < until:
            self.simulation.after(30.0, lambda: self.run_beside(name, until))

    def run_if_due(self, name: str) -> None:
        """What the sensor does for a destination."""
        now, reports = self.simulation.clock(), self.reports[name]
        state = self.simulation.staging.streams([name], 1000)[0]
        if due([state], {name: THRESHOLD}, {}, now) and has_budget(self.starts[name][-100:], now):
            self.starts[name].append(now)
            run_id = f"{name}-{len(reports)}"
            self.simulation.beat_for(run_id)
            reports.append(execute(self.job(name), Attempt(run_id), self.simulation.surroundings()))

    def __post_init__(self) -> None:
        """No run has been started yet."""
        self.starts: dict[str, list[float]] = {name: [] for name in self.reports}

    def minutes(self, count: int, *names: str) -> None:
        """Let minutes pass: events come in, and these destinations get their runs meanwhile."""
        end = self.simulation.elapsed + count * MINUTE
        while self.simulation.elapsed < end:
            for name in names:
                self.run_if_due(name)
            self.simulation.wait(POLL)


@pytest.fixture
def days(simulation: Simulation) -> Days:
    """Traffic that goes on, and a vendor that is down."""
    days = Days(simulation, Obedient(), {"vendor": [], "other": []})
    days.accept()
    simulation.vendor.will_answer(UNAVAILABLE)
    return days


def test_three_days_down_lose_nothing_and_need_nobody(days: Days) -> None:
    """At most 100 failed runs; then all of it, oldest first and within the rate limit. Nobody else notices."""
    simulation, sent_at = days.simulation, list[float]()
    days.run_beside("vendor", until=OUTAGE)
    days.minutes(66 * 60)
    simulation.staging.register(["other"])  # to watch it for the last hours
    days.minutes(6 * 60, "other")
    failed = [*days.reports["vendor"]]
    simulation.vendor.recovers()
    days.limit = LIMIT
    simulation.vendor.will(lambda _: sent_at.append(simulation.elapsed))
    days.minutes(2 * 60, "vendor")

    arrived = [int(name[1:]) for name in simulation.vendor.delivered]
    lags = [report.tally.lags.quantile(0.95) or 0.0 for report in days.reports["other"]]
    assert {report.ending for report in failed} == {"down"}
    assert 50 < len(failed) <= 100
    assert {report.ending for report in days.reports["vendor"][len(failed) :]} == {"drained"}
    assert len(arrived) == len({*arrived}) > OUTAGE / MINUTE * A_MINUTE
    assert sorted(arrived) == [*range(len(arrived))]
    assert max(abs(place - number) for place, number in enumerate(arrived)) <= 1100  # the probes look ahead
    assert [n for n in arrived if user_of(n) == 7] == sorted(n for n in arrived if user_of(n) == 7)
    too_early = [later - earlier for earlier, later in pairwise(sent_at) if later - earlier < 0.9 / LIMIT]
    assert len(too_early) < len(days.reports["vendor"]) - len(failed)  # each run begins its rate anew
    assert simulation.staging.counts("vendor").dead == 0
    assert {report.ending for report in days.reports["other"]} == {"drained"}
    assert max(lags) <= THRESHOLD.flush_interval + 3 * POLL  # of the sensor, of the run, of the test itself
