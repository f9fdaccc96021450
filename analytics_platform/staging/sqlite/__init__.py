"""The staging store in one SQLite file."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from analytics_platform.staging.base import Usage
from analytics_platform.staging.sqlite.connection import Connection
from analytics_platform.staging.sqlite.leases import Leases
from analytics_platform.staging.sqlite.letters import Letters
from analytics_platform.staging.sqlite.limits import Limits
from analytics_platform.staging.sqlite.log import Log
from analytics_platform.staging.sqlite.message_ids import MessageIds
from analytics_platform.staging.sqlite.parking import Parking
from analytics_platform.staging.sqlite.parts import Parts
from analytics_platform.staging.sqlite.quarantine import Quarantine
from analytics_platform.staging.sqlite.redeliveries import Redeliveries
from analytics_platform.staging.sqlite.retention import Retention
from analytics_platform.staging.sqlite.runs import Runs
from analytics_platform.staging.sqlite.streams import Streams
from analytics_platform.staging.sqlite.suppressions import Suppressions

# Before 3.51.3 two connections that checkpoint and write at once can corrupt a database; see Connection.checkpoint.
LIBRARY = f"SQLite {sqlite3.sqlite_version}, checkpointed by one process alone"


class SqliteStaging(
    Log, Quarantine, Streams, Parts, Redeliveries, Limits, Parking, Runs, Leases, Letters, Suppressions, Retention
):
    """The whole store: each base class is one of its jobs, all share one connection."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._connection = Connection(path, clock)
        self._ids = MessageIds()

    def checkpoint(self) -> None:
        """See Staging.checkpoint."""
        self._connection.checkpoint()
        self.fold_ids()

    def usage(self) -> Usage:
        """See Staging.usage."""
        return self._connection.usage()

    def close(self) -> None:
        """See Staging.close."""
        self._connection.close()
