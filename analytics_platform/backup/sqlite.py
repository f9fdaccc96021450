"""Copies SQLite databases while others write to them."""

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

SIDE_FILES = ("-wal", "-shm", "-journal")


def copy_database(source: Path, target: Path) -> None:
    """Copy one moment of a database, whatever is written meanwhile.

    The copy reads for as long as it takes, and nobody waits for it: VACUUM INTO needs no lock that a writer has
    (https://sqlite.org/lang_vacuum.html#vacuuminto). Raises sqlite3.Error.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(sqlite3.connect(f"file:{source}?mode=rw", uri=True, isolation_level=None, timeout=30)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")  # one process checkpoints, and it is another one
        mode = db.execute("PRAGMA journal_mode").fetchone()[0]
        db.execute("VACUUM INTO ?", (str(target),))
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        db.execute(f"PRAGMA journal_mode = {mode}")  # which VACUUM INTO does not take along


def copy_folder(source: Path, target: Path) -> None:
    """Copy a folder, its databases as such; what disappears meanwhile is left out."""
    for path in sorted(source.rglob("*")):
        if not path.is_file() or path.name.endswith(SIDE_FILES):
            continue
        copy = target / path.relative_to(source)
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if path.suffix == ".db":
                _copy_if_there(path, copy)
            else:
                shutil.copyfile(path, copy)


def remove_database(path: Path) -> None:
    """Remove a database that nobody has open, with what SQLite keeps beside it."""
    for name in (path.name, *(f"{path.name}{suffix}" for suffix in SIDE_FILES)):
        path.with_name(name).unlink(missing_ok=True)


def _copy_if_there(path: Path, copy: Path) -> None:
    try:
        copy_database(path, copy)
    except sqlite3.OperationalError:
        if path.exists():
            raise
        copy.unlink(missing_ok=True)
