"""Do Dagster's webserver and daemon wait for the code server?"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from analytics_platform.settings import load
from analytics_platform.supervisor.code_server_first import PATIENCE_SECONDS, listens, wait_until
from analytics_platform.supervisor.parts import parts
from tests.fakes.clock import Clock


def started(port: int, *command: str) -> "subprocess.Popen[str]":
    """A command of Dagster's whose code server is to be on this port."""
    where = {"ANALYTICS_CODE_SERVER_HOST": "127.0.0.1", "ANALYTICS_CODE_SERVER_PORT": str(port)}
    return subprocess.Popen(
        [sys.executable, "-m", "analytics_platform.supervisor.code_server_first", *command],
        env={**os.environ, **where},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_command_runs_when_the_code_server_listens() -> None:
    """It is asked for first; then the command runs as its own script would."""
    with (
        socket.create_server(("127.0.0.1", 0)) as code_server,
        started(code_server.getsockname()[1], "dagster-daemon", "--version") as process,
    ):
        connection, _ = code_server.accept()
        connection.close()
        said, _ = process.communicate()

    assert process.returncode == 0
    assert "dagster-daemon, version " in said


@pytest.mark.parametrize("name", ["webserver", "daemon"])
def test_both_that_need_the_code_server_wait_for_it(tmp_path: Path, name: str) -> None:
    """What they would write into their logs without it, at each start, is a page of traceback."""
    [part] = [part for part in parts(load({}, tmp_path), {}, 4266) if part.name == name]

    assert part.command[1:4] == ("-m", "analytics_platform.supervisor.code_server_first", f"dagster-{name}")


def test_waiting_ends_as_soon_as_it_is_there(clock: Clock) -> None:
    """Not before, and not much later."""
    begun = clock()

    wait_until(lambda: clock() >= begun + 3, clock, clock.advance)

    assert clock() - begun == pytest.approx(3, abs=0.1)


def test_what_never_comes_is_not_waited_for_for_ever(clock: Clock) -> None:
    """Without a code server the UI is there all the same, and says what is wrong."""
    begun = clock()

    wait_until(lambda: False, clock, clock.advance)

    assert clock() - begun == pytest.approx(PATIENCE_SECONDS, abs=0.1)


def test_a_port_that_nobody_listens_on_is_no_code_server() -> None:
    """It has just been closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        there = listens("127.0.0.1", port)

    assert (there, listens("127.0.0.1", port)) == (True, False)
