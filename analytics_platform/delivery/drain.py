"""A drain: deliver a destination's pending events for as long as they come, within a window."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from analytics_platform.delivery.flush import Failure, Flush, Sorted, is_suspect, judge, sort
from analytics_platform.delivery.holds import Holds, only
from analytics_platform.delivery.job import End, Job, Surroundings
from analytics_platform.delivery.lanes import probes, spread, whole
from analytics_platform.delivery.limit import Limit
from analytics_platform.delivery.patience import LONGEST_HOLD, hold_after
from analytics_platform.delivery.rate import Rate, handed_over
from analytics_platform.delivery.redelivery import Manners
from analytics_platform.delivery.settling import settle_surely
from analytics_platform.delivery.share import Share
from analytics_platform.delivery.tally import Measured, Tally
from analytics_platform.delivery.throttle import Throttle
from analytics_platform.destinations.base import Outgoing
from analytics_platform.staging.base import Event, HeldBack, Lease, Settlement, Trouble
from analytics_platform.staging.streams import Part

READ_AHEAD = 4  # requests for each lane that one flush reads
READ_AT_MOST = 5000  # events that one flush holds in memory
READ_FOR_OTHERS = 1000  # events more, so that a user whose event fails does not hide the others
PROBES = 3  # users whose first event is tried alone after a failure
BURIED_AN_HOUR = 6  # runs that may end early because they buried something


class Drain:
    """One drain of one stream, under a lease."""

    def __init__(self, job: Job, lease: Lease, world: Surroundings, tally: Tally, until: int | None = None) -> None:
        """`until` makes it end, at the latest, once everything up to that seq is settled."""
        self._job = job
        self._lease = lease
        self._world = world
        self._tally = tally
        self._until = until
        self._stream = lease.stream
        self._part = world.staging.part(job.name, self._stream) or Part(last=0)
        self._share = Share(self._part)
        self._started = self._last_busy = world.monotonic()
        self._buried_at: float | None = None
        self._may_end_early = False
        self._throttle = Throttle(world.monotonic, world.wait, world.stop)
        self._asked = False
        self._has_more = False  # is pending than one flush reads
        self._manners = Manners(job, self._stream, world)
        self._holds = Holds(world.clock, self._held_back())
        self._destination = Measured(job.destination, world.monotonic, tally)
        self._has_blamed = False  # single events, which says nothing of the vendor while there are no others
        self._rate = Rate(job.fastest, world.monotonic, world.wait, self._must_stop)
        self._limit = Limit(job.name, job.rate_limit, world, self._must_stop, is_live=job.is_live)
        self._probing = world.staging.health(job.name, self._stream).failures > 0
        self._size = 1 if self._probing else job.batch_size

    def run(self) -> End:
        """Deliver until there is an end to it.

        Raises LeaseLost when another run has taken over, StagingError when the store cannot be used.
        """
        with handed_over(self._rate, self._lease, self._world):
            while not (end := self._turn()):
                pass
            return end

    def _turn(self) -> End | None:
        """Send what is due, or wait a moment for it."""
        self._world.guard()
        self._manners.tell()
        events, has_passed = self._read()
        if end := self._end(pending=bool(events) or has_passed or bool(self._holds)):
            return end
        due = events if self._is_due(events) else []
        ready = self._holds.ready(max(PROBES, self._job.concurrency))
        if has_passed and not due and not ready:
            return None
        if (not due and not ready) or self._manners.gives_way():
            self._world.wait(self._job.pace.poll)
            return None
        return self._flush(due, ready)

    def _read(self) -> tuple[list[Event], bool]:
        """The stream's next events: at least what makes a flush due, at most what one flush sends.

        Of a lane, or of history of which not all is wanted, the others are passed on the way; whether some were.
        """
        job = self._job
        requests = self._size * job.concurrency
        slack = requests // 4 if job.concurrency > 1 else 0  # lanes are not equally long
        wanted = max(requests * READ_AHEAD + slack, job.batch_size)
        if self._probing or not self._holds.room:
            wanted += READ_FOR_OTHERS
        limit = READ_AT_MOST if self._part.event is not None else min(wanted, READ_AT_MOST) * self._part.lanes
        read = self._world.staging.pending(job.name, limit, self._stream)
        self._has_more = len(read) == limit
        mine, others = self._share.divide(read)
        has_passed = self._is_due(others)
        if has_passed:
            self._settle(Settlement(passed=others))
            self._last_busy = self._world.monotonic()
        return mine, has_passed

    def _is_due(self, events: list[Event]) -> bool:
        """Whether there is a batch of events, or the oldest has waited for the flush interval."""
        if not events or len(events) >= self._job.batch_size:
            return bool(events)
        # Waited less than nothing: the clock has been set back since.
        return not 0 <= self._world.clock() - events[0].received_at < self._job.flush_interval

    def _end(self, *, pending: bool) -> End | None:
        """Whether it is time to stop, and as what."""
        now, pace, staging = self._world.monotonic(), self._job.pace, self._world.staging
        if self._world.stop():
            return End("stopped")
        if self._until is not None and staging.cursor(self._job.name, self._stream) >= self._until:
            return End("drained")
        if not pending and staging.is_over(self._job.name, self._stream):
            return End("drained")
        elapsed, idle = now - self._started, now - self._last_busy
        if self._buries_and_ends(now, pending=pending):
            return End("drained")
        if elapsed >= pace.window or (elapsed >= pace.shortest and idle >= pace.idle):
            return self._over()
        if elapsed >= pace.window - pace.hand_over and idle < pace.idle and not self._asked:
            staging.want_successor(self._lease)
            self._asked = True
        return None

    def _must_stop(self) -> bool:
        """Whether what has not left yet stays here: the run is to stop, has had its time, or is not wanted any more."""
        has_had_its_time = self._world.monotonic() - self._started >= self._job.pace.window
        return has_had_its_time or self._manners.is_over() or self._world.stop()

    def _over(self) -> End:
        """How the run ends when its time is over: not well, when all that it did was to fail with single events."""
        if self._has_blamed and not self._tally.delivered:
            return End("down", "events fail, and there are no others to tell whether it is their fault", LONGEST_HOLD)
        return End("drained")

    def _buries_and_ends(self, now: float, *, pending: bool) -> bool:
        """Whether the run ends, to be seen as failed, because it has buried something.

        It does once nothing is pending, or a little later; but a steady trickle of burials may not start a run each.
        """
        if not self._tally.dead:
            return False
        if self._buried_at is None:
            self._buried_at = now
            ended = self._world.staging.endings_since(self._job.name, "buried", self._world.clock() - 3600)
            self._may_end_early = ended < BURIED_AN_HOUR
        return self._may_end_early and (not pending or now - self._buried_at >= self._job.pace.bury)

    def _flush(self, events: list[Event], ready: list[bytes]) -> End | None:
        found = self._sort(events)
        outgoing, has_parked = self._without_held(found)
        lanes = self._lanes(outgoing, [lane for user in ready if (lane := self._lane_of(user))])
        if not lanes:
            self._refresh()
            if found and not has_parked:  # they are of held-back users, and there is no room to park them
                self._world.wait(self._job.pace.poll)
            return None
        self._last_busy = self._world.monotonic()
        flush = Flush(
            self._destination,
            self._settle,
            self._rate.before(self._limit.before(self._world.guard)),
            self._must_stop,
            self._tally,
            self._rate.heed,
        )
        flush.run(lanes, self._size, self._job.concurrency)
        end = self._learn(flush)
        if self._holds or flush.throttled or flush.failures:
            self._holds.note(flush, self._held_back())
        return end

    def _learn(self, flush: Flush) -> End | None:
        """What the answers say about the vendor, its users and single events."""
        for failure in flush.throttled:
            self._park(failure, self._troubles([failure]), failure.asked_for or LONGEST_HOLD, alone=False)
        if flush.progressed:
            self._throttle.reset()
        if flush.halt is not None:
            return End("halted", flush.halt.reason)
        if flush.failures and not self._blames_single_events(flush):
            return self._after_failure(flush)
        self._probing = self._probing and not flush.progressed
        self._size = 1 if self._probing else min(self._job.batch_size, self._size * 4)
        return None

    def _sort(self, events: list[Event]) -> list[Outgoing]:
        """What is to be sent of these; the rest is settled."""
        found = sort(events, self._job.route, self._world.suppressed(events))
        self._settle_unsent(found)
        return found.outgoing

    def _without_held(self, outgoing: list[Outgoing]) -> tuple[list[Outgoing], bool]:
        """The events of users who are not held back, and whether any of the others were parked behind earlier ones."""
        held = [each for each in outgoing if self._holds.is_held(each)] if self._holds else []
        if not held:
            return outgoing, False
        followers = self._holds.followers(held)
        if followers:
            self._settle(Settlement(parked=followers))
            self._refresh()
        seqs = {each.event.seq for each in held}
        return [each for each in outgoing if each.event.seq not in seqs], bool(followers)

    def _lane_of(self, user: bytes) -> list[Outgoing]:
        """The first parked event of a user, or more of them once the vendor has taken one."""
        limit = self._job.batch_size if self._holds.is_proven(user) and not self._probing else 1
        return self._sort(self._world.staging.parked(self._job.name, user, limit, self._stream))

    def _lanes(self, outgoing: list[Outgoing], held: list[list[Outgoing]]) -> Sequence[Sequence[Outgoing]]:
        """What goes out side by side: after a failure single probes; the parked events of each user by themselves."""
        if self._probing:
            firsts = [*outgoing, *(lane[0] for lane in held)]
            return [[probe] for probe in probes(sorted(firsts, key=lambda each: each.event.seq), PROBES)]
        lanes: Sequence[Sequence[Outgoing]] = spread(
            outgoing, min(self._job.concurrency, -(-len(outgoing) // self._size))
        )
        if self._has_more:  # what is left over goes with the next flush, rather than in requests that are half empty
            lanes = whole(lanes, self._size)
        return [*lanes, *held]

    def _held_back(self) -> list[HeldBack]:
        return self._world.staging.held_back(self._job.name, self._stream)

    def _refresh(self) -> None:
        if self._holds:
            self._holds.refresh(self._held_back())

    def _blames_single_events(self, flush: Flush) -> bool:
        """Whether it is events that the vendor cannot digest; then their users are held back."""
        troubles = self._troubles(flush.failures)
        if not all(self._is_to_blame(failure, flush, troubles) for failure in flush.failures):
            return False
        for failure in flush.failures:
            counts = not failure.asked_for and len(failure.events) == 1 and self._holds.others_succeeded(failure, flush)
            self._has_blamed = self._has_blamed or not failure.asked_for
            trouble = troubles.get(failure.events[0].event.seq)
            seconds = hold_after((trouble.alone if trouble else 0) + 1) if counts else LONGEST_HOLD
            self._park(failure, troubles, max(seconds, failure.asked_for), alone=counts)
        return True

    def _is_to_blame(self, failure: Failure, flush: Flush, troubles: Mapping[int, Trouble]) -> bool:
        """Whether an event failed that was sent alone, while others succeeded or after it had failed so before."""
        alone = self._probing or self._holds.is_held(failure.events[0])
        if len(failure.events) > 1:  # of a user who had proven well, and is tried alone again
            return alone and not failure.asked_for
        return alone and (self._holds.others_succeeded(failure, flush) or is_suspect(failure, troubles))

    def _after_failure(self, flush: Flush) -> End | None:
        """Wait for a vendor that asks for it, and tell one that is down from an event that it cannot digest."""
        troubles = self._troubles(flush.failures)
        for failure in flush.failures:
            self._settle_failure(failure, troubles, alone=False)
        reason = flush.failures[0].outcome.reason
        if asked_for := flush.asked_for:
            if not self._throttle.wait(asked_for):
                return End("down", reason, asked_for)
            if self._throttle.in_a_row == 1:
                return None  # a rate limit: as large requests as before
        elif self._probing:
            return End("down", reason)
        self._probing, self._size = True, 1
        return None

    def _troubles(self, failures: Sequence[Failure]) -> Mapping[int, Trouble]:
        events = [outgoing.event for failure in failures for outgoing in failure.events]
        ordered = sorted(events, key=lambda event: event.seq)
        return self._world.staging.troubles(self._job.name, ordered, self._stream)

    def _settle_failure(self, failure: Failure, troubles: Mapping[int, Trouble], *, alone: bool) -> None:
        self._settle_verdict(judge(failure, troubles, self._world.clock(), self._job.give_up_after, alone=alone))

    def _park(self, failure: Failure, troubles: Mapping[int, Trouble], seconds: float, *, alone: bool) -> None:
        """Have those of the events that are not given up wait beside the stream."""
        verdict = judge(failure, troubles, self._world.clock(), self._job.give_up_after, alone=alone)
        waiting = only(failure.events, verdict.failed)
        self._settle_verdict(replace(verdict, parked=self._holds.parked(waiting, seconds)))

    def _settle_verdict(self, verdict: Settlement) -> None:
        self._settle(verdict)
        self._tally.dead += len(verdict.dead)

    def _settle_unsent(self, found: Sorted) -> None:
        if found.skipped or found.unreadable:
            self._settle(Settlement(skipped=found.skipped, dead=found.unreadable))
            self._tally.skipped += len(found.skipped)
            self._tally.dead += len(found.unreadable)

    def _settle(self, settlement: Settlement) -> None:
        settle_surely(lambda: self._world.staging.settle(self._lease, settlement), self._world)
        self._tally.note_lags(settlement.delivered, self._world.clock())
