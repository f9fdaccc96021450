"""What becomes of a part that dies, and of one that is to stop?"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analytics_platform.supervisor import STOP_FILE
from analytics_platform.supervisor.keeper import Keeper, pause_before_restart
from analytics_platform.supervisor.parts import Part
from tests.fakes.clock import Clock
from tests.small_parts import (
    IGNORES_SIGTERM,
    RECORDS_ITS_END,
    SLEEPS,
    STARTS_ANOTHER_AND_ENDS,
    is_running,
    part,
    signpost,
    wait_for_death,
)

Keep = Callable[..., Keeper]


@pytest.fixture
def said() -> list[str]:
    """What the person at the terminal has been told."""
    return []


@pytest.fixture
def keep(tmp_path: Path, clock: Clock, said: list[str]) -> Iterator[Keep]:
    """Starts parts that end with the test."""
    (tmp_path / "logs").mkdir()
    keepers: list[Keeper] = []

    def start(*parts: Part) -> Keeper:
        keepers.append(Keeper(parts, tmp_path, said.append, clock))
        keepers[-1].start()
        return keepers[-1]

    yield start
    for keeper in keepers:
        keeper.stop(is_hurried=lambda: True)


def let_die(keeper: Keeper, clock: Clock, times: int = 1) -> None:
    """Let the one part die by itself so often, and notice it; its pauses pass in between."""
    for turn in range(times):
        if turn:
            clock.advance(30)
            keeper.tend()
        wait_for_death(keeper.pids()["tiny"])
        keeper.tend()


# A part that dies


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (10_000, 30)]
)
def test_the_pause_doubles_up_to_half_a_minute(failures: int, seconds: float) -> None:
    """1, 2, 4 ... 30 seconds, however long it goes on."""
    assert pause_before_restart(failures) == seconds


def test_a_death_is_told_with_exit_code_log_and_its_last_line(
    keep: Keep, clock: Clock, said: list[str], tmp_path: Path
) -> None:
    """The terminal names all that one needs to look further."""
    keeper = keep(part("print('begin'); raise SystemExit('no such table: events')"))

    let_die(keeper, clock)

    [text] = said
    assert text == (
        "tiny ended with exit code 1; it will be started again in 1 s. "
        f"Its log {tmp_path}/logs/tiny.log ends with: no such table: events"
    )
    assert (tmp_path / "logs" / "tiny.log").read_text() == "begin\nno such table: events\n"


def test_a_kill_is_told_as_one(keep: Keep, said: list[str]) -> None:
    """A part that the system has killed, for want of memory for instance, is told from one that gave up."""
    keeper = keep(part(SLEEPS))
    pid = keeper.pids()["tiny"]

    os.kill(pid, signal.SIGKILL)
    wait_for_death(pid)
    keeper.tend()

    assert said[0].startswith("tiny was ended by signal 9 (Killed);")


def test_a_dead_part_is_started_again_when_its_pause_is_over(keep: Keep, clock: Clock, said: list[str]) -> None:
    """Not before."""
    keeper = keep(part("pass"))
    let_die(keeper, clock)

    clock.advance(0.9)
    keeper.tend()
    early = keeper.pids()
    clock.advance(0.1)
    keeper.tend()

    assert early == {}
    assert [*keeper.pids()] == ["tiny"]
    assert said[-1] == "tiny has been started again."


def test_the_other_parts_go_on(keep: Keep, clock: Clock) -> None:
    """The death of one part is nothing to the others."""
    keeper = keep(part("pass"), part(SLEEPS, name="other"))
    before = keeper.pids()["other"]

    let_die(keeper, clock)

    assert keeper.pids() == {"other": before}


def test_a_part_that_keeps_dying_waits_longer_each_time(keep: Keep, clock: Clock, said: list[str]) -> None:
    """Three deaths in a row: four seconds."""
    keeper = keep(part("pass"))

    let_die(keeper, clock, times=3)

    assert "in 4 s" in said[-1]


def test_a_part_that_ran_for_a_minute_is_started_again_soon(keep: Keep, clock: Clock, said: list[str]) -> None:
    """Its earlier deaths are forgotten."""
    keeper = keep(part("pass"))
    let_die(keeper, clock, times=3)
    clock.advance(30)
    keeper.tend()

    clock.advance(60)
    let_die(keeper, clock)

    assert "in 1 s" in said[-1]


def test_a_part_that_never_stays_up_is_pointed_out_and_not_given_up(keep: Keep, clock: Clock, said: list[str]) -> None:
    """After five deaths in a row once a plainer word; the tries go on."""
    keeper = keep(part("pass"))

    let_die(keeper, clock, times=7)

    assert [text.partition(",")[0] for text in said if "in a row" in text] == ["tiny has died 5 times in a row"]
    assert "started again in 30 s" in said[-1]


def test_a_part_that_cannot_even_be_started_is_tried_again(keep: Keep, clock: Clock, said: list[str]) -> None:
    """Too little memory for one more process is a passing trouble, too."""
    keeper = keep(Part("tiny", ("/no/such/program",), {}))

    clock.advance(1)
    keeper.tend()

    assert [text.partition(".")[0] for text in said] == [
        "tiny cannot be started: No such file or directory; it will be started again in 1 s",
        "tiny cannot be started: No such file or directory; it will be started again in 2 s",
    ]


# A part that is to stop


def test_stopping_ends_all_parts(keep: Keep, tmp_path: Path, said: list[str]) -> None:
    """Nothing is left running, nothing is left recorded, and there is nothing to tell."""
    keeper = keep(part(SLEEPS, name="one"), part(SLEEPS, name="two"))
    pids = keeper.pids()

    keeper.stop()

    assert [pid for pid in pids.values() if is_running(pid)] == []
    assert not (tmp_path / "parts.json").exists()
    assert said == []


def test_the_part_that_runs_happen_in_is_stopped_last(keep: Keep, tmp_path: Path) -> None:
    """Whoever starts runs ends before what carries them out."""
    ups = [signpost(tmp_path / name) for name in ("up-1", "up-2")]
    ends = tmp_path / "ends"
    keeper = keep(
        part(RECORDS_ITS_END, ups[0], ends, "code-server", name="code server", stops_last=True),
        part(RECORDS_ITS_END, ups[1], ends, "daemon", name="daemon"),
    )
    up = [path.read_text() for path in ups]

    keeper.stop()

    assert up == ["", ""]
    assert ends.read_text().split() == ["daemon", "code-server"]


def test_runs_are_told_to_end_before_the_parts_are(keep: Keep, tmp_path: Path) -> None:
    """The file that they look for is there when the first part is asked to stop."""
    up, looks = signpost(tmp_path / "up"), tmp_path / "looks"
    program = RECORDS_ITS_END.replace("sys.argv[3]", "str(__import__('os').path.exists(sys.argv[3]))")
    keeper = keep(part(program, up, looks, tmp_path / STOP_FILE))
    up.read_text()

    keeper.stop()

    assert looks.read_text().split() == ["True"]


def test_what_does_not_end_in_time_is_killed_and_named(keep: Keep, tmp_path: Path, said: list[str]) -> None:
    """Stopping has an end."""
    up = signpost(tmp_path / "up")
    keeper = keep(part(IGNORES_SIGTERM, up, name="stubborn"), part(SLEEPS, name="other"))
    pids = keeper.pids()
    up.read_text()

    keeper.stop(grace=0.1)

    assert not is_running(pids["stubborn"])
    assert said == ["Killed what had not ended by itself: stubborn."]


def test_a_second_wish_to_stop_kills_at_once(keep: Keep, tmp_path: Path, said: list[str]) -> None:
    """Whoever presses Ctrl-C twice does not want to wait."""
    up = signpost(tmp_path / "up")
    keeper = keep(part(IGNORES_SIGTERM, up, name="stubborn"))
    up.read_text()

    keeper.stop(is_hurried=lambda: True)

    assert said == ["Killed what had not ended by itself: stubborn."]


def test_what_a_dead_part_has_left_is_stopped_too(keep: Keep, clock: Clock, tmp_path: Path, said: list[str]) -> None:
    """A run outlives its code server, but not the supervisor."""
    up = signpost(tmp_path / "up")
    keeper = keep(part(STARTS_ANOTHER_AND_ENDS, IGNORES_SIGTERM, up))
    up.read_text()
    let_die(keeper, clock)

    keeper.stop(grace=0.1)

    assert said[-1] == "Killed what had not ended by itself: tiny."


def test_parts_are_out_of_reach_of_the_terminal(keep: Keep) -> None:
    """A session of its own: Ctrl-C reaches the supervisor alone, which then stops the parts in order."""
    keeper = keep(part(SLEEPS))

    pid = keeper.pids()["tiny"]

    assert os.getsid(pid) == pid
