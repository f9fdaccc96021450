"""What happens to parts whose supervisor was killed?"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics_platform.supervisor import STOP_FILE
from analytics_platform.supervisor.leftovers import end_leftovers, forget, record
from tests.small_parts import SLEEPS, is_running


@pytest.fixture
def part() -> Iterator[int]:
    """The pid of a part that goes on without its supervisor."""
    with subprocess.Popen([sys.executable, "-c", SLEEPS], start_new_session=True) as process:
        yield process.pid
        process.kill()


def test_what_is_still_alive_is_ended_and_said_so(tmp_path: Path, part: int) -> None:
    """Else two daemons would work at the same data."""
    record(tmp_path, {"daemon": part})
    said: list[str] = []

    end_leftovers(tmp_path, said.append)

    assert said == [f"Ending what a killed `analytics run` has left: daemon (pid {part}) ..."]
    assert not is_running(part)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_another_process_that_has_got_the_pid_is_left_alone(tmp_path: Path, part: int) -> None:
    """A pid alone proves nothing; with the time of its start it does."""
    record(tmp_path, {"daemon": part})
    parts = json.loads((tmp_path / "parts.json").read_text())
    parts["daemon"]["started"] -= 1
    (tmp_path / "parts.json").write_text(json.dumps(parts))
    said: list[str] = []

    end_leftovers(tmp_path, said.append)

    assert said == []
    assert is_running(part)


def test_after_a_clean_stop_there_is_nothing_to_end(tmp_path: Path, part: int) -> None:
    """The usual start says nothing."""
    record(tmp_path, {"daemon": part})
    forget(tmp_path)
    said: list[str] = []

    end_leftovers(tmp_path, said.append)

    assert said == []


def test_a_record_that_a_power_cut_has_spoilt_is_ignored(tmp_path: Path) -> None:
    """After a power cut nothing is left over."""
    (tmp_path / "parts.json").touch()
    said: list[str] = []

    end_leftovers(tmp_path, said.append)

    assert said == []


def test_the_wish_to_stop_does_not_outlast_the_stop(tmp_path: Path) -> None:
    """The runs of the next start must not end because of it."""
    (tmp_path / STOP_FILE).touch()

    end_leftovers(tmp_path, print)

    assert not (tmp_path / STOP_FILE).exists()
