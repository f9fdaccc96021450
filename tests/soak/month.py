"""Lives a month in a staging store: a day's events, deliveries, failures and housekeeping, one day after the other."""

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from analytics_platform.retention import DAY, Keep, Time, keep_house
from analytics_platform.staging.aside import Aside
from analytics_platform.staging.base import Burial, Dead, Entry, Lease, Settlement, Staging, live
from tests.fakes.clock import Clock

HOUR = 3600.0
GROUP = 500  # events of one append, and of one flush
DESTINATIONS = ("steady", "shaky")
QUARANTINED = 0.01  # of what is sent
DEAD = 0.001  # of what is delivered to one of them
TIMES = 21  # each question is asked
OUTAGE = range(12, 15)  # the days on which `shaky` takes nothing


@dataclass(frozen=True)
class Scale:
    """How much happens on a day, and how long it is remembered."""

    events: int  # a day
    runs: int  # a day, of all destinations
    retention_days: int = 7
    backlog_days: int = 14


@dataclass(frozen=True)
class Evening:
    """What there is at the end of a day."""

    day: int  # from 1
    retained: int  # events in the log
    bytes: int  # of the store
    seconds: dict[str, float]  # of what is asked of the store all day, by name; empty unless measured


class Month:
    """A store and the days that it lives through."""

    def __init__(self, staging: Staging, clock: Clock, scale: Scale, size: Callable[[], int]) -> None:
        """`size` gives the bytes of the store."""
        self._staging = staging
        self._clock = clock
        self._scale = scale
        self._size = size
        self._sent = 0
        self._runs = 0
        self._random = random.Random(1)  # noqa: S311 - each month is the same
        staging.register(DESTINATIONS)

    def days(self, count: int, measure: Callable[[int], bool] = lambda _: False) -> Iterator[Evening]:
        """So many days, each with its evening; `measure` says on which the store is timed."""
        for day in range(1, count + 1):
            for hour in range(24):
                self._hour(day, hour)
            retained = self._staging.head() - self._first() + 1
            yield Evening(day, retained, self._size(), self._measure() if measure(day) else {})

    def _hour(self, day: int, hour: int) -> None:
        """An hour's share of events and runs, with the housekeeping at its end."""
        events, runs = self._scale.events, self._scale.runs
        self._accept(events * (hour + 1) // 24 - events * hour // 24)
        for number in range(runs * hour // 24, runs * (hour + 1) // 24):
            self._run(DESTINATIONS[number % 2], is_down=number % 2 == 1 and day in OUTAGE)
        self._clock.advance(HOUR)
        self._staging.checkpoint()
        if hour == 12:
            self._mend()
        keep = Keep(self._scale.retention_days * DAY, self._scale.backlog_days * DAY)
        keep_house(self._staging, keep, Time(self._clock, time.monotonic, lambda _: None), lambda: False)
        self._staging.checkpoint()

    def _accept(self, count: int) -> None:
        for start in range(0, count, GROUP):
            self._staging.append([self._entry() for _ in range(min(GROUP, count - start))])

    def _entry(self) -> Entry:
        """A call as it is stored once it is enriched, about 700 bytes."""
        self._sent += 1
        message_id = str(UUID(int=self._random.getrandbits(128)))
        call = {
            "type": "track",
            "event": "report.created",
            "messageId": message_id,
            "anonymousId": str(UUID(int=self._random.getrandbits(128))),
            "userId": f"user-{self._random.randrange(100_000)}",
            "properties": {"report_id": f"rep_{self._sent}", "template": "weekly-sales", "chart_count": 3},
            "context": {
                "library": {"name": "analytics.js", "version": "npm:next-1.70.0"},
                "page": {"path": "/reports/new", "title": "New report", "url": "https://app.example.com/reports/new"},
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
                "ip": "203.0.113.0",
                "locale": "en-GB",
            },
            "timestamp": "2026-03-04T10:20:30.456Z",
            "receivedAt": "2026-03-04T10:20:30.789Z",
        }
        problems = '[{"path": "$.event"}]' if self._random.random() < QUARANTINED else None
        return Entry("web", message_id, self._clock(), json.dumps(call, separators=(",", ":")), problems)

    def _run(self, destination: str, *, is_down: bool) -> None:
        """One run of a destination, which delivers what is pending, or nothing."""
        lease = self._begin(destination)
        if is_down:
            self._staging.back_off(lease, self._clock() + HOUR, "HTTP 503")
            self._staging.end_run(lease.run_id, "down")
            return
        dead = 0
        while events := self._staging.pending(destination, GROUP):
            refused = [event for event in events if self._random.random() < DEAD]
            burials = [Burial(event, "HTTP 400", '{"error": "invalid"}') for event in refused]
            delivered = [event for event in events if event not in refused]
            self._staging.settle(lease, Settlement(delivered=delivered, dead=burials))
            dead += len(refused)
        self._staging.end_run(lease.run_id, "buried" if dead else "drained")

    def _begin(self, destination: str) -> Lease:
        self._runs += 1
        run_id = f"{self._runs:08}-run"
        self._staging.start_run(run_id, destination)
        lease = self._staging.acquire(live(destination), run_id)
        if lease is None:
            raise RuntimeError("another run has the lease")
        return lease

    def _mend(self) -> None:
        """Give up what has been dead since yesterday."""
        self._staging.discard_letters(Dead(until=self._clock() - DAY))

    def _first(self) -> int:
        """The seq of the oldest event."""
        oldest = self._staging.logged(None, 0, 1)
        return oldest[0].seq if oldest else self._staging.head() + 1

    def _measure(self) -> dict[str, float]:
        """How long each thing takes that is asked all day, each asked several times."""
        groups = [[self._entry() for _ in range(GROUP)] for _ in range(TIMES)]
        pending = groups[0]
        rest = iter(groups)
        seconds = {"append 500": _time(lambda: self._staging.append(next(rest)))}
        lease = self._begin("steady")
        questions: dict[str, Callable[[], object]] = {
            "500 duplicates": lambda: self._staging.append(pending),
            "next 500 pending": lambda: self._staging.pending("steady", GROUP),
            "settle 50": lambda: self._staging.settle(lease, Settlement(delivered=self._staging.pending("steady", 50))),
            "state of the streams": lambda: self._staging.streams(DESTINATIONS, 50),
            "heartbeat": lambda: self._staging.heartbeat(lease.run_id),
            "dead letters, first page": lambda: self._staging.dead_letters(Dead(), 0, 20),
            "quarantine, first page": lambda: self._staging.quarantined(Aside(), 0, 20),
        }
        seconds |= {name: _time(question) for name, question in questions.items()}
        self._staging.end_run(lease.run_id, "stopped")
        return seconds


def _time(question: Callable[[], object]) -> float:
    """The seconds of the quickest of several answers: what disturbs the others is not ours."""
    taken = []
    for _ in range(TIMES):
        started = time.perf_counter()
        question()
        taken.append(time.perf_counter() - started)
    return min(taken)
