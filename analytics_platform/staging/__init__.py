"""Opens the staging store that a URL names."""

import time
from collections.abc import Callable
from pathlib import Path

from analytics_platform.staging.base import Staging
from analytics_platform.staging.sqlite import LIBRARY, SqliteStaging
from analytics_platform.staging.sqlite.memory import MemoryStaging

MEMORY = "memory://"
POSTGRES = "postgresql://"
SQLITE = "sqlite:///"


def is_lasting(url: str) -> bool:
    """Whether what is in the store that the URL names outlives the process that has opened it."""
    return url != MEMORY


def describe(url: str) -> str:
    """The store that the URL names in a few words, without a password, for whoever starts it."""
    if not is_lasting(url):
        return "in memory: all of it is gone with this process, whatever was answered"
    if url.startswith(POSTGRES):
        from analytics_platform.staging.postgres.connection import address  # noqa: PLC0415  only who needs it has it

        return address(url)
    return f"{url.removeprefix(SQLITE)} ({LIBRARY})"


def open_staging(url: str, clock: Callable[[], float] = time.time) -> Staging:
    """Open the store, with its tables made or brought up to date.

    `url` is `sqlite:///` and a path, or a `postgresql://` address as libpq takes it, or `memory://`: a store for
    tests and trials that each caller has alone, and that promises nothing beyond its end.
    `clock` gives seconds since the epoch.
    Raises StagingError when the store cannot be opened or was written by a newer version.
    """
    if url == MEMORY:
        return MemoryStaging(clock)
    if url.startswith(POSTGRES):
        return _postgres(url, clock)
    return SqliteStaging(Path(url.removeprefix(SQLITE)), clock)


def _postgres(url: str, clock: Callable[[], float]) -> Staging:
    """The store in Postgres; its driver is loaded for whoever has one there."""
    from analytics_platform.staging.postgres import PostgresStaging  # noqa: PLC0415  as the docstring says

    return PostgresStaging(url, clock)
