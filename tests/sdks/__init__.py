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

SECONDS = 90.0  # for sending all calls; what an SDK gives up on takes longer


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
    return _python("analytics-python", version, f"segment-python-{version}", "segment.analytics", "host")


def rudder_python(version: str) -> Sdk:
    """A version of rudder-sdk-python, which says in its calls that it is Segment's."""
    return _python("analytics-python", version, f"rudder-python-{version}", "rudderstack.analytics", "dataPlaneUrl")


def segment_node(version: str, package: str = "@segment/analytics-node") -> Sdk:
    """The version of @segment/analytics-node that has this name in node/package.json."""
    return _node("@segment/analytics-node", version, "segment_node.cjs", package)


def rudder_node(version: str) -> Sdk:
    """The version of @rudderstack/rudder-sdk-node that is in node/package.json."""
    return _node("analytics-node", version, "rudder_node.cjs")


def _python(name: str, version: str, folder: str, *arguments: str) -> Sdk:
    command = (sys.executable, str(PROGRAMS / "python_sdk.py"), *arguments)
    return Sdk(name, version, command, "PYTHONPATH", INSTALLED / folder)


def _node(name: str, version: str, program: str, *arguments: str) -> Sdk:
    command = ("node", str(PROGRAMS / program), *arguments)
    return Sdk(name, version, command, "NODE_PATH", INSTALLED / "node" / "node_modules")
