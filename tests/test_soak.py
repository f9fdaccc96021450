"""Is an installation as large after a month as after its first weeks?"""

from pathlib import Path

from tests.fakes.clock import Clock
from tests.soak import dagster_month
from tests.soak.month import OUTAGE, Month, Scale
from tests.soak.places import dagster_on_sqlite, sqlite_store

SMALL = Scale(events=240, runs=48)


def test_the_store_stops_growing_when_the_first_events_leave_it(tmp_path: Path, clock: Clock) -> None:
    """A month of events with an outage in it, rejected and quarantined calls, and a week of retention."""
    with sqlite_store(tmp_path, clock) as (staging, size):
        evenings = [*Month(staging, clock, SMALL, size).days(30)]

    settled = [evening for evening in evenings if evening.day > SMALL.retention_days + 2]
    assert max(evening.retained for evening in settled) <= 240 * (SMALL.retention_days + 1)
    assert max(evening.bytes for evening in settled) <= 1.1 * settled[0].bytes
    assert settled[-1].day > OUTAGE[-1]


def test_dagsters_storage_stops_growing_when_the_first_runs_leave_it(tmp_path: Path) -> None:
    """With the files that Dagster itself would leave behind."""
    with dagster_on_sqlite(tmp_path) as (instance, size):
        evenings = [*dagster_month.days(instance, 24, 2, size)]

    steady = evenings[dagster_month.KEPT_FAILED + dagster_month.KEPT_FILES :]
    assert {evening.runs for evening in steady} == {steady[0].runs}
    assert steady[-1].bytes <= 1.02 * steady[0].bytes
