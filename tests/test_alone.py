"""Does one part run by itself, for containers and service managers?"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from analytics_platform.cli import app
from analytics_platform.supervisor import STOP_FILE
from analytics_platform.supervisor.checks import claimed
from tests.fakes.product import eventually, free_port

pytestmark = pytest.mark.timeout(300)


IGNORING_CTRL_C = """trap '' INT; exec "$0" "$@" """
"""As what a script starts in the background does; Dagster takes that over for SIGTERM, unless it is kept from it."""


def start(data: Path, name: str, **environ: str) -> "subprocess.Popen[bytes]":
    """Start a part."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("ANALYTICS_", "DAGSTER_"))}
    environment = {**inherited, "ANALYTICS_DATA_DIR": str(data), "PYTHONWARNINGS": "ignore", **environ}
    with (data.parent / f"{name}.out").open("wb") as output:
        return subprocess.Popen(
            ["/bin/sh", "-c", IGNORING_CTRL_C, Path(sys.executable).with_name("analytics"), "part", name],
            env=environment,
            cwd=data.parent,
            stdout=output,
            stderr=output,
        )


def answers(port: int) -> bool:
    """Whether the ingest API takes events there."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=2).status_code == 200
    except requests.RequestException:
        return False


def listens(port: int) -> bool:
    """Whether anything does there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_ingest_api_runs_alone_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """It prepares what it needs, and while it runs nobody else takes the data folder for theirs."""
    data, port = tmp_path / "data", free_port()
    with start(data, "ingest", ANALYTICS_PORT=str(port)) as process:
        try:
            eventually(lambda: answers(port) or process.poll() is not None, bool, 120)
            assert process.poll() is None, (tmp_path / "ingest.out").read_text()
            restored = CliRunner().invoke(app, ["restore", str(tmp_path)], env={"ANALYTICS_DATA_DIR": str(data)})
            with claimed(data, together=True):
                """Another part may run beside it."""
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0

    assert "is no backup" not in restored.output
    assert "`analytics part` uses the data folder" in restored.output
    assert not (data / STOP_FILE).exists()
    assert (data / "dagster" / "dagster.yaml").is_file()


def test_stopping_the_code_server_tells_its_runs_to_stop(tmp_path: Path) -> None:
    """It waits for them, and they look for a file; when it starts again the file is gone."""
    data = tmp_path / "data"
    data.mkdir()
    (data / STOP_FILE).touch()
    port = free_port()
    with start(data, "code-server", ANALYTICS_CODE_SERVER_PORT=str(port)) as process:
        try:
            eventually(lambda: listens(port) or process.poll() is not None, bool, 120)
            assert process.poll() is None, (tmp_path / "code-server.out").read_text()
            assert not (data / STOP_FILE).exists()
        finally:
            process.send_signal(signal.SIGTERM)
        process.wait(100)

    assert (data / STOP_FILE).exists()


def test_a_part_that_there_is_not_is_refused(tmp_path: Path) -> None:
    """With the names of those that there are."""
    result = CliRunner().invoke(app, ["part", "sensor"], env={"ANALYTICS_DATA_DIR": str(tmp_path)})

    assert result.exit_code == 2
    assert "ingest, code-server, webserver, daemon" in " ".join(result.output.split())


def test_a_wrong_setting_ends_it_with_a_sentence(tmp_path: Path) -> None:
    """As `analytics run` does."""
    result = CliRunner().invoke(app, ["part", "ingest"], env={"ANALYTICS_DATA_DIR": str(tmp_path), "DAGSTER_PORT": "x"})

    assert (result.exit_code, result.output) == (
        1,
        "analytics: DAGSTER_PORT: must be a whole number; the default is 3000\n",
    )
