"""One run, from its first heartbeat to its ending."""

import dataclasses
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analytics_platform.delivery.drain import Drain
from analytics_platform.delivery.heart import Heart
from analytics_platform.delivery.job import End, Job, Surroundings
from analytics_platform.delivery.patience import is_ahead, wait_after
from analytics_platform.delivery.redelivery import find
from analytics_platform.delivery.replay import Replay
from analytics_platform.delivery.tally import Tally
from analytics_platform.staging.base import (
    LEASE_SECONDS,
    LIVE,
    Dead,
    DeadLetter,
    Ending,
    Lease,
    LeaseLost,
    lease_on,
    replay,
)
from analytics_platform.staging.streams import Redelivery

UNDONE: tuple[Ending, ...] = ("down", "halted", "crashed")
"""Endings of runs that had more to deliver: re-executing one of them tries again at once."""

TURN_SECONDS = 600.0
"""How long a re-execution waits for its turn before it fails."""

NAMED = 100
"""Dead letters that a report names; `still_dead` counts them all."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which run this is, and which try of it."""

    run_id: str
    re_executes: Sequence[str] = ()  # the runs that it re-executes, nearest first
    is_last: bool = True  # no try of the same run follows
    pause: float = 0.0  # the longest wait before the next try, seconds
    stream: str = LIVE  # of the destination


@dataclass(slots=True)
class Report:
    """What a run did, for people."""

    tally: Tally = field(default_factory=Tally)
    ending: Ending | None = None  # None: the run tries again itself, and keeps its lease meanwhile
    is_failure: bool = False
    error: str | None = None
    note: str | None = None
    still_dead: int = 0  # open dead letters that this run was to answer for
    dead_letters: Sequence[DeadLetter] = ()  # the first NAMED of them
    reasons: Mapping[str, int] = field(default_factory=dict)  # of all of them
    retry_in: float | None = None  # seconds until the sensor tries again
    redelivery: Redelivery | None = None  # how far it is, if that is what the run delivers


def execute(job: Job, attempt: Attempt, world: Surroundings) -> Report:
    """Do a run's work: drain, or in a re-execution finish what the earlier runs left.

    However that goes its ending is recorded, unless the run tries again.
    Raises whatever is not the vendor's doing: StagingError, an interruption, an error of ours.
    """
    run_id, staging = attempt.run_id, world.staging
    staging.start_run(run_id, job.name)
    report = Report()
    ending: Ending | None = "crashed" if attempt.is_last else None
    run = Run(job, attempt, world, report)
    try:
        with Heart(staging, run_id) as heart:
            run = Run(job, attempt, dataclasses.replace(world, guard=heart.guard), report)
            try:
                ending = run.re_execute() if attempt.re_executes else run.drain()
            except Exception as error:
                if attempt.is_last and not isinstance(error, LeaseLost):
                    run.back_off(type(error).__name__)
                raise
    except LeaseLost as error:
        ending, report.error = "died", str(error)
    except Exception:
        raise
    except BaseException:  # the run is cancelled in Dagster's UI
        ending = "stopped"
        if not run.note_letters():
            raise
        ending, report.error = "buried", "it was cancelled"  # and shows its table
    finally:
        if ending is None:
            staging.heartbeat(run_id, attempt.pause + LEASE_SECONDS)
        else:
            staging.end_run(run_id, ending)
    report.ending = ending
    has_left_work = ending == "stopped" and bool(attempt.re_executes)  # of a drain, the next one goes on with it
    report.is_failure = has_left_work or ending not in ("drained", "stopped", "replayed")
    return report


class Run:
    """The work of one run, its heart beating."""

    def __init__(self, job: Job, attempt: Attempt, world: Surroundings, report: Report) -> None:
        self._stream = attempt.stream
        asked = find(world.staging, job.name, attempt.stream)
        self._job = dataclasses.replace(job, is_live=False, rate=asked.rate) if asked else job
        self._attempt = attempt
        self._world = world
        self._report = report
        self._lease: Lease | None = None  # of the stream

    def drain(self) -> Ending | None:
        """Deliver what is pending, once it is this run's turn."""
        staging, name = self._world.staging, self._job.name
        self._lease = staging.acquire(lease_on(name, self._stream), self._attempt.run_id)
        if self._lease is None:
            self._lease = self._succeed()
            retry_at = staging.health(name, self._stream).retry_at
            if self._lease is None or (retry_at is not None and is_ahead(retry_at, self._world.clock())):
                self._report.note = "not needed: another run delivers to this destination, or has found it down"
                return "drained"
        return self._conclude(Drain(self._job, self._lease, self._world, self._report.tally).run())

    def re_execute(self) -> Ending | None:
        """Replay what the earlier runs buried, then try again what they could not deliver."""
        earlier = self._attempt.re_executes
        staging, name = self._world.staging, self._job.name
        dead = staging.count_open_letters(name, earlier)
        undone = any(record.ending in UNDONE for record in staging.runs(earlier))
        if not dead and not undone:
            self._report.note = "nothing to do: the re-executed run left no dead letter that is still open"
            return "replayed"
        end = End("replayed")
        if dead:
            end = self._replay_letters()
        if undone and end.ending == "replayed":
            end = self._try_again()
        return self._conclude(end)

    def back_off(self, error: str, asked_for: float | None = None) -> None:
        """Have the sensor wait, longer each time, before it starts the next run for the stream."""
        if self._lease is None:
            return
        world = self._world
        failures = world.staging.health(self._job.name, self._stream).failures + 1
        wait = wait_after(failures, asked_for, random.random())  # noqa: S311  spreads load, keeps no secret
        self._report.retry_in = wait
        world.staging.back_off(self._lease, world.clock() + wait, error)

    def note_letters(self) -> int:
        """Report the dead letters that this run answers for and that are still open; returns how many these are."""
        answers_for = [self._attempt.run_id, *self._attempt.re_executes]
        counts = self._world.staging.count_dead_letters(Dead(destination=self._job.name, runs=answers_for))
        self._report.reasons = {reason: count for (_, reason), count in counts.items()}
        self._report.still_dead = sum(counts.values())
        self._report.dead_letters = self._world.staging.open_letters(self._job.name, answers_for, 0, NAMED)
        return self._report.still_dead

    def _replay_letters(self) -> End:
        staging, name, run_id = self._world.staging, replay(self._job.name), self._attempt.run_id
        if staging.acquire(name, run_id) is None and not staging.succeed(name, run_id):
            return End("stopped", "one replay of this destination is under way, and another one waits for its turn")
        lease = self._turn(name)
        if lease is None:
            return End("stopped", "another replay of this destination has not ended yet")
        return Replay(self._job, lease, self._attempt.re_executes, self._world, self._report.tally).run()

    def _try_again(self) -> End:
        """Deliver everything up to here, whatever `retry_at` says; or see a living drain do it."""
        staging, name, stream = self._world.staging, self._job.name, self._stream
        part = staging.part(name, stream)
        if part is None or staging.is_over(name, stream):
            return End("replayed")
        target = min(staging.head(), part.last if part.last is not None else staging.head())
        self._lease = self._turn(lease_on(name, stream), unless_settled=target)
        end = End("stopped")
        if self._lease is not None:
            end = Drain(self._job, self._lease, self._world, self._report.tally, until=target).run()
        if end.ending in ("drained", "stopped"):
            if staging.cursor(name, stream) >= target:
                return End("replayed")
            goes_on = "live delivery" if self._job.is_live else "the redelivery"
            return End("stopped", f"it had to end before everything was delivered; {goes_on} goes on")
        return end

    def _turn(self, name: str, unless_settled: int | None = None) -> Lease | None:
        """The lease once it is free; None after TURN_SECONDS, or when all up to a seq was settled meanwhile."""
        world, started = self._world, self._world.monotonic()
        while (lease := world.staging.acquire(name, self._attempt.run_id)) is None:
            settled = (
                unless_settled is not None and world.staging.cursor(self._job.name, self._stream) >= unless_settled
            )
            if settled or world.stop() or world.monotonic() - started > TURN_SECONDS:
                return None
            world.guard()
            world.wait(self._job.pace.poll)
        return lease

    def _succeed(self) -> Lease | None:
        """The lease as the one successor of the run that has it; None when there is one already, or it is to stop."""
        world, name, run_id = self._world, lease_on(self._job.name, self._stream), self._attempt.run_id
        if not world.staging.succeed(name, run_id):
            return None
        while (lease := world.staging.acquire(name, run_id)) is None and not world.stop():
            world.guard()
            world.wait(self._job.pace.poll)
        return lease

    def _conclude(self, end: End) -> Ending | None:
        """The run's ending, decided by what the store says is still dead, not by what this attempt remembers."""
        attempt = self._attempt
        self._report.error = end.error
        self._report.redelivery = find(self._world.staging, self._job.name, self._stream)
        if end.ending == "down" and end.wait is None and not attempt.is_last:
            return None
        if end.ending in ("down", "halted"):
            self.back_off(end.error or "", end.wait)
        if self.note_letters() and end.ending in ("drained", "stopped", "replayed"):
            return "buried"
        return end.ending
