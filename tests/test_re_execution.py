"""What does re-executing a run do, for every way in which it ended?"""

import pytest

from analytics_platform.delivery.run import TURN_SECONDS
from analytics_platform.destinations.base import Outcome
from analytics_platform.staging.base import Ending, Lease, Settlement, replay
from tests.fakes.destination import FORBIDDEN, UNAVAILABLE
from tests.simulation import Simulation, names
from tests.stores import pending_ids, take

pytest_plugins = ["tests.delivery_fixtures"]


def settle_all(simulation: Simulation, lease: Lease) -> None:
    """Do what a drain does."""
    simulation.staging.settle(lease, Settlement(delivered=simulation.staging.pending("vendor", 100)))


def test_a_re_execution_delivers_exactly_what_is_still_dead(simulation: Simulation) -> None:
    """Nothing twice, and neither another run's dead letters nor what is pending."""
    simulation.bury("run-1", "a", "b")
    simulation.bury("run-2", "c")
    simulation.accept("pending")

    report = simulation.run("run-3", "run-1")

    assert (report.ending, report.is_failure, report.still_dead) == ("replayed", False, 0)
    assert simulation.vendor.delivered == ["a", "b"]


def test_a_re_execution_of_a_re_execution_delivers_what_the_first_run_has_left(simulation: Simulation) -> None:
    """The chain answers for all of it."""
    simulation.bury("run-1", "a", "b")
    simulation.vendor.will_refuse("b")
    failed = simulation.run("run-2", "run-1")
    simulation.vendor.recovers()

    report = simulation.run("run-3", "run-2", "run-1")

    assert (failed.ending, failed.is_failure, failed.still_dead) == ("buried", True, 1)
    assert (report.ending, report.is_failure) == ("replayed", False)
    assert simulation.vendor.delivered == ["a", "b"]


def test_a_re_execution_with_nothing_left_says_so(simulation: Simulation) -> None:
    """Pressing the button twice sends nothing twice."""
    simulation.bury("run-1", "a")
    simulation.run("run-2", "run-1")

    report = simulation.run("run-3", "run-1")

    assert (report.ending, report.is_failure) == ("replayed", False)
    assert report.note == "nothing to do: the re-executed run left no dead letter that is still open"
    assert simulation.vendor.delivered == ["a"]


def test_two_replays_at_once_send_no_letter_twice(simulation: Simulation) -> None:
    """The second one waits for the first one's lease, and then finds nothing."""
    simulation.bury("run-1", "a", "b")

    second: list[Lease | None] = []
    simulation.staging.start_run("run-3", "vendor")
    simulation.vendor.will(lambda _: second.append(simulation.staging.acquire(replay("vendor"), "run-3")))
    simulation.run("run-2", "run-1")

    report = simulation.run("run-3", "run-1")

    assert second == [None]
    assert (report.ending, report.is_failure) == ("replayed", False)
    assert simulation.vendor.delivered == ["a", "b"]


def test_a_replay_waits_for_its_turn(simulation: Simulation) -> None:
    """And does its work once the other one has ended."""
    simulation.bury("run-1", "a")
    simulation.staging.start_run("other", "vendor")
    simulation.staging.acquire(replay("vendor"), "other")
    simulation.every(10.0, lambda: simulation.staging.heartbeat("other"), times=10)
    simulation.after(100.0, lambda: simulation.staging.end_run("other", "replayed"))
    started = simulation.elapsed

    report = simulation.run("run-2", "run-1")

    assert (report.ending, report.is_failure) == ("replayed", False)
    assert simulation.elapsed - started == 100.0
    assert simulation.vendor.delivered == ["a"]


def test_a_third_replay_does_not_wait(simulation: Simulation) -> None:
    """Each one that waits holds a place among Dagster's runs, and drains need theirs."""
    simulation.bury("run-1", "a")
    for run_id in ("first", "second"):
        simulation.staging.start_run(run_id, "vendor")
    simulation.staging.acquire(replay("vendor"), "first")
    simulation.staging.succeed(replay("vendor"), "second")
    started = simulation.elapsed

    report = simulation.run("third", "run-1")

    assert (report.ending, report.is_failure, report.still_dead) == ("buried", True, 1)
    assert "another one waits" in (report.error or "")
    assert simulation.elapsed == started


def test_a_replay_whose_turn_never_comes_does_not_end_green(simulation: Simulation) -> None:
    """It waits for ten minutes."""
    simulation.bury("run-1", "a")
    simulation.staging.start_run("other", "vendor")
    simulation.staging.acquire(replay("vendor"), "other")
    simulation.every(10.0, lambda: simulation.staging.heartbeat("other"), times=100)
    started = simulation.elapsed

    report = simulation.run("run-2", "run-1", is_last=False)

    assert (report.ending, report.is_failure, report.still_dead) == ("buried", True, 1)
    assert simulation.elapsed - started == pytest.approx(TURN_SECONDS, abs=1)


def test_a_replay_whose_vendor_is_down_does_not_end_green(simulation: Simulation) -> None:
    """Nor does it make the live stream wait."""
    simulation.bury("run-1", "a")
    simulation.vendor.will_answer(UNAVAILABLE)

    first = simulation.run("run-2", "run-1", is_last=False)
    last = simulation.run("run-2", "run-1")

    assert (first.ending, first.is_failure) == (None, True)
    assert (last.ending, last.is_failure, last.still_dead) == ("down", True, 1)
    assert simulation.staging.health("vendor").failures == 0


def test_a_replay_that_is_told_to_stop_does_not_end_green(simulation: Simulation) -> None:
    """There is more to do."""
    simulation.bury("run-1", *names(30))
    simulation.vendor.will(lambda _: simulation.stop())

    report = simulation.run("run-2", "run-1")

    assert (report.is_failure, report.still_dead) == (True, 20)


@pytest.mark.parametrize("outcome", [UNAVAILABLE, FORBIDDEN])
def test_re_executing_a_run_whose_vendor_was_down_tries_again_at_once(simulation: Simulation, outcome: Outcome) -> None:
    """Whatever `retry_at` says."""
    simulation.accept(*names(3))
    simulation.vendor.will_answer(outcome)
    simulation.run("run-1")
    simulation.vendor.recovers()
    started = simulation.elapsed

    report = simulation.run("run-2", "run-1")

    assert (report.ending, report.is_failure, report.tally.delivered) == ("replayed", False, 3)
    assert simulation.elapsed - started < 1
    assert simulation.state().health.retry_at is None


def test_re_executing_a_run_whose_vendor_is_still_down_fails_and_backs_off(simulation: Simulation) -> None:
    """It is one more failure in a row."""
    simulation.accept(*names(3))
    simulation.vendor.will_answer(UNAVAILABLE)
    simulation.run("run-1")

    report = simulation.run("run-2", "run-1")

    assert (report.ending, report.is_failure) == ("down", True)
    assert report.retry_in == pytest.approx(300, rel=0.1)


def test_re_executing_a_run_whose_vendor_was_down_sees_a_living_drain_do_it(simulation: Simulation) -> None:
    """It waits until everything up to here is settled, and sends nothing itself."""
    simulation.accept(*names(3))
    simulation.vendor.will_answer(UNAVAILABLE)
    simulation.run("run-1")
    simulation.vendor.recovers()
    lease = take(simulation.staging, "drain")
    simulation.vendor.requests.clear()

    report = simulation.run("run-2", "run-1", wait=lambda _: settle_all(simulation, lease))

    assert (report.ending, report.is_failure) == ("replayed", False)
    assert simulation.vendor.requests == []


def test_a_re_execution_delivers_dead_letters_and_what_was_pending(simulation: Simulation) -> None:
    """Of a run that buried something before its vendor went down."""
    simulation.accept(*names(20))
    simulation.vendor.will_refuse("e0")
    simulation.vendor.will_choke_on(*names(20)[10:])
    simulation.run("run-1")
    simulation.vendor.recovers()

    report = simulation.run("run-2", "run-1")

    assert (report.ending, report.is_failure) == ("replayed", False)
    assert sorted(simulation.vendor.delivered) == sorted(names(20))


def test_a_re_execution_that_runs_out_of_time_does_not_end_green(simulation: Simulation) -> None:
    """A slow vendor and a long backlog: live delivery goes on with it, undelayed."""
    simulation.accept(*names(100))
    simulation.vendor.will_answer(UNAVAILABLE)
    simulation.run("run-1")
    simulation.vendor.recovers()
    simulation.vendor.will(lambda _: simulation.wait(100.0))

    report = simulation.run("run-2", "run-1", is_last=False)

    assert (report.ending, report.is_failure) == ("stopped", True)
    assert report.error == "it had to end before everything was delivered; live delivery goes on"
    assert simulation.staging.health("vendor").retry_at is None


@pytest.mark.parametrize("how", ["stopped", "drained", "died"])
def test_re_executing_a_run_that_was_killed_stopped_or_drained_has_nothing_to_do(
    simulation: Simulation, how: Ending
) -> None:
    """It left nothing dead; what is pending is the next drain's."""
    take(simulation.staging, "run-1")
    simulation.staging.end_run("run-1", how)
    simulation.accept(*names(3))

    report = simulation.run("run-2", "run-1")

    assert (report.ending, report.is_failure) == ("replayed", False)
    assert report.note is not None
    assert report.note.startswith("nothing to do")
    assert pending_ids(simulation.staging) == names(3)
