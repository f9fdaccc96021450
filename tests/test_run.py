"""How does a run end, and what does the next one find?"""

from dataclasses import replace
from itertools import count

import pytest

from analytics_platform.delivery.due import Threshold, due
from analytics_platform.staging.base import Ending, StagingError, live
from tests.fakes.destination import FORBIDDEN, UNAVAILABLE, throttled
from tests.simulation import HOUR, MINUTE, Simulation, names
from tests.stores import take

pytest_plugins = ["tests.delivery_fixtures"]


class Bug(Exception):
    """An error of ours."""


class Interruption(BaseException):
    """What Dagster raises in a run that is cancelled in its UI."""


def ending(simulation: Simulation, run_id: str = "run-1") -> Ending | None:
    """What the store knows of the run's end."""
    return simulation.staging.runs([run_id])[0].ending


def lose_lease(simulation: Simulation) -> None:
    """Have another run take over."""
    simulation.lose_lease("thief")


def fail_with(simulation: Simulation, error: BaseException) -> None:
    """Have the adapter raise."""

    def rule(_: list[str]) -> None:
        raise error

    simulation.vendor.will(rule)


# How a drain ends


def test_a_run_that_has_delivered_everything_is_a_success(simulation: Simulation) -> None:
    """Nothing is left to be done."""
    simulation.accept(*names(3))

    report = simulation.run("run-1")

    assert (report.ending, report.is_failure, report.tally.delivered) == ("drained", False, 3)
    assert ending(simulation) == "drained"


def test_a_run_that_has_buried_something_fails_and_names_it(simulation: Simulation) -> None:
    """Promise 2: a dead letter stands under a failed run."""
    simulation.accept(*names(3))
    simulation.vendor.will_refuse("e1")

    report = simulation.run("run-1")

    assert (report.ending, report.is_failure, report.still_dead) == ("buried", True, 1)
    assert [(letter.event.message_id, letter.reason) for letter in report.dead_letters] == [("e1", "HTTP 400")]
    assert ending(simulation) == "buried"


def test_a_run_fails_for_what_an_earlier_try_of_it_has_buried(simulation: Simulation) -> None:
    """What the last try remembers does not count: the store says what is still dead."""
    simulation.accept(*names(20))
    simulation.vendor.will_refuse("e0")
    simulation.vendor.will_choke_on(*names(20)[10:])
    first = simulation.run("run-1", is_last=False)
    simulation.vendor.recovers()

    second = simulation.run("run-1")

    assert (first.ending, first.is_failure) == (None, True)
    assert (second.ending, second.is_failure, second.tally.dead) == ("buried", True, 0)
    assert [letter.event.message_id for letter in second.dead_letters] == ["e0"]


def test_a_try_that_is_not_the_last_keeps_the_lease(simulation: Simulation) -> None:
    """Through the pause, and until a killed process would have been noticed; then it is free."""
    simulation.accept(*names(3))
    simulation.vendor.will_answer(UNAVAILABLE)
    simulation.run("run-1", is_last=False)
    simulation.staging.start_run("run-2", "vendor")

    simulation.clock.advance(60 + 29)
    assert simulation.staging.acquire(live("vendor"), "run-2") is None
    simulation.clock.advance(2)
    assert simulation.staging.acquire(live("vendor"), "run-2") is not None


def test_the_last_try_backs_off(simulation: Simulation) -> None:
    """The next run comes in about a minute, and says so."""
    simulation.accept(*names(3))
    simulation.vendor.will_answer(UNAVAILABLE)

    report = simulation.run("run-1")

    health = simulation.staging.health("vendor")
    assert (report.ending, report.is_failure, report.error) == ("down", True, "HTTP 503")
    assert report.retry_in == pytest.approx(60, rel=0.1)
    assert health.failures == 1
    assert health.retry_at == pytest.approx(simulation.clock() + 60, abs=7)


def test_a_long_wait_that_the_vendor_asks_for_ends_the_run_at_its_first_try(simulation: Simulation) -> None:
    """Trying again within the minute would be what it has asked us not to do."""
    simulation.accept(*names(3))
    simulation.vendor.will_answer(throttled(1800.0))

    report = simulation.run("run-1", is_last=False)

    assert report.ending == "down"
    assert simulation.staging.health("vendor").retry_at == simulation.clock() + 1800


def test_halt_is_not_tried_again_and_buries_nothing(simulation: Simulation) -> None:
    """A wrong key stays wrong for more than a minute; the next run probes it."""
    simulation.accept(*names(3))
    simulation.vendor.will_answer(FORBIDDEN)

    report = simulation.run("run-1", is_last=False)

    assert (report.ending, report.is_failure, report.still_dead) == ("halted", True, 0)
    assert report.retry_in == pytest.approx(60, rel=0.1)


def test_after_a_halt_single_events_probe_whether_the_key_is_mended(simulation: Simulation) -> None:
    """Of three users; then everything goes out, in full requests, without anybody's doing."""
    simulation.accept(*names(50))
    simulation.vendor.will_answer(FORBIDDEN)
    simulation.run("run-1", is_last=False)
    simulation.clock.advance(120.0)
    refused = len(simulation.vendor.requests)
    simulation.run("run-2", is_last=False)
    probes = simulation.vendor.requests[refused:]
    simulation.clock.advance(400.0)
    simulation.vendor.recovers()
    simulation.vendor.requests.clear()

    report = simulation.run("run-3", is_last=False)

    assert [len(request) for request in probes] == [1]
    assert [len(request) for request in simulation.vendor.requests[:3]] == [1, 1, 1]
    assert max(len(request) for request in simulation.vendor.requests) == 10
    assert (report.ending, sorted(simulation.vendor.delivered)) == ("drained", sorted(names(50)))


def test_a_drain_that_is_told_to_stop_is_a_success(simulation: Simulation) -> None:
    """The next one goes on where it was."""
    simulation.after(10.0, simulation.stop)

    report = simulation.run("run-1")

    assert (report.ending, report.is_failure) == ("stopped", False)


def test_a_run_that_is_cancelled_frees_its_lease(simulation: Simulation) -> None:
    """At once, whichever try it was."""
    simulation.accept(*names(3))
    fail_with(simulation, Interruption())

    with pytest.raises(Interruption):
        simulation.run("run-1", is_last=False)

    assert ending(simulation) == "stopped"
    assert not simulation.state().leased


def test_a_run_that_is_cancelled_after_burying_fails_with_its_table(simulation: Simulation) -> None:
    """Or nobody would learn of the letters."""
    simulation.job = replace(simulation.job, batch_size=1)
    simulation.accept("poison", "next")
    fail_with(simulation, Interruption())
    simulation.vendor.will_refuse("poison")

    report = simulation.run("run-1")

    assert (report.ending, report.is_failure, report.still_dead) == ("buried", True, 1)
    assert [letter.event.message_id for letter in report.dead_letters] == ["poison"]
    assert ending(simulation) == "buried"


def test_an_error_of_ours_backs_off_and_is_not_hidden(simulation: Simulation) -> None:
    """A run that crashes every time slows down like one whose vendor is down."""
    simulation.accept(*names(3))
    fail_with(simulation, Bug())

    with pytest.raises(Bug):
        simulation.run("run-1", is_last=False)
    assert ending(simulation) is None
    with pytest.raises(Bug):
        simulation.run("run-1")

    assert ending(simulation) == "crashed"
    assert simulation.staging.health("vendor").last_error == "Bug"
    assert simulation.state().health.retry_at == pytest.approx(simulation.clock() + 60, abs=7)


def test_a_run_that_was_taken_for_dead_says_so(simulation: Simulation) -> None:
    """It fails at once, and leaves the lease to the run that has it now."""
    simulation.accept(*names(30))
    simulation.vendor.will(lambda _: lose_lease(simulation))

    report = simulation.run("run-1", is_last=False)

    assert (report.ending, report.is_failure) == ("died", True)
    assert report.error == "vendor/live belongs to another run now"
    assert len(simulation.vendor.requests) == 1
    assert simulation.staging.acquire(live("vendor"), "thief") is not None


def test_nothing_is_sent_while_the_store_is_away(simulation: Simulation) -> None:
    """Not even the first request."""
    simulation.accept(*names(3))
    simulation.staging.close()

    with pytest.raises(StagingError):
        simulation.run("run-1")

    assert simulation.vendor.requests == []


# One after the other


def test_a_successor_takes_over_without_a_gap(simulation: Simulation) -> None:
    """It waits at the door, and delivers as soon as the run before it has ended."""
    take(simulation.staging, "run-1")
    simulation.accept(*names(10))
    sent_at: list[float] = []
    simulation.vendor.will(lambda _: sent_at.append(simulation.elapsed))
    simulation.every(5.0, lambda: simulation.staging.heartbeat("run-1"), times=2)
    simulation.after(12.0, lambda: simulation.staging.end_run("run-1", "drained"))

    report = simulation.run("run-2")

    assert sent_at == [12.0]
    assert report.ending == "drained"


def test_a_third_run_is_not_needed(simulation: Simulation) -> None:
    """While one delivers and one waits."""
    take(simulation.staging, "run-1")
    simulation.staging.start_run("run-2", "vendor")
    simulation.staging.succeed(live("vendor"), "run-2")
    simulation.accept(*names(10))

    report = simulation.run("run-3")

    assert (report.ending, report.is_failure) == ("drained", False)
    assert report.note is not None
    assert report.note.startswith("not needed: another run delivers")
    assert simulation.vendor.requests == []


def test_a_successor_waits_no_longer_when_it_is_told_to_stop(simulation: Simulation) -> None:
    """Its predecessor may have minutes to go."""
    take(simulation.staging, "run-1")
    simulation.after(10.0, simulation.stop)

    report = simulation.run("run-2")

    assert not report.is_failure
    assert simulation.elapsed <= 10.5


def test_a_successor_leaves_a_vendor_alone_that_its_predecessor_has_found_down(simulation: Simulation) -> None:
    """The vendor may have asked for an hour; the sensor starts the next run when it is over."""
    lease = take(simulation.staging, "run-1")
    simulation.accept(*names(10))
    simulation.after(3.0, lambda: simulation.staging.back_off(lease, simulation.clock() + HOUR, "HTTP 429"))
    simulation.after(4.0, lambda: simulation.staging.end_run("run-1", "down"))

    report = simulation.run("run-2")

    assert (report.ending, report.is_failure) == ("drained", False)
    assert simulation.vendor.requests == []


def test_a_waiting_run_that_was_taken_for_dead_stops_waiting(simulation: Simulation) -> None:
    """Otherwise it could get the lease without a beating heart."""
    take(simulation.staging, "run-1")
    simulation.staging.start_run("run-2", "vendor")
    simulation.staging.end_run("run-2", "died")

    report = simulation.run("run-2", wait=lambda _: None)

    assert (report.ending, report.is_failure) == ("died", True)


def test_an_outage_of_three_days_is_at_most_100_failed_runs_and_loses_nothing(simulation: Simulation) -> None:
    """And all is delivered after it, without a person."""
    simulation.accept(*names(30))
    simulation.vendor.will_answer(UNAVAILABLE)
    reports = []
    over = simulation.clock() + 72 * HOUR

    for number in count():
        while due([simulation.state()], {"vendor": Threshold(10, 5.0)}, {}, simulation.clock()) == []:
            simulation.wait(MINUTE)
        if simulation.clock() > over:
            break
        reports.append(simulation.run(f"run-{number}"))
    simulation.vendor.recovers()
    simulation.run("after-it")

    assert {report.ending for report in reports} == {"down"}
    assert 50 < len(reports) <= 100
    assert sorted(simulation.vendor.delivered) == sorted(names(30))


def test_an_outage_for_longer_than_we_are_patient_does_not_start_more_runs(simulation: Simulation) -> None:
    """To give an event up is no progress: the waits stay an hour long."""
    simulation.accept(*names(30))
    simulation.vendor.will_answer(UNAVAILABLE)
    for number in range(5):
        simulation.run(f"run-{number}")
    simulation.clock.advance(96 * HOUR)

    late = [simulation.run(f"late-{number}") for number in range(3)]

    assert [report.still_dead > 0 for report in late] == [True, True, True]
    assert [report.retry_in for report in late] == [pytest.approx(HOUR, rel=0.1)] * 3
