"""The ingest process as `python -m ingest_api` starts it, with settings of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.fakes.product import eventually
from tests.running_api import TIMEOUT

REPOSITORY = Path(__file__).resolve().parents[1]


def command(data: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """Start it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")}
    return subprocess.Popen(
        [sys.executable, "-m", "ingest_api", *arguments],
        cwd=data,
        env={**inherited, "PYTHONPATH": str(REPOSITORY), "ANALYTICS_DATA_DIR": str(data), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(data: Path, port: int, *arguments: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A process that is ready for events."""
    process = command(data, *arguments, ANALYTICS_PORT=str(port), **environment)
    try:
        eventually(lambda: is_ready(port) or process.poll() is not None, bool, TIMEOUT)
        yield process
    finally:
        process.kill()
        process.communicate()


def is_ready(port: int) -> bool:
    """Whether the process takes events."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=TIMEOUT).ok
    except requests.ConnectionError:
        return False
