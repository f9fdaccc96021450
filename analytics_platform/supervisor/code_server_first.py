"""Runs a command of Dagster's once the code server answers; before, it would report an error with a traceback.

Its imports, which are most of its start, happen meanwhile: nothing takes longer because of the order.
"""

import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import entry_points

PATIENCE_SECONDS = 30.0  # then the command starts all the same, and Dagster says what is wrong
POLL_SECONDS = 0.05
PROBE_SECONDS = 1.0


def main() -> None:
    """Run the command that the arguments name, as its script would: `dagster-webserver -w workspace.yaml`."""
    name, *arguments = sys.argv[1:]
    [script] = entry_points(group="console_scripts", name=name)
    command = script.load()
    host, port = os.environ["ANALYTICS_CODE_SERVER_HOST"], int(os.environ["ANALYTICS_CODE_SERVER_PORT"])
    wait_until(lambda: listens(host, port))
    sys.argv = [name, *arguments]
    sys.exit(command())


def wait_until(
    is_there: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return as soon as it is there, or after PATIENCE_SECONDS; `clock` and `sleep` have seconds."""
    give_up_at = clock() + PATIENCE_SECONDS
    while not is_there() and clock() < give_up_at:
        sleep(POLL_SECONDS)


def listens(host: str, port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        with closing(socket.create_connection((host, port), timeout=PROBE_SECONDS)):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
