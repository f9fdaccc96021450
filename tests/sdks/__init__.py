"""The real SDKs, each sending from a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INSTALLED = Path(sys.prefix, "sdks")  # `make test` puts them there
PROGRAMS = Path(__file__).parent

SECONDS = 60.0  # for sending all calls; what an SDK gives up on takes longer


@dataclass(frozen=True)
class Sdk:
    """One version of an SDK, and the program that sends with it."""

    name: str  # as it names itself in the library of the context
    version: str
    command: tuple[str, ...]
    variable: str  # where the interpreter looks for the folder of the SDK
    folder: Path

    def send(self, host: str, calls: Sequence[Mapping[str, object]]) -> None:
        """Make the calls and flush; fail with what the SDK says if it reports an error."""
        assert self.folder.is_dir(), f"{self.folder} is missing: `make test` installs the SDKs"
        finished = subprocess.run(
            [*self.command, host],
            input=json.dumps(calls),
            env={**os.environ, self.variable: str(self.folder)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr


def segment_python(version: str) -> Sdk:
    """A version of segment-analytics-python."""
    command = (sys.executable, str(PROGRAMS / "segment_python.py"))
    return Sdk("analytics-python", version, command, "PYTHONPATH", INSTALLED / f"segment-python-{version}")


def segment_node(version: str) -> Sdk:
    """The version of @segment/analytics-node that is in node/package.json."""
    command = ("node", str(PROGRAMS / "segment_node.cjs"))
    return Sdk("@segment/analytics-node", version, command, "NODE_PATH", INSTALLED / "node" / "node_modules")
