"""Which days and hours does a snapshot have?"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.partitions import key_at, period_of
from analytics_platform.settings import ConfigurationError
from analytics_platform.snapshots.declaration import Declaration, read
from event_registry import registry
from tests.application import OF_A_DAY, PRESENT, write


def declared(folder: Path, sql: str = OF_A_DAY, **fields: Any) -> Declaration:
    """A snapshot with these fields."""
    write(folder, sql, **fields)
    return read(folder, "accounts", registry.default())


@pytest.mark.parametrize(
    ("key", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-24", 24), ("2026-10-25", 25)]
)
def test_a_day_is_as_long_as_it_is_in_its_time_zone(tmp_path: Path, key: str, hours: int) -> None:
    """23 hours when the clocks go forward, 25 when they go back."""
    period = period_of(declared(tmp_path, timezone="Europe/Berlin"), key)

    assert (period.end - period.start).total_seconds() == hours * 3600


@pytest.mark.parametrize(
    ("key", "start"),
    [
        ("2026-10-25-01:00", datetime(2026, 10, 24, 23, tzinfo=UTC)),
        ("2026-10-25-02:00", datetime(2026, 10, 25, 0, tzinfo=UTC)),
        ("2026-10-25-02:00+0100", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("2026-10-25-03:00", datetime(2026, 10, 25, 2, tzinfo=UTC)),
    ],
)
def test_the_hour_that_happens_twice_is_two_partitions(tmp_path: Path, key: str, start: datetime) -> None:
    """Each an hour long, with a timestamp of its own."""
    declaration = declared(tmp_path, timezone="Europe/Berlin", partitions="hourly")

    period = period_of(declaration, key)

    assert period.start == start
    assert (period.end - period.start).total_seconds() == 3600
    assert (period.end - period.moment(datetime.max.replace(tzinfo=UTC), is_of_any_time=True)).total_seconds() == 0.001


@pytest.mark.parametrize(("sql", "key"), [(OF_A_DAY, "2026-03-28"), (PRESENT, "2026-03-29")])
def test_the_past_is_asked_for_the_last_whole_day_and_the_present_for_today(tmp_path: Path, sql: str, key: str) -> None:
    """Of the snapshot's own time zone: in Berlin it is tomorrow already."""
    declaration = declared(tmp_path, sql, timezone="Europe/Berlin")

    assert key_at(declaration, datetime(2026, 3, 28, 23, 30, tzinfo=UTC)) == key


def test_before_its_first_day_a_snapshot_has_no_partition(tmp_path: Path) -> None:
    """Nothing is taken."""
    assert key_at(declared(tmp_path, start="2026-04-01"), datetime(2026, 3, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize("key", ["yesterday", "2026-03-04-13:00", "2026-3-4", ""])
def test_a_partition_that_is_none_is_refused(tmp_path: Path, key: str) -> None:
    """The sentence shows one."""
    with pytest.raises(
        ConfigurationError, match="accounts has no partition of this name; write one such as 2026-11-24"
    ):
        period_of(declared(tmp_path), key)
