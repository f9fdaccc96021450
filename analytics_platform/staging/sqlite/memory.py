"""The SQLite staging store without a file, for tests and trials."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from analytics_platform.staging.base import Usage
from analytics_platform.staging.sqlite import SqliteStaging
from analytics_platform.staging.sqlite.connection import PRAGMAS, Connection
from analytics_platform.staging.sqlite.message_ids import MessageIds
from analytics_platform.staging.sqlite.schema import apply

NO_FILE = Path(":memory:")  # https://sqlite.org/inmemorydb.html


class MemoryConnection(Connection):
    """The connection to a database that nobody else can open, and that is gone once it is closed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(NO_FILE, clock)

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        for pragma in PRAGMAS:
            db.execute(pragma)
        apply(db)
        return db

    def checkpoint(self) -> None:
        """Nothing has to go anywhere."""

    def check_file(self) -> None:
        """There is none that could be replaced."""

    def check_room(self) -> None:
        """There is no disk to be full."""

    def usage(self) -> Usage:
        """See Staging.usage; there is no disk to be full."""
        with self.reading() as db:
            pages, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return Usage(pages * size, 0, None)


class MemoryStaging(SqliteStaging):
    """The whole store, as long as it is open."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._connection = MemoryConnection(clock)
        self._ids = MessageIds()
