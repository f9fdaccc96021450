"""The replay: deliver the dead letters of earlier runs that nobody has delivered since."""

from collections.abc import Sequence

from analytics_platform.delivery.drain import PROBES
from analytics_platform.delivery.flush import Flush, sort
from analytics_platform.delivery.job import End, Job, Surroundings
from analytics_platform.delivery.lanes import spread
from analytics_platform.delivery.limit import Limit
from analytics_platform.delivery.rate import Rate, handed_over
from analytics_platform.delivery.settling import settle_surely
from analytics_platform.delivery.tally import Measured, Tally
from analytics_platform.delivery.throttle import Throttle
from analytics_platform.destinations.base import Outgoing
from analytics_platform.staging.base import Burial, Lease, Settlement

READ = 1000  # letters at a time


class Replay:
    """One replay of what these runs have buried, under a lease."""

    def __init__(self, job: Job, lease: Lease, run_ids: Sequence[str], world: Surroundings, tally: Tally) -> None:
        self._job = job
        self._lease = lease
        self._run_ids = run_ids
        self._world = world
        self._tally = tally
        self._throttle = Throttle(world.monotonic, world.wait, world.stop)
        self._destination = Measured(job.destination, world.monotonic, tally)
        self._rate = Rate(job.fastest, world.monotonic, world.wait, world.stop)
        self._limit = Limit(job.name, job.rate_limit, world, world.stop, is_live=True)
        self._settled: set[int] = set()  # seqs of those read last

    def run(self) -> End:
        """Send every open letter once more; what is rejected again stays dead.

        Raises LeaseLost when another run has taken over, StagingError when the store cannot be used.
        """
        with handed_over(self._rate, self._lease, self._world):
            return self._replay()

    def _replay(self) -> End:
        seq = 0
        while letters := self._world.staging.open_letters(self._job.name, self._run_ids, seq, READ):
            self._world.guard()
            seq = letters[-1].event.seq
            self._settled.clear()
            events = [letter.event for letter in letters]
            suppressed = self._world.suppressed(events)
            if suppressed:  # nobody may have these any more: they are discarded
                self._settle(Settlement(skipped=[events[place] for place in suppressed]))
            if end := self._send(sort(events, self._job.route, suppressed).outgoing):
                return end
        return End("replayed")

    def _send(self, letters: Sequence[Outgoing]) -> End | None:
        """Send them together; after a failure one by one, so that one bad letter does not keep the others here."""
        job, alone = self._job, False
        while left := [each for each in letters if each.event.seq not in self._settled]:
            before = self._rate.before(self._limit.before(self._world.guard))
            flush = Flush(self._destination, self._settle, before, self._world.stop, self._tally, self._rate.heed)
            if alone:
                flush.run([[each] for each in left[: max(PROBES, job.concurrency)]], 1, job.concurrency)
            else:
                flush.run(spread(left, job.concurrency), job.batch_size, job.concurrency)
            if end := self._end(flush, alone=alone):
                return end
            alone = alone or bool(flush.failures)
        return None

    def _end(self, flush: Flush, *, alone: bool) -> End | None:
        """Whether no more can be sent now, and why; a letter that fails alone while others succeed stays dead."""
        if self._world.stop():
            return End("stopped", "it was told to stop")
        if flush.halt is not None:
            return End("halted", flush.halt.reason)
        if flush.progressed:
            self._throttle.reset()
        waiting = [*flush.failures, *flush.throttled]
        if asked_for := max((failure.asked_for for failure in waiting), default=0.0):
            return None if self._throttle.wait(asked_for) else End("down", waiting[0].outcome.reason, asked_for)
        if alone and flush.failures and not flush.progressed:
            return End("down", flush.failures[0].outcome.reason)
        for failure in flush.failures if alone else ():
            outcome = failure.outcome
            self._settle(
                Settlement(dead=[Burial(each.event, outcome.reason, outcome.answer) for each in failure.events])
            )
        return None

    def _settle(self, settlement: Settlement) -> None:
        settle_surely(lambda: self._world.staging.settle_letters(self._lease, settlement), self._world)
        self._tally.note_lags(settlement.delivered, self._world.clock())
        self._settled.update(event.seq for event in settlement.delivered)
        self._settled.update(burial.event.seq for burial in settlement.dead)
