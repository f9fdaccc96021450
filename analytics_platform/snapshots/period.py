"""The stretch of time that one reading is for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A day or an hour in the snapshot's time zone."""

    key: str  # Dagster's partition key, such as 2026-11-24
    start: datetime  # in UTC: sums and differences of local times are wrong when clocks change
    end: datetime  # the same; the first moment that no longer belongs to it

    def moment(self, now: datetime, *, is_of_any_time: bool) -> datetime:
        """What the calls say as their `timestamp`: the period's last moment, of a query that was asked about it.

        A query that knows the present state alone says when it was asked.
        """
        return min(now, self.end - MILLISECOND) if is_of_any_time else now
