"""Does the supervisor run until it is told to stop, and then stop everything?"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_parts import IGNORES_SIGTERM, SLEEPS, is_running, signpost

PROGRAM = Path(__file__).parent / "programs" / "keep_running.py"
REPOSITORY = Path(__file__).parents[1]


class Supervisor:
    """A process that keeps one part running."""

    def __init__(self, data_dir: Path, program: str, *arguments: object) -> None:
        (data_dir / "logs").mkdir()
        self._data_dir = data_dir
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, data_dir, program, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self, beginning: str) -> str:
        """Wait until it says a line that begins so."""
        assert self.process.stdout
        return next(line for line in self.process.stdout if line.startswith(beginning))

    def part(self) -> int:
        """The part's process id."""
        pid: int = json.loads((self._data_dir / "parts.json").read_text(encoding="utf-8"))["tiny"]["pid"]
        return pid


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor of a part that sleeps."""
    supervisor = Supervisor(tmp_path, SLEEPS)
    with supervisor.process as process:
        yield supervisor
        process.terminate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_and_the_exit_is_clean(supervisor: Supervisor, number: int) -> None:
    """Ctrl-C, or what a service manager sends: it says so, nothing is left, exit code 0."""
    supervisor.says("Ready.")
    part = supervisor.part()

    supervisor.process.send_signal(number)
    rest, _ = supervisor.process.communicate()

    assert [line.partition(":")[0] for line in rest.splitlines()] == ["Stopping", "Stopped."]
    assert supervisor.process.returncode == 0
    assert not is_running(part)


def test_a_part_that_is_killed_comes_back(supervisor: Supervisor) -> None:
    """After a second, and the terminal says both."""
    supervisor.says("Ready.")
    before = supervisor.part()

    os.kill(before, signal.SIGKILL)
    supervisor.says("tiny was ended by signal 9")
    supervisor.says("tiny has been started again.")

    assert supervisor.part() != before


def test_a_second_ctrl_c_kills_at_once(tmp_path: Path) -> None:
    """The first one waits for runs; the second does not."""
    up = signpost(tmp_path / "up")
    supervisor = Supervisor(tmp_path, IGNORES_SIGTERM, up)
    up.read_text()

    supervisor.process.send_signal(signal.SIGINT)
    supervisor.says("Stopping")
    supervisor.process.send_signal(signal.SIGINT)
    rest, _ = supervisor.process.communicate()

    assert rest.splitlines() == ["Killed what had not ended by itself: tiny.", "Stopped."]


def test_a_service_manager_that_signals_twice_is_not_in_a_hurry(tmp_path: Path) -> None:
    """SIGTERM comes once to the whole group and once more by way of make; only Ctrl-C can mean to kill."""
    up = signpost(tmp_path / "up")
    supervisor = Supervisor(tmp_path, IGNORES_SIGTERM, up)
    up.read_text()

    supervisor.process.terminate()
    supervisor.says("Stopping")
    supervisor.process.terminate()
    os.kill(supervisor.part(), signal.SIGKILL)
    rest, _ = supervisor.process.communicate()

    assert rest.splitlines() == ["Stopped."]
