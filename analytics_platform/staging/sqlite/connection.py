"""One connection to the SQLite staging store, with transactions that begin as writes."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from analytics_platform.staging.base import StagingError, StagingFull, Usage
from analytics_platform.staging.sqlite.schema import VERSION, migrate

BUSY_SECONDS = 5.0
WAL_LIMIT = 64 * 1024 * 1024
CHECKPOINT_PAGES = 1000  # of the write-ahead log, 4 MB
LEAST_FREE = 4 * 1024 * 1024  # on the disk, for the next large commits: about what a checkpoint may add to the database

PRAGMAS = (
    "PRAGMA synchronous = FULL",  # a commit is on disk before it returns
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    f"PRAGMA journal_size_limit = {WAL_LIMIT}",
    "PRAGMA wal_autocheckpoint = 0",  # see Connection.checkpoint
)

DAMAGED = "move it away with its -wal and -shm, and `analytics restore` the last backup, or begin with an empty one"
REPLACED = "start this process again, and stop it first the next time"
UNWRITABLE = "let the user of this process write it and its folder"
REMEDIES = {
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
    "SQLITE_CANTOPEN": UNWRITABLE,
    "SQLITE_READONLY": UNWRITABLE,
    "SQLITE_FULL": "make room on its disk",
    "SQLITE_IOERR": "look after its disk, which is full, or does not read or write as it should",
}
"""What a person does about an error, by the beginning of its name."""


class Connection:
    """A connection that several threads of a process share, one statement or transaction at a time."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self.path = path
        self.clock = clock
        self._lock = threading.RLock()
        self._checkpoint_lock: IO[str] | None = None
        self._file = str(path)
        self._wal = f"{path}-wal"
        self._opened: tuple[int, int] | None = None  # which file that is, whatever its name becomes
        self._db = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            db = self._connect()
            if db.execute("PRAGMA user_version").fetchone()[0] < VERSION:
                db.close()
                migrate(self.path, PRAGMAS)
                db = self._connect()
            version = db.execute("PRAGMA user_version").fetchone()[0]
            self._opened = self._found()
        except (sqlite3.Error, OSError) as error:
            raise StagingError(f"the staging store {self.path} cannot be opened: {error}{_remedy(error)}") from error
        if version > VERSION:
            db.close()
            raise StagingError(f"the staging store {self.path} was written by a newer version: install that one")
        return db

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        for pragma in PRAGMAS:
            db.execute(pragma)
        return db

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """The connection, for statements that all read the same moment of the store."""
        return self._transaction("BEGIN")

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """The connection in a write transaction, committed and on disk when the block has ended well."""
        return self._transaction("BEGIN IMMEDIATE")  # one that upgrades to a write fails at once when busy

    @contextmanager
    def statement(self) -> Iterator[sqlite3.Connection]:
        """The connection, for statements that are each a transaction by themselves."""
        with self._lock, _staging_errors():
            yield self._db

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, _staging_errors():
            try:
                self._db.execute(begin)
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def checkpoint(self) -> None:
        """Have this connection move the write-ahead log into the database as it grows, if no other one does.

        SQLite before 3.51.3 can corrupt a database when two connections checkpoint and write at the same
        moment (https://sqlite.org/wal.html#walresetbug). So one connection checkpoints, as long as it
        lives: the one that holds the file lock. Its commits do, every CHECKPOINT_PAGES. A log that
        has become too long is cut off as soon as nobody reads in it; a backup may read for minutes.
        """
        with self._lock, _staging_errors():
            if self._checkpoint_lock is None and self._takes_checkpoint_lock():
                self._db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            if self._checkpoint_lock is not None and self._wal_size() > WAL_LIMIT:
                self._db.execute("PRAGMA busy_timeout = 0")  # whoever appends next must not wait for a reader
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._db.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")

    def check_file(self) -> None:
        """Raise StagingError when another file, or none, is where the store was opened.

        SQLite does not notice, and writes on to a file that nobody else will open.
        """
        with _staging_errors():
            if self._found() != self._opened:
                raise StagingError(f"the staging store {self.path} is gone, or another one in its place; {REPLACED}")

    def _found(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._file)  # noqa: PTH116 - asked after each commit, in a third of Path's time
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def check_room(self) -> None:
        """Raise StagingFull when the disk has no room for a large commit.

        A small one says nothing of that: it finds its place in the room that the write-ahead log has had before.
        """
        with _staging_errors():
            disk = os.statvfs(self.path)
        if disk.f_bavail * disk.f_frsize < LEAST_FREE:
            raise StagingFull("the disk of the staging store is full")

    def usage(self) -> Usage:
        """See Staging.usage."""
        with self.reading() as db:
            pages, unused, size = (
                db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
            )
            disk = os.statvfs(self.path)
            on_disk = self.path.stat().st_size + self._wal_size()
        return Usage((pages - unused) * size, on_disk, disk.f_bavail * disk.f_frsize)

    def _wal_size(self) -> int:
        return os.stat(self._wal).st_size  # noqa: PTH116 - asked after each commit, in a third of Path's time

    def _takes_checkpoint_lock(self) -> bool:
        handle = self.path.with_name(f"{self.path.name}-checkpoint").open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._checkpoint_lock = handle
        return True

    def close(self) -> None:
        """Close the connection and leave checkpoints to another process."""
        with self._lock:
            self._db.close()
            if self._checkpoint_lock is not None:
                self._checkpoint_lock.close()
                self._checkpoint_lock = None


@contextmanager
def _staging_errors() -> Iterator[None]:
    """Turn what SQLite and the disk refuse now, but may take later, into StagingError.

    A value that cannot be stored is none of these, and stays what it is.
    """
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.DataError):
        raise
    except (sqlite3.DatabaseError, OSError) as error:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        if name == "SQLITE_FULL":
            raise StagingFull("the disk of the staging store is full") from error
        raise StagingError(f"the staging store is unavailable: {name}{_remedy(error)}") from error


def _remedy(error: Exception) -> str:
    """What there is to do, as the end of a sentence; nothing if time alone may help."""
    name = getattr(error, "sqlite_errorname", "")
    found = next((remedy for beginning, remedy in REMEDIES.items() if name.startswith(beginning)), None)
    return f"; {found}" if found else ""
