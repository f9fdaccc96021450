"""Delivery with simulated time: a run that waits moves the clock, so ten minutes take milliseconds."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from analytics_platform.delivery.drain import Drain
from analytics_platform.delivery.job import End, Job, Pace, Surroundings
from analytics_platform.delivery.run import Attempt, Report, execute
from analytics_platform.delivery.tally import Tally
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, Lease, StreamState
from analytics_platform.staging.suppression import Person, SuppressionList
from tests.fakes.clock import Clock
from tests.fakes.destination import Obedient
from tests.stores import take

MINUTE = 60.0
HOUR = 3600.0
HASH_KEY = b"the installation's hash key, for tests"
BEAT = 10.0  # simulated seconds between two heartbeats of whoever works


class Simulation:
    """A real store, a destination that obeys the test, and time that passes when somebody waits."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.elapsed = 0.0
        self.staging = open_staging(f"sqlite:///{folder}/staging.db", self.clock)
        self.staging.register(["vendor"])
        self.vendor = Obedient()
        self.job = Job(
            name="vendor",
            kind="webhook",
            destination=self.vendor,
            batch_size=10,
            flush_interval=5.0,
            concurrency=1,
            give_up_after=96 * HOUR,
            pace=Pace(poll=0.5),
        )
        self.is_stopping = False
        self.tally = Tally()
        self._agenda: list[tuple[float, Callable[[], object]]] = []
        self._alive: set[str] = set()
        self._next_beat = 0.0

    def wait(self, seconds: float) -> None:
        """Let so much time pass: hearts beat, and what the test has planned happens."""
        self.clock.advance(seconds)
        self.elapsed += seconds
        if self.elapsed >= self._next_beat:
            self._next_beat = self.elapsed + BEAT
            for run_id in self._alive:
                self.staging.heartbeat(run_id)
        due = [action for at, action in self._agenda if at <= self.elapsed]
        self._agenda = [(at, action) for at, action in self._agenda if at > self.elapsed]
        for action in due:
            action()

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Have something happen so many seconds from now."""
        self._agenda.append((self.elapsed + seconds, action))

    def every(self, seconds: float, action: Callable[[], object], times: int) -> None:
        """Have something happen again and again, for the first time now in so many seconds."""
        for number in range(1, times + 1):
            self.after(seconds * number, action)

    def accept(self, *message_ids: str, **fields: Any) -> None:
        """Have calls accepted now, each of a user of its own unless `userId` says whose they are."""
        self.staging.append(
            [
                Entry("web", name, self.clock(), json.dumps({"messageId": name, "userId": name, **fields}))
                for name in message_ids
            ]
        )

    def suppress(self, user_id: str) -> None:
        """Put a user on the suppression list."""
        SuppressionList(self.staging, HASH_KEY).add([Person("user", user_id)])

    def limit_rate(self, per_second: float) -> None:
        """Let the vendor have so many requests a second from the next run on."""
        self.job = replace(self.job, rate_limit=per_second)

    def beat_for(self, run_id: str) -> None:
        """Have this run's heart beat, too, while time passes."""
        self._alive.add(run_id)

    def stop(self) -> None:
        """Tell whoever works to stop."""
        self.is_stopping = True

    def surroundings(self) -> Surroundings:
        """The world of a run."""
        return Surroundings(
            self.staging,
            self.clock,
            self.wait,
            lambda: None,
            lambda: self.is_stopping,
            lambda: self.elapsed,
            SuppressionList(self.staging, HASH_KEY).among,
        )

    def drain(self, run_id: str = "run-1", until: int | None = None) -> End:
        """Drain once, as a run of its own."""
        lease = take(self.staging, run_id)
        self._alive = {run_id}
        self.tally = Tally()
        end = Drain(self.job, lease, self.surroundings(), self.tally, until).run()
        self.staging.end_run(run_id, "buried" if self.tally.dead else end.ending)
        return end

    def run(
        self, run_id: str, *re_executes: str, is_last: bool = True, wait: Callable[[float], None] | None = None
    ) -> Report:
        """One try of a whole run; `wait` does what is to happen while it waits."""
        self._alive = {run_id}
        world = self.surroundings()
        if wait is not None:
            world = replace(world, wait=wait)
        return execute(self.job, Attempt(run_id, re_executes, is_last, pause=60.0), world)

    def bury(self, run_id: str, *message_ids: str) -> None:
        """Have a run whose vendor refuses these events, and recovers afterwards."""
        self.accept(*message_ids)
        self.vendor.will_refuse(*message_ids)
        self.run(run_id)
        self.vendor.recovers()
        self.vendor.requests.clear()

    def lose_lease(self, by: str = "thief") -> Lease:
        """Have another run take over, as if everybody's heart had stopped."""
        self._alive = set()
        self.clock.advance(HOUR)
        return take(self.staging, by)

    def state(self) -> StreamState:
        """What the sensor sees of the stream."""
        return self.staging.streams(["vendor"], 1000)[0]

    def dead(self, *run_ids: str) -> list[tuple[str, str]]:
        """The open dead letters of these runs, with their reasons."""
        letters = self.staging.open_letters("vendor", run_ids or ("run-1",), 0, 1000)
        return [(letter.event.message_id, letter.reason) for letter in letters]


def names(count: int, prefix: str = "e") -> list[str]:
    """So many messageIds."""
    return [f"{prefix}{number}" for number in range(count)]


def in_order(arrived: Sequence[str], *expected: str) -> bool:
    """Whether these arrived in this order, whatever else did."""
    return [name for name in arrived if name in expected] == [*expected]
