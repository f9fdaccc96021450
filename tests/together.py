"""Several runs side by side in simulated time: one works at a time, and whoever waits lets the others go on.

Each works in a thread of its own, but no two at once: so a test is the same every time, and a day takes seconds.
"""

import heapq
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from analytics_platform.delivery.due import Stream, Threshold, due, has_budget
from analytics_platform.delivery.job import Job, Surroundings
from analytics_platform.delivery.run import Attempt, Report, execute
from analytics_platform.staging.base import Staging
from analytics_platform.staging.suppression import SuppressionList
from tests.fakes.clock import Clock
from tests.simulation import HASH_KEY

BEAT = 20.0  # simulated seconds between two heartbeats of whoever works
START_SECONDS = 3.0  # that a run takes from its request to its work
LOOK_SECONDS = 5.0  # between two looks of the sensor


class Killed(BaseException):
    """What happens to a worker that is killed while it waits: nothing of it is written any more."""


def _baton() -> threading.Lock:
    """A lock that whoever has the turn releases, and whoever waits for it acquires."""
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(eq=False)
class Worker:
    """Somebody who works, in a thread of its own."""

    thread: threading.Thread | None = None
    turn: threading.Lock = field(default_factory=_baton)
    is_killed: bool = False
    is_done: bool = False


class Together:
    """The time that all of them share."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.began = clock.now
        self.each_beat: Callable[[], object] = lambda: None
        self._next_beat = clock.now
        self._waiting: list[tuple[float, int, Worker]] = []
        self._order = itertools.count()
        self._idle = _baton()
        self._local = threading.local()
        self._workers: list[Worker] = []
        self._error: BaseException | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self.clock.now - self.began

    def start(self, work: Callable[[], object], after: float = 0.0) -> Worker:
        """Have somebody begin to work in so many seconds."""
        worker = Worker()
        worker.thread = threading.Thread(target=self._work, args=(worker, work), daemon=True)
        self._workers.append(worker)
        self._waits(worker, after)
        worker.thread.start()
        return worker

    def wait(self, seconds: float) -> None:
        """Let so much time pass for whoever calls this; the others work meanwhile."""
        worker: Worker = self._local.worker
        self._waits(worker, seconds)
        self._idle.release()
        self._take_turn(worker)

    def kill(self, worker: Worker) -> None:
        """End the worker where it waits now."""
        worker.is_killed = True
        self._waits(worker, 0.0)

    def breathe(self) -> None:
        """Raise Killed for whoever has been killed; the others, and threads that nobody simulates, go on."""
        worker: Worker | None = getattr(self._local, "worker", None)
        if worker and worker.is_killed:
            raise Killed

    def run(self, seconds: float) -> None:
        """Let everybody work for so many seconds."""
        end = self.clock.now + seconds
        while self._waiting and self._waiting[0][0] <= end:
            at, _, worker = heapq.heappop(self._waiting)
            if not worker.is_done:
                self._pass_time(at)
                self._give_turn(worker)
        self._pass_time(end)

    def end(self) -> None:
        """Kill whoever is left."""
        for worker in [each for each in self._workers if not each.is_done]:
            worker.is_killed = True
            self._give_turn(worker)
        for worker in self._workers:
            if worker.thread:
                worker.thread.join()

    def _waits(self, worker: Worker, seconds: float) -> None:
        heapq.heappush(self._waiting, (self.clock.now + seconds, next(self._order), worker))

    def _pass_time(self, until: float) -> None:
        while self._next_beat <= until:
            self.clock.now = max(self.clock.now, self._next_beat)
            self._next_beat += BEAT
            self.each_beat()
        self.clock.now = max(self.clock.now, until)

    def _give_turn(self, worker: Worker) -> None:
        worker.turn.release()
        self._idle.acquire()
        if self._error:
            error, self._error = self._error, None
            raise error

    def _take_turn(self, worker: Worker) -> None:
        worker.turn.acquire()
        if worker.is_killed:
            raise Killed

    def _work(self, worker: Worker, work: Callable[[], object]) -> None:
        self._local.worker = worker
        try:
            self._take_turn(worker)
            work()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001  the test fails with it
            self._error = error
        finally:
            worker.is_done = True
            self._idle.release()


class Mortal:
    """A store as a worker sees it: whoever is killed writes nothing more, on no way out."""

    def __init__(self, staging: Staging, together: Together) -> None:
        self._staging = staging
        self._together = together

    def __getattr__(self, name: str) -> object:
        self._together.breathe()
        return getattr(self._staging, name)


class Platform:
    """Destinations with the runs that the sensor would start, all in one simulated time."""

    def __init__(
        self, together: Together, staging: Staging, jobs: Mapping[str, Job], look: float = LOOK_SECONDS
    ) -> None:
        """`jobs` are by the names of the destinations, `look` is in seconds between two looks of the sensor."""
        self._look_seconds = look
        self.together = together
        self.staging = staging
        self.jobs = dict(jobs)
        self.lanes = dict.fromkeys(jobs, 1)
        self.reports: dict[Stream, list[Report]] = {}
        self.starts: dict[Stream, list[float]] = {}
        self.told: list[str] = []
        self.in_flight: Counter[Stream] = Counter()
        self.workers: dict[str, Worker] = {}  # by the ids of runs
        self._alive: set[str] = set()
        self._numbers = itertools.count()
        staging.register(jobs)
        together.each_beat = self._beat
        together.start(self._look_on)

    def surroundings(self) -> Surroundings:
        """The world of a run."""
        together = self.together
        return Surroundings(
            cast("Staging", Mortal(self.staging, together)),
            together.clock,
            together.wait,
            lambda: None,
            lambda: False,
            lambda: together.elapsed,
            SuppressionList(self.staging, HASH_KEY).among,
            self.told.append,
        )

    def re_execute(self, stream: Stream, run_id: str) -> None:
        """Press Re-execute on a run of a stream."""
        new_id = f"re-execution#{next(self._numbers)}"
        self._alive.add(new_id)
        self.together.start(partial(self._execute, stream, new_id, run_id))

    def _execute(self, stream: Stream, run_id: str, *re_executes: str) -> None:
        attempt = Attempt(run_id, re_executes, stream=stream[1])
        report = execute(self.jobs[stream[0]], attempt, self.surroundings())
        self.reports.setdefault(stream, []).append(report)

    def kill(self, stream: Stream) -> None:
        """Kill the runs of a stream, as kill -9 does; Dagster notices at once, the store when they beat no more."""
        for run_id in [each for each in self._alive if each.startswith("/".join(stream) + "#")]:
            self._alive.discard(run_id)
            self.in_flight[stream] -= 1
            self.together.kill(self.workers[run_id])

    def streams(self) -> list[str]:
        """The names of all streams that may have something pending."""
        return [state.stream for state in self.staging.streams(self.jobs, 1)]

    def _look_on(self) -> None:
        while True:
            self._look()
            self.together.wait(self._look_seconds)

    def _look(self) -> None:
        """What one tick of the sensor does."""
        now = self.together.clock()
        for name, lanes in self.lanes.items():
            self.staging.split(name, lanes)
        thresholds = {name: Threshold(job.batch_size, job.flush_interval) for name, job in self.jobs.items()}
        count_to = max(job.batch_size for job in self.jobs.values())
        for stream in due(self.staging.streams(self.jobs, count_to), thresholds, self.in_flight, now):
            starts = self.starts.setdefault(stream, [])
            if has_budget(starts[-100:], now):
                starts.append(now)
                self.in_flight[stream] += 1
                run_id = f"{'/'.join(stream)}#{next(self._numbers)}"
                self._alive.add(run_id)
                self.workers[run_id] = self.together.start(partial(self._run, stream, run_id), START_SECONDS)

    def _run(self, stream: Stream, run_id: str) -> None:
        self._execute(stream, run_id)
        self._alive.discard(run_id)
        self.in_flight[stream] -= 1

    def _beat(self) -> None:
        for run_id in self._alive:
            self.staging.heartbeat(run_id)
