"""The servers under load, each a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import requests

from tests.fakes.product import free_port


class Server(NamedTuple):
    """A server that runs."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """The processor's time that it has taken, by the kernel's count."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


UVICORN = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")


@contextmanager
def nothing() -> Iterator[Server]:
    """The do-nothing endpoint."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.nothing", str(port)]
    with _serving(command, dict(os.environ), f"http://127.0.0.1:{port}/x") as pid:
        yield Server(port, pid)


@contextmanager
def sink(delay: float = 0.0, arrivals: Path | None = None) -> Iterator[Server]:
    """A vendor that answers after so many seconds, and notes when what came in files of a folder."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.benchmarks.sink:app", "--port", str(port), *UVICORN]
    environment = {"SINK_DELAY": str(delay), "SINK_ARRIVALS": str(arrivals or "")}
    with _serving(command, dict(os.environ) | environment, f"http://127.0.0.1:{port}/x") as pid:
        yield Server(port, pid)


@contextmanager
def by_hand(folder: Path) -> Iterator[Server]:
    """FastAPI and Celery over a Redis of their own. Needs redis-server on the machine."""
    redis_port, port = free_port(), free_port()
    redis = ("redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "")
    command = [sys.executable, "-m", "uvicorn", "tests.benchmarks.by_hand:app", "--port", str(port), *UVICORN]
    environment = dict(os.environ) | {"BY_HAND_REDIS": f"redis://127.0.0.1:{redis_port}/0"}
    store = subprocess.Popen(redis, stdout=subprocess.DEVNULL)
    try:
        with _serving(command, environment, f"http://127.0.0.1:{port}/docs") as pid:
            yield Server(port, pid)
    finally:
        store.terminate()
        store.wait()


@contextmanager
def ingest(data: Path, **settings: str) -> Iterator[Server]:
    """The ingest API on a store of its own, with these variables besides."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")}
    environment |= {"ANALYTICS_DATA_DIR": str(data), "ANALYTICS_PORT": str(port)} | settings
    with _serving([sys.executable, "-m", "ingest_api"], environment, f"http://127.0.0.1:{port}/health/ready") as pid:
        yield Server(port, pid)


@contextmanager
def _serving(command: list[str], environment: dict[str, str], url: str) -> Iterator[int]:
    process = subprocess.Popen(command, env=environment)
    try:
        while True:
            try:
                requests.get(url, timeout=1)
                break
            except (requests.ConnectionError, requests.Timeout):
                if process.poll() is not None:
                    raise RuntimeError(f"{command[2]} did not start") from None
                time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait()
