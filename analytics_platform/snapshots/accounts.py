"""The snapshot of accounts: seats, plan and monthly recurring revenue, one group() each."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd

NAME = "accounts"
FREE_PLAN = "free"
MONTHS = {"month": 1, "year": 12}


def read(path: Path) -> pd.DataFrame:
    """The accounts of the application database, read-only: group_id, user_id, name, seat_count, plan, mrr."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        accounts = pd.read_sql("SELECT id AS group_id, owner_id AS user_id, name FROM accounts", database)
        seats = pd.read_sql(
            "SELECT account_id AS group_id, count(*) AS seat_count FROM users GROUP BY account_id", database
        )
        subscriptions = pd.read_sql(
            "SELECT account_id AS group_id, plan, interval, unit_cents, quantity FROM subscriptions WHERE active",
            database,
        )
    return combine(accounts, seats, subscriptions)


def combine(accounts: pd.DataFrame, seats: pd.DataFrame, subscriptions: pd.DataFrame) -> pd.DataFrame:
    """One row an account; an account without an active subscription is on the free plan."""
    paid = subscriptions.assign(mrr=monthly_revenue(subscriptions))[["group_id", "plan", "mrr"]]
    frame = accounts.merge(seats, on="group_id", how="left").merge(paid, on="group_id", how="left")
    return frame.fillna({"seat_count": 0, "plan": FREE_PLAN, "mrr": 0.0}).astype({"seat_count": int})


def monthly_revenue(subscriptions: pd.DataFrame) -> "pd.Series[float]":
    """What each subscription brings in a month, in whole currency units; a yearly price counts a twelfth."""
    months = subscriptions["interval"].map(MONTHS)
    return (subscriptions["unit_cents"] * subscriptions["quantity"] / 100 / months).round(2)
