"""What does the snapshot of accounts say about the demo application?"""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from analytics_platform.snapshots import accounts, demo


def test_each_account_has_its_seats_its_plan_and_its_monthly_revenue(tmp_path: Path) -> None:
    """One row an account: users counted, the active subscription's plan, its price a month."""
    demo.create(tmp_path / "demo.db")

    frame = accounts.read(tmp_path / "demo.db")

    assert frame.set_index("group_id")[["seat_count", "plan", "mrr"]].to_dict("index") == {
        "acme": {"seat_count": 3, "plan": "team", "mrr": 87.0},
        "globex": {"seat_count": 2, "plan": "business", "mrr": 98.0},
        "initech": {"seat_count": 1, "plan": "free", "mrr": 0.0},
    }


@pytest.mark.parametrize(
    ("interval", "unit_cents", "quantity", "revenue"),
    [("month", 2900, 3, 87.0), ("year", 58800, 2, 98.0), ("year", 10000, 1, 8.33), ("month", 0, 5, 0.0)],
)
def test_a_yearly_price_counts_a_twelfth_a_month(interval: str, unit_cents: int, quantity: int, revenue: float) -> None:
    """Revenue is in whole currency units, rounded to cents."""
    frame = pd.DataFrame([{"interval": interval, "unit_cents": unit_cents, "quantity": quantity}])

    assert accounts.monthly_revenue(frame).to_list() == [revenue]


def test_the_application_database_is_only_read(tmp_path: Path) -> None:
    """A snapshot of a file that is not there fails, instead of creating it."""
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        accounts.read(tmp_path / "missing.db")

    assert not (tmp_path / "missing.db").exists()


def test_making_the_demo_database_again_changes_nothing(tmp_path: Path) -> None:
    """The second start finds what the first one made."""
    demo.create(tmp_path / "demo.db")
    made = (tmp_path / "demo.db").read_bytes()

    demo.create(tmp_path / "demo.db")

    assert (tmp_path / "demo.db").read_bytes() == made
