"""Does a replay deliver exactly what is still dead of these runs?"""

from dataclasses import replace

import pytest

from analytics_platform.delivery.job import End
from analytics_platform.delivery.replay import READ, Replay
from analytics_platform.delivery.tally import Tally
from analytics_platform.destinations.base import Outcome
from analytics_platform.staging.base import LeaseLost, replay
from tests.fakes.destination import FORBIDDEN, UNAVAILABLE, throttled
from tests.simulation import Simulation, names

pytest_plugins = ["tests.delivery_fixtures"]


def replay_letters(simulation: Simulation, *run_ids: str, by: str = "replay-1") -> End:
    """Replay what these runs buried, as a run of its own."""
    simulation.staging.start_run(by, "vendor")
    lease = simulation.staging.acquire(replay("vendor"), by)
    assert lease is not None
    end = Replay(simulation.job, lease, run_ids, simulation.surroundings(), Tally()).run()
    simulation.staging.end_run(by, end.ending)
    return end


def test_it_delivers_what_these_runs_have_buried_and_nothing_else(simulation: Simulation) -> None:
    """Neither another run's dead letters nor what is pending."""
    simulation.bury("run-1", "a", "b")
    simulation.bury("run-2", "c")
    simulation.bury("run-3", "d")
    simulation.accept("pending")

    end = replay_letters(simulation, "run-1", "run-3")

    assert end == End("replayed")
    assert simulation.vendor.delivered == ["a", "b", "d"]
    assert simulation.dead("run-1", "run-2", "run-3") == [("c", "HTTP 400")]


def test_nothing_is_delivered_twice(simulation: Simulation) -> None:
    """A second replay finds nothing."""
    simulation.bury("run-1", "a", "b")
    replay_letters(simulation, "run-1")

    end = replay_letters(simulation, "run-1", by="replay-2")

    assert end == End("replayed")
    assert simulation.vendor.requests == [["a", "b"]]


def test_it_keeps_to_the_rate_that_was_asked_for(simulation: Simulation) -> None:
    """Thirty letters in requests of ten, one request in four seconds."""
    simulation.bury("run-1", *names(30))
    simulation.job = replace(simulation.job, rate=0.25)
    began = simulation.elapsed

    replay_letters(simulation, "run-1")

    assert [len(request) for request in simulation.vendor.requests] == [10, 10, 10]
    assert simulation.elapsed - began >= 8.0


def test_what_is_rejected_again_stays_dead_with_the_new_reason(simulation: Simulation) -> None:
    """It still belongs to the run that buried it."""
    simulation.bury("run-1", "a", "b", "c")
    refusal = Outcome("dead_letter", "HTTP 422", rejected={1: "HTTP 422"}, remainder="delivered")
    simulation.vendor.will_answer(refusal)

    replay_letters(simulation, "run-1")

    assert simulation.vendor.delivered == ["a", "c"]
    assert simulation.dead("run-1") == [("b", "HTTP 422")]


def test_more_letters_than_one_reading_are_all_replayed(simulation: Simulation) -> None:
    """Memory is bounded, the number of dead letters is not."""
    letters = names(READ + 10)
    simulation.bury("run-1", *letters)
    bury_later = names(READ + 20)[READ + 10 :]
    simulation.bury("run-2", *bury_later)

    replay_letters(simulation, "run-1", "run-2")

    assert simulation.vendor.delivered == names(READ + 20)


def test_a_vendor_that_is_down_leaves_everything_dead(simulation: Simulation) -> None:
    """It is tried in one batch and a few single letters."""
    simulation.bury("run-1", *names(30))
    simulation.vendor.will_answer(UNAVAILABLE)

    end = replay_letters(simulation, "run-1")

    assert end == End("down", "HTTP 503")
    assert [len(request) for request in simulation.vendor.requests] == [10, 1, 1, 1]
    assert len(simulation.dead("run-1")) == 30


def test_a_letter_that_the_vendor_still_chokes_on_keeps_no_other_one_dead(simulation: Simulation) -> None:
    """What failed together is tried one by one."""
    simulation.bury("run-1", *names(30))
    simulation.vendor.will_choke_on("e3")

    end = replay_letters(simulation, "run-1")

    assert end == End("replayed")
    assert simulation.dead("run-1") == [("e3", "HTTP 503")]
    assert sorted(simulation.vendor.delivered) == sorted({*names(30)} - {"e3"})


def test_a_key_that_is_refused_ends_the_replay(simulation: Simulation) -> None:
    """Everything else would be refused, too."""
    simulation.bury("run-1", *names(30))
    simulation.vendor.will_answer(FORBIDDEN)

    end = replay_letters(simulation, "run-1")

    assert end == End("halted", "HTTP 401")
    assert len(simulation.vendor.requests) == 1


def test_a_short_wait_is_waited(simulation: Simulation) -> None:
    """A rate limit does not make a person press the button again."""
    simulation.bury("run-1", *names(30))
    simulation.vendor.will(lambda _: throttled(7.0) if len(simulation.vendor.requests) % 2 else None)

    end = replay_letters(simulation, "run-1")

    assert end == End("replayed")
    assert sorted(simulation.vendor.delivered) == sorted(names(30))


def test_a_long_wait_fails_the_replay(simulation: Simulation) -> None:
    """With the time after which it makes sense to try again."""
    simulation.bury("run-1", "a")
    simulation.vendor.will_answer(throttled(600.0))

    assert replay_letters(simulation, "run-1") == End("down", "HTTP 429", 600.0)


def test_it_can_be_stopped(simulation: Simulation) -> None:
    """After the request that is out."""
    simulation.bury("run-1", *names(30))
    simulation.vendor.will(lambda _: simulation.stop())

    end = replay_letters(simulation, "run-1")

    assert end.ending == "stopped"
    assert len(simulation.vendor.requests) == 1


def test_a_lost_lease_sends_nothing_more(simulation: Simulation) -> None:
    """Whoever has it now replays the rest."""
    simulation.bury("run-1", *names(30))

    def take_over(_: list[str]) -> None:
        simulation.clock.advance(3600)
        simulation.staging.start_run("thief", "vendor")
        assert simulation.staging.acquire(replay("vendor"), "thief")

    simulation.vendor.will(take_over)
    with pytest.raises(LeaseLost):
        replay_letters(simulation, "run-1")

    assert len(simulation.vendor.requests) == 1
