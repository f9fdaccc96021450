"""Prints what `make soak` finds."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.fakes.clock import Clock
from tests.soak import dagster_month
from tests.soak.month import TIMES, Month, Scale
from tests.soak.places import dagster_on_postgres, dagster_on_sqlite, postgres_store, sqlite_store

EVENTS, RUNS = 5_000_000, 1_000  # a day, at full size
DAYS = 30
FULL = 8  # the day from which on messageIds of a whole week are known
STORES = {"SQLite": sqlite_store, "Postgres": postgres_store}
DAGSTERS = {"SQLite": dagster_on_sqlite, "Postgres": dagster_on_postgres}


def main() -> None:
    """Live the month on each store and each storage of Dagster, `SOAK` times smaller than life."""
    shrunk = int(os.environ.get("SOAK", "50"))
    console = Console(width=120)
    for name in STORES:
        with tempfile.TemporaryDirectory() as folder:
            console.print(_store(name, Path(folder), shrunk, console.print))
    for name in DAGSTERS:
        with tempfile.TemporaryDirectory() as folder:
            console.print(_dagster(name, Path(folder), shrunk))


def _store(name: str, folder: Path, shrunk: int, say: Callable[[Table], None]) -> Table:
    """The sizes of the store day by day; says how fast it is on the first day, on the eighth and on the last."""
    clock, scale = Clock(), Scale(EVENTS // shrunk, max(48, RUNS // shrunk))
    sizes = Table(
        "day", "events in the log", "MB", "bytes an event", title=f"Staging on {name}, 1/{shrunk} of the events"
    )
    speeds = {}
    with STORES[name](folder, clock) as (staging, size):
        for evening in Month(staging, clock, scale, size).days(DAYS, measure=lambda day: day in (1, FULL, DAYS)):
            row = evening.day, evening.retained, evening.bytes / 1e6, evening.bytes / max(1, evening.retained)
            sizes.add_row(*(f"{value:,.0f}" for value in row))
            if evening.seconds:
                speeds[evening.day] = evening.seconds
    days = sorted(speeds)
    ratios = [f"{DAYS} to {day}" for day in days[:-1]]
    times = Table(f"quickest of {TIMES}, ms", *(f"day {day}" for day in days), *ratios, title=f"Staging on {name}")
    for what in speeds[1]:
        each = [speeds[day][what] for day in days]
        times.add_row(what, *(f"{value * 1000:.2f}" for value in each), *(f"{each[-1] / v:.2f}" for v in each[:-1]))
    say(sizes)
    return times


def _dagster(name: str, folder: Path, shrunk: int) -> Table:
    """The sizes of Dagster's storage day by day."""
    table = Table("day", "runs", "MB", title=f"Dagster's storage on {name}, 1/{shrunk} of the runs")
    with DAGSTERS[name](folder) as (instance, size):
        for evening in dagster_month.days(instance, DAYS, max(5, RUNS // shrunk), size):
            table.add_row(str(evening.day), str(evening.runs), f"{evening.bytes / 1e6:,.1f}")
    return table


if __name__ == "__main__":
    main()
