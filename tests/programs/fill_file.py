"""Delivers to a folder whose disk is full for a while."""

import resource
import sys
from pathlib import Path

from analytics_platform.destinations.file import File
from tests.outgoing import now, tracks

ROOM = 100_000  # bytes a file may have


def main(folder: Path) -> None:
    """Deliver a call, two that there is no room for, and one more once there is."""
    file = File(folder, 10, now)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))
    for name, size in (("first", ROOM - 2_000), ("large", ROOM), ("small", 4_000)):
        outcome = file.send(tracks(name, name="x" * size))
        print(outcome.kind, *outcome.reason.split(":")[1:], sep=":", flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(file.send(tracks("again")).kind)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
