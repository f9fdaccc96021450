"""Has wrk send requests as fast as they are answered: it is written in C, and leaves the machine to the server."""

import json
import subprocess
from pathlib import Path
from secrets import token_hex
from shutil import which

from tests.benchmarks.load import Load

SCRIPT = Path(__file__).with_name("wrk.lua")


def is_there() -> bool:
    """Whether wrk is installed (on Debian: `apt install wrk`)."""
    return which("wrk") is not None


def run(port: int, kind: str, connections: int, seconds: float) -> Load:
    """Load a server on loopback with requests of a kind that wrk.lua knows, each of which has events of its own."""
    wrk = (
        "wrk",
        "--threads",
        "1",
        "--connections",
        str(connections),
        "--timeout",
        "10s",
        "--duration",
        f"{seconds:.0f}s",
    )
    command = [*wrk, "--script", str(SCRIPT), f"http://127.0.0.1:{port}", "--", kind, token_hex(4)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(output.splitlines()[-1])
    return Load(found["requests"], found["seconds"], {50: found["p50"], 99: found["p99"]}, found["refused"])
