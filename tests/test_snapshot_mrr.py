"""What is an account's monthly revenue when subscriptions begin and end within the month?"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from analytics_platform.partitions import period_of
from analytics_platform.settings.snapshots import CHECKOUT
from analytics_platform.snapshots import demo
from analytics_platform.snapshots.declaration import read
from analytics_platform.snapshots.memory import opened
from analytics_platform.snapshots.taking import Occasion, first_calls
from analytics_platform.snapshots.taking import read as read_rows
from event_registry import registry


def sums(folder: Path, name: str, day: str) -> dict[str, object]:
    """The traits that the snapshot says of each account of the demo application at the end of a day."""
    demo.create(folder / "demo.db")
    declaration = read(CHECKOUT, name, registry.default())
    period = period_of(declaration, day)
    url = SecretStr(f"sqlite:///{folder}/demo.db")
    occasion = Occasion(declaration, period, url, b"k" * 32, period.end.timestamp())
    with opened(folder / "memory", name) as memory:
        read_rows(occasion, memory, registry.default())
        return {call["groupId"]: call["traits"] for call in first_calls(memory, 10)}


@pytest.mark.parametrize(
    ("day", "account", "revenue"),
    [
        ("2025-12-15", "acme", 58.0),  # two seats at 29.00
        ("2026-01-05", "acme", 58.0),  # the third comes on the 11th, and nobody knows it yet
        ("2026-01-20", "acme", 77.65),  # ten days of two seats, 21 of three
        ("2026-02-01", "acme", 87.0),
        ("2025-09-30", "globex", 50.63),  # 15.5 of 30 days of a twelfth of a yearly price
        ("2025-10-01", "globex", 98.0),
        ("2026-02-10", "initech", 29.0),  # it ends on the 15th, and nobody knows it yet
        ("2026-02-20", "initech", 14.5),  # half of February
        ("2026-03-01", "initech", 0.0),
    ],
)
def test_a_subscription_counts_for_the_part_of_the_month_in_which_it_is_active(
    tmp_path: Path, day: str, account: str, revenue: float
) -> None:
    """As it was known at the end of the day: so a backfill says what would have been said."""
    assert sums(tmp_path, "mrr", day)[account] == {"prorated_mrr": revenue}


def test_an_account_is_there_from_its_first_subscription_on(tmp_path: Path) -> None:
    """Before it, nothing is said of it."""
    assert sorted(sums(tmp_path, "mrr", "2025-07-01")) == ["acme", "initech"]


def test_the_accounts_of_the_demo_application_are_read_as_they_are(tmp_path: Path) -> None:
    """Users counted, the active subscription's plan, its price a month; without one it is the free plan."""
    assert sums(tmp_path, "accounts", "2026-11-24") == {
        "acme": {"name": "Acme Ltd", "seat_count": 3, "plan": "team", "mrr": 87.0},
        "globex": {"name": "Globex GmbH", "seat_count": 2, "plan": "business", "mrr": 98.0},
        "initech": {"name": "Initech Inc", "seat_count": 1, "plan": "free", "mrr": 0.0},
    }


def test_making_the_demo_database_again_changes_nothing(tmp_path: Path) -> None:
    """The second start finds what the first one made."""
    demo.create(tmp_path / "demo.db")
    made = (tmp_path / "demo.db").read_bytes()

    demo.create(tmp_path / "demo.db")

    assert (tmp_path / "demo.db").read_bytes() == made


def test_a_demo_database_of_an_older_version_is_made_again(tmp_path: Path) -> None:
    """Its subscriptions did not say when they began."""
    with closing(sqlite3.connect(tmp_path / "demo.db")) as old:
        old.execute("CREATE TABLE subscriptions (account_id)")

    assert sorted(sums(tmp_path, "mrr", "2026-03-01")) == ["acme", "globex", "initech"]
