"""The demo application's database: a small B2B SaaS with accounts, users and subscriptions."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

ACCOUNTS = [
    {"id": "acme", "name": "Acme Ltd", "owner_id": "user-1"},
    {"id": "globex", "name": "Globex GmbH", "owner_id": "user-4"},
    {"id": "initech", "name": "Initech Inc", "owner_id": "user-6"},
]
SEATS = {"acme": 3, "globex": 2, "initech": 1}
COLUMNS = ("account_id", "plan", "interval", "unit_cents", "quantity", "active", "started_at", "ended_at")
SUBSCRIPTIONS = [
    dict(zip(COLUMNS, values, strict=True))
    for values in [
        ("acme", "team", "month", 2900, 2, 0, "2025-06-01 00:00:00", "2026-01-11 00:00:00"),
        ("acme", "team", "month", 2900, 3, 1, "2026-01-11 00:00:00", None),
        ("globex", "business", "year", 58800, 2, 1, "2025-09-15 12:00:00", None),
        ("initech", "team", "month", 2900, 1, 0, "2025-03-01 00:00:00", "2026-02-15 00:00:00"),
    ]
]
VERSION = 2
"""Of the tables, in SQLite's user_version; a database of an older version is made again."""

FAULTS = {"SQLITE_FULL": errno.ENOSPC, "SQLITE_CANTOPEN": errno.EACCES, "SQLITE_READONLY": errno.EACCES}
"""What SQLite says of the disk, as the system would say it."""


def create(path: Path) -> None:
    """Make the database with three accounts, unless it is there already; it is there whole, or not at all.

    Raises OSError when the disk does not let us.
    """
    try:
        if not path.exists() or _version(path) < VERSION:
            _make(path)
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        number = next((number for beginning, number in FAULTS.items() if name.startswith(beginning)), errno.EIO)
        raise OSError(number, str(error), str(path)) from error


def _make(path: Path) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    db = Database(unfinished, recreate=True)
    with db.atomic():
        db.table("accounts").insert_all(ACCOUNTS, pk="id")
        db.table("users").insert_all(_users(), pk="id", foreign_keys=[("account_id", "accounts", "id")])
        db.table("subscriptions").insert_all(SUBSCRIPTIONS, foreign_keys=[("account_id", "accounts", "id")])
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.close()
    unfinished.rename(path)


def _version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def _users() -> list[dict[str, str]]:
    accounts = [account for account, seats in SEATS.items() for _ in range(seats)]
    return [{"id": f"user-{number}", "account_id": account} for number, account in enumerate(accounts, start=1)]
