"""Does a redelivery send history once more, as a stream of its own, beside what is live?"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from analytics_platform.delivery.estimate import estimate
from analytics_platform.delivery.job import Job, Pace
from analytics_platform.destinations.filters import Filter
from analytics_platform.staging import MEMORY, open_staging
from analytics_platform.staging.base import Dead, Entry
from analytics_platform.staging.streams import Part, Redelivery
from analytics_platform.staging.suppression import Person, SuppressionList
from tests.fakes.clock import Clock
from tests.fakes.destination import FORBIDDEN, UNAVAILABLE, Obedient
from tests.simulation import HASH_KEY
from tests.together import Platform, Together

JOB = Job("vendor", "webhook", Obedient(), 10, 2.0, 1, 96 * 3600.0)


class Town(Platform):
    """One destination with its history, `old-0` to `old-99`, which it has had; a minute ago."""

    def __init__(self, together: Together) -> None:
        self.vendor = Obedient()
        staging = open_staging(MEMORY, together.clock)
        job = replace(JOB, destination=self.vendor, pace=Pace(poll=1.0, bury=10.0))
        super().__init__(together, staging, {"vendor": job})
        self.accept("old-", 100)
        together.run(60.0)
        assert len(self.vendor.delivered) == 100
        self.vendor.delivered.clear()
        self.vendor.requests.clear()

    def accept(self, prefix: str, count: int, **fields: object) -> None:
        """Have so many events accepted now, of ten users."""
        calls = [{"type": "track", "event": "e", "userId": f"u{number % 10}", **fields} for number in range(count)]
        self.staging.append(
            [
                Entry("web", f"{prefix}{number}", self.together.clock(), json.dumps(call | {"messageId": f"{number}"}))
                for number, call in enumerate(calls)
            ]
        )

    def redeliver(self, part: Part = Part(0, 100), rate: float = 0) -> Redelivery:  # noqa: B008  a value
        """Ask for history once more."""
        return self.staging.redeliver("vendor", part, rate)

    def state(self) -> Redelivery:
        """How far the first redelivery is."""
        return self.staging.redeliveries()[0]


@pytest.fixture
def together(clock: Clock) -> Together:
    """A time for all."""
    return Together(clock)


@pytest.fixture
def town(together: Together) -> Iterator[Town]:
    """A destination that has had its history, and live delivery that goes on."""
    town = Town(together)
    with closing(town.staging):
        yield town
        together.end()


def numbered(prefix: str, count: int) -> list[str]:
    """So many messageIds."""
    return [f"{prefix}{number}" for number in range(count)]


def test_it_sends_its_part_of_history_and_ends_by_itself(town: Town, together: Together) -> None:
    """In order, in full requests, once; its run is green and says how far it got."""
    redelivery = town.redeliver(Part(9, 90))

    together.run(60.0)

    assert town.vendor.delivered == [f"old-{number}" for number in range(9, 90)]
    assert {len(request) for request in town.vendor.requests} == {10, 1}
    (report,) = town.reports["vendor", redelivery.stream]
    assert (report.ending, report.is_failure, report.tally.delivered) == ("drained", False, 81)
    assert report.redelivery == town.state()
    assert (town.state().progress, town.state().ended_at is not None) == (1.0, True)
    together.run(600.0)
    assert len(town.reports["vendor", redelivery.stream]) == 1
    assert town.staging.counts("vendor").delivered == 100


def test_live_delivery_goes_on_beside_it_in_order_and_undelayed(town: Town, together: Together) -> None:
    """What is accepted meanwhile arrives within the flush interval, as it would without the redelivery."""
    arrived: dict[str, float] = {}
    town.vendor.will(lambda names: arrived.update(dict.fromkeys(names, together.elapsed)))
    slowest = []
    for prefix in ("alone-", "beside-"):
        if prefix == "beside-":
            town.redeliver(rate=0.2)
        lags = []
        for number in range(60):
            accepted, names = together.elapsed, [f"{prefix}{number}-{which}" for which in (0, 1)]
            town.accept(f"{prefix}{number}-", 2)
            together.run(5.0)
            lags += [arrived[name] - accepted for name in names]
        mine = [name for name in town.vendor.delivered if name.startswith(prefix)]
        assert mine == [f"{prefix}{number}-{which}" for number in range(60) for which in (0, 1)]
        slowest.append(max(lags))

    assert slowest[0] == slowest[1] <= 2.0 + 1.0  # the flush interval, and the run's look
    assert [name for name in town.vendor.delivered if name.startswith("old-")] == numbered("old-", 100)


def test_it_keeps_to_its_own_rate(town: Town, together: Together) -> None:
    """A hundred events in requests of ten, one request in twenty seconds."""
    town.redeliver(rate=0.05)
    began = together.elapsed

    together.run(100.0)
    under_way = len(town.vendor.delivered)
    together.run(120.0)

    assert 40 <= under_way <= 50
    assert len(town.vendor.delivered) == 100
    assert together.elapsed - began == 220.0


def test_it_says_each_minute_how_far_it_is(town: Town, together: Together) -> None:
    """In the log of its run, which Dagster shows."""
    town.redeliver(rate=0.05)

    together.run(150.0)

    assert town.told[0].startswith("redelivery-1: ")
    assert town.told[0].endswith(" delivered")
    assert len(town.told) == 2


def test_it_may_be_cancelled_while_it_runs(town: Town, together: Together) -> None:
    """The run ends by itself, green; what it has not sent stays unsent."""
    redelivery = town.redeliver(rate=0.05)
    together.run(90.0)

    town.staging.cancel_redelivery(redelivery.stream)
    together.run(30.0)
    sent = len(town.vendor.delivered)
    together.run(600.0)

    (report,) = town.reports["vendor", redelivery.stream]
    assert (report.ending, len(town.vendor.delivered)) == ("drained", sent)
    assert 30 <= sent <= 50
    assert town.state().is_cancelled


def test_it_goes_on_in_the_next_run_when_one_has_had_its_time(town: Town, together: Together) -> None:
    """And after one that was killed: nothing is left out, nothing confirmed is sent again."""
    town.jobs["vendor"] = replace(town.jobs["vendor"], pace=Pace(window=60.0, hand_over=15.0, poll=1.0))
    redelivery = town.redeliver(rate=0.05)
    together.run(100.0)
    town.kill(("vendor", redelivery.stream))

    together.run(400.0)

    assert sorted(town.vendor.delivered) == sorted(numbered("old-", 100))
    assert len(town.reports["vendor", redelivery.stream]) >= 3
    assert town.state().ended_at is not None


def test_what_it_buries_fails_its_run_and_a_re_execution_delivers_it(town: Town, together: Together) -> None:
    """As for any stream; the redelivery is over all the same."""
    town.vendor.will_refuse("old-33")
    redelivery = town.redeliver()
    together.run(60.0)
    (report,) = town.reports["vendor", redelivery.stream]
    letters = town.staging.dead_letters(Dead(), 0, 10)
    town.vendor.recovers()

    town.re_execute(("vendor", redelivery.stream), letters[0].run_id)
    together.run(60.0)

    assert (report.ending, report.is_failure, report.still_dead) == ("buried", True, 1)
    assert town.state().ended_at is not None
    assert town.reports["vendor", redelivery.stream][1].ending == "replayed"
    assert sorted(town.vendor.delivered) == sorted(numbered("old-", 100))


@pytest.mark.parametrize("answer", [UNAVAILABLE, FORBIDDEN])
def test_it_backs_off_as_any_stream_and_goes_on_by_itself(town: Town, together: Together, answer: object) -> None:
    """Its failures are its own: live delivery, which has nothing to send, is not told to wait."""
    town.vendor.will(lambda _: answer)  # type: ignore[arg-type,return-value]
    redelivery = town.redeliver()
    together.run(90.0)
    failed = town.staging.health("vendor", redelivery.stream)
    usual = town.staging.health("vendor")
    town.vendor.recovers()

    together.run(400.0)

    assert failed.failures >= 1
    assert usual.failures == 0
    assert sorted(town.vendor.delivered) == sorted(numbered("old-", 100))
    assert town.state().ended_at is not None


def test_it_waits_while_live_delivery_does_not_get_on(town: Town, together: Together) -> None:
    """The vendor takes nothing that is new: then history would only be in the way; it comes when live is through."""
    town.vendor.will(lambda names: UNAVAILABLE if any(name.startswith("new-") for name in names) else None)
    town.accept("new-", 20)
    together.run(30.0)
    town.redeliver()
    together.run(600.0)
    meanwhile = [*town.vendor.delivered]
    town.vendor.recovers()

    together.run(2400.0)

    assert meanwhile == []
    assert sorted(town.vendor.delivered[:20]) == sorted(numbered("new-", 20))
    assert sorted(town.vendor.delivered[20:]) == sorted(numbered("old-", 100))
    assert town.state().ended_at is not None


def test_a_run_of_it_gives_way_when_live_delivery_falls_behind(town: Town, together: Together) -> None:
    """In the middle, and goes on afterwards."""
    town.redeliver(rate=0.1)
    together.run(40.0)
    town.vendor.will(lambda names: UNAVAILABLE if any(name.startswith("new-") for name in names) else None)
    town.accept("new-", 20)
    together.run(60.0)
    before = len(town.vendor.delivered)
    together.run(200.0)
    meanwhile = len(town.vendor.delivered) - before
    town.vendor.recovers()
    together.run(3000.0)

    assert 0 < before < 100
    assert meanwhile == 0
    assert len(town.vendor.delivered) == 120


def test_what_is_not_for_it_is_not_sent(town: Town, together: Together) -> None:
    """By the event and the time that were asked for, by today's routes, and by today's suppression list."""
    town.accept("other-", 10, event="other")
    together.run(60.0)
    start = together.clock()
    town.accept("late-", 10)
    town.accept("denied-", 10, event="denied")
    town.accept("elsewhere-", 10, integrations={"All": False})
    together.run(60.0)
    town.vendor.delivered.clear()
    suppressed = SuppressionList(town.staging, HASH_KEY)
    suppressed.add([Person("user", "u3")])
    town.jobs["vendor"] = replace(town.jobs["vendor"], filter=Filter(deny=["denied"]))
    last = town.staging.head()

    town.redeliver(Part(0, last, since=start))
    town.redeliver(Part(0, last, event="other"))
    together.run(60.0)

    by_time, by_event = town.staging.redeliveries()
    assert sorted(town.vendor.delivered) == sorted(
        name for prefix in ("late-", "other-") for name in numbered(prefix, 10) if not name.endswith("-3")
    )
    assert (by_time.delivered, by_time.skipped, by_event.delivered, by_event.skipped) == (9, 21, 9, 1)
    assert (by_time.progress, by_event.progress) == (1.0, 1.0)


def test_an_estimate_is_what_is_sent(town: Town, together: Together) -> None:
    """Counted beforehand by the same rules, and how long it takes at the slower of the two rates."""
    town.accept("elsewhere-", 10, integrations={"All": False})
    together.run(60.0)
    suppressed = SuppressionList(town.staging, HASH_KEY)
    suppressed.add([Person("user", "u3")])
    job = replace(town.jobs["vendor"], rate_limit=0.5, rate=2.0)
    part = Part(5, 110, event="e")

    found = estimate(town.staging, job, part, suppressed.among)
    town.vendor.delivered.clear()
    town.redeliver(part)
    together.run(120.0)

    assert (found.sent, found.kept) == (86, 19)
    assert len(town.vendor.delivered) == found.sent
    assert found.seconds(job) == 9 / 0.5
    assert found.seconds(replace(job, rate_limit=0, rate=0)) is None
    assert (found.first_at, found.last_at) == (together.began, together.began)
    assert estimate(town.staging, job, Part(110, 110), suppressed.among).first_at is None
