"""Opens the staging store that a URL names."""

import time
from collections.abc import Callable
from pathlib import Path

from analytics_platform.staging.base import Staging
from analytics_platform.staging.sqlite import LIBRARY, SqliteStaging


def describe(url: str) -> str:
    """The store that the URL names in a few words, for whoever starts it."""
    return f"{url.removeprefix('sqlite:///')} ({LIBRARY})"


def open_staging(url: str, clock: Callable[[], float] = time.time) -> Staging:
    """Open the store, with its tables made or brought up to date.

    `url` is `sqlite:///` and a path; `clock` gives seconds since the epoch.
    Raises StagingError when the store cannot be opened or was written by a newer version.
    """
    return SqliteStaging(Path(url.removeprefix("sqlite:///")), clock)
