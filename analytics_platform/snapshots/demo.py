"""The demo application's database: a small B2B SaaS with accounts, users and subscriptions."""

from pathlib import Path

from sqlite_utils import Database

ACCOUNTS = [
    {"id": "acme", "name": "Acme Ltd", "owner_id": "user-1"},
    {"id": "globex", "name": "Globex GmbH", "owner_id": "user-4"},
    {"id": "initech", "name": "Initech Inc", "owner_id": "user-6"},
]
SEATS = {"acme": 3, "globex": 2, "initech": 1}
SUBSCRIPTIONS = [
    {"account_id": "acme", "plan": "team", "interval": "month", "unit_cents": 2900, "quantity": 3, "active": 1},
    {"account_id": "globex", "plan": "business", "interval": "year", "unit_cents": 58800, "quantity": 2, "active": 1},
    {"account_id": "initech", "plan": "team", "interval": "month", "unit_cents": 2900, "quantity": 1, "active": 0},
]


def create(path: Path) -> None:
    """Make the database with three accounts, unless it is there already; it is there whole, or not at all."""
    if path.exists():
        return
    unfinished = path.with_name(f"{path.name}.unfinished")
    db = Database(unfinished, recreate=True)
    with db.atomic():
        db.table("accounts").insert_all(ACCOUNTS, pk="id")
        db.table("users").insert_all(_users(), pk="id", foreign_keys=[("account_id", "accounts", "id")])
        db.table("subscriptions").insert_all(SUBSCRIPTIONS, foreign_keys=[("account_id", "accounts", "id")])
    db.close()
    unfinished.rename(path)


def _users() -> list[dict[str, str]]:
    accounts = [account for account, seats in SEATS.items() for _ in range(seats)]
    return [{"id": f"user-{number}", "account_id": account} for number, account in enumerate(accounts, start=1)]
