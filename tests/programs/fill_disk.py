"""Appends to a store until there is no room, makes room, and goes on with the same store."""

import resource
import sys
from itertools import count

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, Staging, StagingError

ROOM = 1_000_000  # bytes a file may have


def append(staging: Staging, number: int) -> None:
    """Append an event and say so; raises StagingError."""
    staging.append([Entry("web", f"m-{number}", 1000.0, "x" * 100_000)])
    print(f"m-{number}", flush=True)


def main(url: str) -> None:
    """Fill the disk, then make room."""
    staging = open_staging(url)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))
    for number in count():
        try:
            append(staging, number)
        except StagingError:
            print("no room", flush=True)
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    append(staging, number)


if __name__ == "__main__":
    main(sys.argv[1])
