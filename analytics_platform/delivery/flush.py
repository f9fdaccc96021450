"""One flush: events go out in lanes, every answer is settled as it comes."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from analytics_platform.delivery.lanes import pieces
from analytics_platform.delivery.patience import ALONE_LIMIT, SUSPECT, TOO_FAST
from analytics_platform.delivery.routing import Route
from analytics_platform.delivery.tally import Tally
from analytics_platform.destinations.base import Destination, Outcome, Outgoing, User, opened, user_of
from analytics_platform.staging.base import Burial, Event, Settlement, Trouble

Settle = Callable[[Settlement], None]
Heed = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """Events that stay pending, and why."""

    events: Sequence[Outgoing]
    outcome: Outcome

    @property
    def asked_for(self) -> float:
        """Seconds before it makes sense to try again, 0 when the vendor has not said."""
        return self.outcome.wait or (TOO_FAST if self.outcome.is_too_fast else 0.0)


@dataclass(frozen=True, slots=True)
class Sorted:
    """Events by what is to be done with them."""

    outgoing: list[Outgoing]
    skipped: list[Event]
    unreadable: list[Burial]


def sort(events: Sequence[Event], route: Route, suppressed: Collection[int] = ()) -> Sorted:
    """Open each event's call and see whether it goes the way of this route.

    `suppressed` has the places of the events that nobody is to have any more.
    """
    sorted_out = Sorted([], [], [])
    for place, event in enumerate(events):
        if place in suppressed:
            sorted_out.skipped.append(event)
            continue
        try:
            outgoing = opened(event)
        except msgspec.DecodeError:
            sorted_out.unreadable.append(Burial(event, "the stored payload is not a JSON object"))
            continue
        if route.takes(event.source, outgoing.envelope):
            sorted_out.outgoing.append(outgoing)
        else:
            sorted_out.skipped.append(event)
    return sorted_out


class Flush:
    """Sends events in lanes; `settle` records what became of them, `guard` raises when we may not send any more."""

    def __init__(  # noqa: PLR0913, PLR0917  what it sends to, and what it tells of each answer
        self,
        destination: Destination,
        settle: Settle,
        guard: Callable[[], None],
        stop: Callable[[], bool],
        tally: Tally,
        heed: Heed = lambda _: None,
    ) -> None:
        """`heed` is told each outcome that is about the vendor, so that it may pace the requests."""
        self._destination = destination
        self._settle = settle
        self._guard = guard
        self._stop = stop
        self._tally = tally
        self._heed = heed
        self._lock = threading.Lock()
        self._is_over = False
        self.progressed = False  # the vendor has said about some event what becomes of it
        self.failures: list[Failure] = []
        self.throttled: list[Failure] = []  # of users who must wait while the vendor takes the others
        self.halt: Outcome | None = None

    @property
    def asked_for(self) -> float:
        """The longest wait that the vendor has asked for, seconds; 0 when it has not."""
        return max((failure.asked_for for failure in self.failures), default=0.0)

    def run(self, lanes: Sequence[Sequence[Outgoing]], size: int, at_once: int) -> None:
        """Send all lanes, so many at once, at most `size` events a request; a lane ends at its first failure.

        All end after the request they are at when the run is told to stop, and when there is an error.
        Raises LeaseLost and StagingError.
        """
        if at_once == 1 or len(lanes) <= 1:
            for lane in lanes:
                self._send_lane(lane, size)
            return
        with ThreadPoolExecutor(min(at_once, len(lanes))) as pool, self._ending_all():
            for sent in [pool.submit(self._send_lane, lane, size) for lane in lanes]:
                sent.result()

    @contextmanager
    def _ending_all(self) -> Iterator[None]:
        """End every lane when the block raises."""
        try:
            yield
        except BaseException:
            self._is_over = True
            raise

    def _send_lane(self, lane: Sequence[Outgoing], size: int) -> None:
        queue = deque(request for piece in pieces(lane, size) for request in self._destination.cut(piece))
        while queue:
            self._guard()  # which may wait
            if self._is_over or self._stop():
                return
            request = queue.popleft()
            outcome = self._destination.send(request)
            with self._lock, self._ending_all():
                self._tally.requests += 1
                users = throttled_users(request, outcome)
                if not users:
                    self._heed(outcome)
                if not users and outcome.kind in ("retry", "retry_after", "halt"):
                    self._note_failure(request, outcome)
                    return
                queue = deque(left for later in queue if (left := _without(users, later)))
                queue.extendleft(reversed(self._apply(request, outcome, users)))

    def _note_failure(self, request: Sequence[Outgoing], outcome: Outcome) -> None:
        if outcome.kind == "halt":
            self.halt = outcome
            self._is_over = True
        else:
            self.failures.append(Failure(request, outcome))

    def _apply(
        self, request: Sequence[Outgoing], outcome: Outcome, throttled: Collection[User]
    ) -> list[Sequence[Outgoing]]:
        """Settle what is certain; return what is to be sent next, in order."""
        if throttled:
            waiting = [
                each
                for index, each in enumerate(request)
                if user_of(each) in throttled and index not in outcome.rejected
            ]
            self.throttled.append(Failure(waiting, outcome))
        if outcome.kind == "retry_after":
            return [others] if (others := _without(throttled, request)) else []
        if outcome.kind == "delivered":
            self._record(delivered=request)
            return []
        rejected = {index: reason for index, reason in outcome.rejected.items() if 0 <= index < len(request)}
        if not rejected and len(request) > 1:  # a split, or a rejection that names nobody
            middle = (len(request) + 1) // 2
            return [request[:middle], request[middle:]]
        rejected = rejected or {0: outcome.reason}
        others = _without(throttled, [each for index, each in enumerate(request) if index not in rejected])
        dead = [Burial(request[index].event, reason, outcome.answer) for index, reason in rejected.items()]
        if outcome.remainder == "delivered":
            self._record(delivered=others, dead=dead)
            return []
        self._record(dead=dead)
        return [others] if others else []

    def _record(self, delivered: Sequence[Outgoing] = (), dead: Sequence[Burial] = ()) -> None:
        self.progressed = True
        self._settle(Settlement(delivered=[outgoing.event for outgoing in delivered], dead=dead))
        self._tally.delivered += len(delivered)
        self._tally.dead += len(dead)


def throttled_users(request: Sequence[Outgoing], outcome: Outcome) -> set[User]:
    """Whose events alone must wait; nobody's when the answer is about all of them."""
    found = {*outcome.throttled} - outcome.rejected.keys() if outcome.kind in ("retry_after", "dead_letter") else set()
    return {user_of(request[index]) for index in found if 0 <= index < len(request)}


def _without(users: Collection[User], request: Sequence[Outgoing]) -> Sequence[Outgoing]:
    return [each for each in request if user_of(each) not in users] if users else request


def judge(
    failure: Failure, troubles: Mapping[int, Trouble], now: float, give_up_after: float, *, alone: bool
) -> Settlement:
    """What becomes of events that failed: they stay pending, or become dead letters because they have had their time.

    `alone` says that they failed while others succeeded; `give_up_after` is in seconds since an event's first attempt.
    """
    failed, dead = [], []
    reason, answer = failure.outcome.reason, failure.outcome.answer
    for outgoing in failure.events:
        trouble = troubles.get(outgoing.event.seq, Trouble(now, 0))
        if now - trouble.first_attempt_at >= give_up_after:
            dead.append(Burial(outgoing.event, f"{reason}, given up after {give_up_after / 3600:g} h", answer))
        elif alone and trouble.alone + 1 >= ALONE_LIMIT:
            dead.append(Burial(outgoing.event, f"{reason}, {ALONE_LIMIT} times while others succeeded", answer))
        else:
            failed.append(outgoing.event)
    return Settlement(dead=dead, failed=failed, failed_alone=alone)


def is_suspect(failure: Failure, troubles: Mapping[int, Trouble]) -> bool:
    """Whether all that failed has failed before while others succeeded, so that it says little of the vendor."""
    seqs = [outgoing.event.seq for outgoing in failure.events]
    return all(seq in troubles and troubles[seq].alone >= SUSPECT for seq in seqs)
