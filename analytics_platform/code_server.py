"""Dagster's code server, whose runs are forked from a process that has imported what takes them long.

A run is a process of its own. Dagster has each of them start from nothing, which takes 1.5 s of computing, nearly all
of it imports; forked, it is at work after 0.4 s, and shares with the others the memory of what was imported.
Our own modules are imported by each run for itself.
"""

import multiprocessing
import sys
from multiprocessing import forkserver
from typing import Any

IMPORTED_BEFORE = (
    "dagster",
    "dagster._cli.api",
    "dagster._core.definitions.antlr_asset_selection.antlr_asset_selection",
    "dagster._core.storage.event_log.sqlite",
    "dagster._core.storage.fs_io_manager",
    "dagster._core.storage.runs.sqlite",
    "dagster._core.storage.schedules.sqlite",
    "dagster._grpc.impl",
    "dagster._grpc.server",
    "alembic.command",
    "backoff",
    "certifi",
    "msgspec",
    "pydantic",
    "requests",
    "sqlalchemy.dialects.sqlite",
    "sqlglot.dialects.postgres",
    "upath",
    "urllib3",
    "analytics_platform.freezing",
)


def main() -> None:
    """Serve as `dagster api grpc` does, with its arguments."""
    from dagster import _cli  # noqa: PLC0415  not imported once more by each run, as this module is
    from dagster._grpc import server  # noqa: PLC0415  the same

    if sys.platform != "darwin":  # whose own libraries do not outlive a fork
        fork_runs_of(server.DagsterApiServer)
    sys.argv[:1] = ["dagster", "api", "grpc"]
    dagster: Any = _cli.main
    dagster()


def fork_runs_of(server: Any) -> None:
    """Have a server of this class fork its runs; raises RuntimeError in one that starts them in an unknown way."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([*IMPORTED_BEFORE])
    start = server.__init__

    def start_with_forks(self: Any, *args: Any, **settings: Any) -> None:
        start(self, *args, **settings)
        if not hasattr(self, "_mp_ctx"):
            raise RuntimeError("this version of Dagster starts its runs in another way: see code_server.py")
        self._mp_ctx = forks  # there is no setting for it
        forkserver.ensure_running()  # it imports now that the server itself has, and ends with it

    server.__init__ = start_with_forks


if __name__ == "__main__":
    main()
