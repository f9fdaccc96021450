"""What does the `analytics` command say, and with what does it exit?"""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
ANALYTICS = Path(sys.executable).with_name("analytics")


def analytics(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANALYTICS_", "DAGSTER_"))}
    return subprocess.run(
        [ANALYTICS, *arguments], cwd=cwd, env=inherited | environ, capture_output=True, text=True, check=False
    )


def test_without_arguments_it_lists_its_commands(tmp_path: Path) -> None:
    """What can be done is the first thing that one wants to know."""
    done = analytics(cwd=tmp_path)

    assert "Start everything" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("environ", "beginning"),
    [
        ({"ANALYTICS_QUEUE": "redis://localhost"}, "analytics: ANALYTICS_QUEUE: 'redis' is not a staging store"),
        ({"ANALYTICS_DATA_DIR": "taken"}, "analytics: The data folder "),
        (
            {"ANALYTICS_PORT": "8000", "DAGSTER_PORT": "8000"},
            "analytics: ANALYTICS_PORT and DAGSTER_PORT are both 8000",
        ),
    ],
)
def test_what_keeps_it_from_running_is_one_line(tmp_path: Path, environ: dict[str, str], beginning: str) -> None:
    """No traceback, and an exit code that a service manager understands."""
    (tmp_path / "taken").touch()

    done = analytics("run", cwd=tmp_path, **environ)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(beginning)
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    """Found before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = analytics("run", cwd=tmp_path, ANALYTICS_PORT=str(server.getsockname()[1]))

    assert done.returncode == 1
    assert done.stderr.startswith("analytics: The ingest API cannot listen on 127.0.0.1:")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["plan", "generate", "--check"], ["quarantine", "release"]], ids=" ".join)
def test_a_plan_that_is_wrong_is_one_line(tmp_path: Path, command: list[str]) -> None:
    """Whatever the command, its author reads the class and the fault."""
    plan = shutil.copytree(REPOSITORY / "event_registry", tmp_path / "event_registry") / "events.py"
    plan.write_text(plan.read_text() + '\n\nclass Lost(Event, name="report.lost"):\n    """A report was lost."""\n')

    done = analytics(*command, cwd=tmp_path, PYTHONPATH=f"{tmp_path}:{REPOSITORY}")

    assert done.returncode == 1
    assert done.stderr.startswith("analytics: event_registry.events.Lost: the owner is missing")
    assert done.stderr.count("\n") == 1
