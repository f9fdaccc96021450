"""An application with accounts, and the snapshot that is taken of them."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from analytics_platform.snapshots.declaration import Declaration, read
from analytics_platform.snapshots.memory import opened
from analytics_platform.snapshots.period import Period
from analytics_platform.snapshots.taking import Occasion, Outcome, take
from analytics_platform.staging import open_staging
from event_registry import registry

HASH_KEY = b"the-installations-own-hash-key-32"

DECLARATION: dict[str, Any] = {
    "description": "Seats and revenue of each account.",
    "owner": "billing",
    "dialect": "sqlite",
    "database_env": "APPLICATION_DATABASE",
    "call": "group",
    "id": "account_id",
    "traits": ["plan", "seat_count", "mrr"],
    "cron": "0 1 * * *",
    "start": "2026-01-01",
}
PRESENT = "SELECT account_id, plan, seat_count, mrr FROM accounts ORDER BY account_id"
OF_A_DAY = f"SELECT * FROM ({PRESENT}) WHERE opened_at < :partition_end".replace("mrr FROM", "mrr, opened_at FROM")

Account = tuple[str | None, str | None, Any, float]


def write(folder: Path, sql: str = PRESENT, name: str = "accounts", **fields: Any) -> Path:
    """Write a declaration with its SQL; a field that is None is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    table = {field: value for field, value in {**DECLARATION, **fields}.items() if value is not None}
    toml = "".join(f"{field} = {_toml(value)}\n" for field, value in table.items())
    (folder / f"{name}.sql").write_text(sql)
    (folder / f"{name}.toml").write_text(toml)
    return folder / f"{name}.toml"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + " }"
    return json.dumps(value)


def day(key: str) -> Period:
    """A day in UTC."""
    start = datetime.fromisoformat(key).replace(tzinfo=UTC)
    return Period(key, start, start + timedelta(days=1))


class Application:
    """An application's database of accounts, and the snapshot that is taken of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "application.db"
        self.declaration = self.declare()
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("CREATE TABLE accounts (account_id, plan, seat_count, mrr, opened_at DEFAULT '2026-01-01')")

    @property
    def url(self) -> str:
        """The database's address."""
        return f"sqlite:///{self.path}"

    def declare(self, sql: str = PRESENT, **fields: Any) -> Declaration:
        """Declare the snapshot from now on so."""
        write(self.folder / "snapshots", sql, **fields)
        self.declaration = read(self.folder / "snapshots", "accounts", registry.default())
        return self.declaration

    def has(self, *accounts: Account) -> None:
        """Have these accounts and no others: id, plan, seats, revenue."""
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute("DELETE FROM accounts")
            db.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?, '2026-01-01')", accounts)

    def occasion(self, key: str = "2026-03-04", hour: float = 1.0, *, full: bool = False) -> Occasion:
        """A reading of a day, so many hours after it began."""
        period = day(key)
        now = period.start.timestamp() + hour * 3600
        return Occasion(self.declaration, period, SecretStr(self.url), HASH_KEY, now, full)

    def take(self, key: str = "2026-03-04", hour: float = 1.0, *, full: bool = False, accept: bool = False) -> Outcome:
        """Take the snapshot for a day."""
        with opened(self.folder / "memory", "accounts") as memory, closing(self.staging()) as staging:
            occasion = self.occasion(key, hour, full=full)
            return take(occasion, memory, registry.default(), staging.append, accept_changes=accept)

    def staging(self) -> Any:
        """The staging store, with one destination."""
        staging = open_staging(f"sqlite:///{self.folder}/staging.db")
        staging.register(["vendor"])
        return staging

    def calls(self) -> list[dict[str, Any]]:
        """Every call that the store has accepted, in order."""
        with closing(self.staging()) as staging:
            return [json.loads(event.payload) for event in staging.pending("vendor", 10_000)]

    def told(self) -> list[tuple[str, Any]]:
        """Of every accepted call the group and its number of seats."""
        return [(call["groupId"], call["traits"].get("seat_count")) for call in self.calls()]
