"""Writes the entries of concurrent requests in shared commits, from one thread."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from queue import Empty, SimpleQueue
from sys import getsizeof
from typing import NamedTuple

from analytics_platform.staging.base import Entry, Staging, StagingError

logger = logging.getLogger(__name__)

GROUP_EVENTS = 500  # in one commit, unless one request alone has more
FULL_REQUESTS = 32  # are a group that is worth a commit of its own: the thread writes it while the event loop reads on
GROUPS_IN_HAND = 2  # one that the thread writes, and one that it finds when it has done so
CHECKPOINT_EVENTS = 1000  # between two looks of the thread whether the store has housekeeping to do
QUEUE_BYTES = 8 * 1024 * 1024  # of payloads that wait for their commit
QUEUE_EVENTS = 20_000
PATIENCE_SECONDS = 2.0  # how long a request waits for its commit
FIRST_TRY_SECONDS = 0.01  # after a write has failed; some SDKs give up after four tries in half a second
TRY_SECONDS = 1.0  # between two tries of a store that takes no writes, once it has taken none for a while
IDLE_SECONDS = 10.0  # with nothing to write, until the store is checkpointed anyway: others write to it, too

Stored = list[bool]  # for each entry whether it is new; False is a duplicate


class Overloaded(Exception):
    """More is asked than the store takes in time; the caller is told to come back in a second."""


class _Waiting(NamedTuple):
    """The entries of one request and the future that its handler awaits; without entries, a question to the store."""

    entries: Sequence[Entry]
    size: int  # bytes in memory
    future: "asyncio.Future[Stored]"
    deadline: float  # by the loop's clock


_Group = list[_Waiting]
_Outcomes = list[Stored | Exception]  # one for each request of a group


class Writer:
    """Owns all writes of a process to its staging store.

    `append` puts entries into a queue that is bounded in events and in bytes. The thread gets what is there as
    one group, writes it in one transaction with one fsync, and only then is all of it answered. A group that fills
    up in the meantime is laid ready, so that the thread need not wait for an event loop that is busy reading. The
    queue is the event loop's alone, and the thread is woken once for a group: whatever the two share costs both of
    them the interpreter's lock, which is worth more than the writing.
    """

    def __init__(  # noqa: PLR0913 - the bounds, each of which a test may set
        self,
        staging: Staging,
        *,
        on_death: Callable[[], None],
        append: Callable[[Sequence[Entry]], list[bool]] | None = None,
        queue_bytes: int = QUEUE_BYTES,
        queue_events: int = QUEUE_EVENTS,
        patience_seconds: float = PATIENCE_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """`on_death` is called from the thread when a bug of ours has ended it.

        `append` is what to append with when it is not the store's own method: one that keeps some entries out.
        """
        self._staging = staging
        self._append = append or staging.append
        self._on_death = on_death
        self._queue_bytes = queue_bytes
        self._queue_events = queue_events
        self._patience_seconds = patience_seconds
        self._idle_seconds = idle_seconds
        self._queue: deque[_Waiting] = deque()
        self._queued_events = 0
        self._in_hand: deque[_Group] = deque()  # the thread's
        self._groups: SimpleQueue[_Group | None] = SimpleQueue()  # on their way to the thread; None ends it
        self._bytes = 0  # waiting, or being written
        self._events = 0
        self._is_open = False
        self._will_hand_over = False  # at the end of this turn of the event loop
        self._answered_at = 0.0  # when the store last said anything to a write, by the loop's clock
        self._unwell: Exception | None = None  # how the store failed, or that it hung, when it was last written to
        self._is_trying = False  # whether it will be tried, or is
        self._try_seconds = FIRST_TRY_SECONDS  # until then
        self._trouble: str | None = None  # why the store takes no writes, as last logged
        self._thread = threading.Thread(target=self._run, name="staging-writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._watch: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start the thread; called once, in the event loop that will await the answers."""
        self._loop = asyncio.get_running_loop()
        self._is_open = True
        self._thread.start()

    def close(self) -> None:
        """Take no more, write what waits, and end the thread; blocks until then, beside the running event loop."""
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join()

    def check_room(self) -> None:
        """Raise Overloaded or StagingError when nothing can be taken now, so that a request need not be read.

        While the store is unwell everybody is answered at once: the writer tries it by itself.
        """
        if self._unwell is not None:
            raise type(self._unwell)(*self._unwell.args)  # a new one, since an error keeps each traceback it was in
        if not self._is_open or self._bytes >= self._queue_bytes or self._events >= self._queue_events:
            raise Overloaded

    async def append(self, entries: Sequence[Entry]) -> Stored:
        """Write the entries; returns when they are on disk. Raises Overloaded or StagingError."""
        self.check_room()
        return await self._enqueue(entries)

    def _enqueue(self, entries: Sequence[Entry]) -> "asyncio.Future[Stored]":
        size = sum([getsizeof(entry.payload) for entry in entries])  # a generator takes twice as long
        waiting = _Waiting(entries, size, self._loop.create_future(), self._loop.time() + self._patience_seconds)
        self._queue.append(waiting)
        self._bytes += size
        self._events += len(entries)
        self._queued_events += len(entries)
        if self._is_group_full():
            self._hand_over()
        elif not self._in_hand and not self._will_hand_over:
            self._will_hand_over = True
            self._loop.call_soon(self._hand_over)  # with the requests that this turn of the loop has still to read
        if self._watch is None:
            self._watch = self._loop.call_at(waiting.deadline, self._end_patience)
        return waiting.future

    def waiting(self) -> tuple[int, int]:
        """The events, and the bytes of their payloads, that wait for their commit or are being written."""
        return self._events, self._bytes

    async def check(self) -> None:
        """Raise Overloaded or StagingError unless the thread lives and the store takes a write now."""
        await self.append([])

    def _end_patience(self) -> None:
        """Answer whoever has waited too long; one timer for all, since one for each costs more than its event.

        When the store hangs, nobody else need wait as long to hear of it; one that is slow still answers the others.
        """
        waiting = [one for one in self._all() if not one.future.done()]
        now = self._loop.time()
        has_hung = now - self._answered_at >= self._patience_seconds
        overdue = [one for one in waiting if one.deadline <= now]
        if overdue and has_hung:
            overdue = waiting
        if overdue:
            self._fall_ill(Overloaded())
        for one in overdue:
            _settle(one.future, Overloaded())
        rest = [one.deadline for one in waiting[len(overdue) :]]
        self._watch = self._loop.call_at(rest[0], self._end_patience) if rest else None

    def _hand_over(self) -> None:
        """Give the thread what waits, the next group only when it is full; or its end when closed and nothing waits."""
        self._will_hand_over = False
        while self._queue and (not self._in_hand or (len(self._in_hand) < GROUPS_IN_HAND and self._is_group_full())):
            group = self._next_group()
            self._in_hand.append(group)
            self._groups.put(group)
        if not self._in_hand and not self._is_open:
            self._groups.put(None)

    def _is_group_full(self) -> bool:
        return len(self._queue) >= FULL_REQUESTS or self._queued_events >= GROUP_EVENTS

    def _next_group(self) -> _Group:
        """Take from the queue what is written in one transaction."""
        group: _Group = []
        events = 0
        while self._queue and (not group or events + len(self._queue[0].entries) <= GROUP_EVENTS):
            group.append(self._queue.popleft())
            events += len(group[-1].entries)
        self._queued_events -= events
        return group

    def _all(self) -> Iterator[_Waiting]:
        """All that wait, the first ones first."""
        return chain(*self._in_hand, self._queue)

    def _take_back(self, group: _Group, outcomes: _Outcomes) -> None:
        """Answer the requests of a group, while the thread writes the next one."""
        self._in_hand.popleft()
        self._answered_at = self._loop.time()
        self._bytes -= sum(waiting.size for waiting in group)
        self._events -= sum(len(waiting.entries) for waiting in group)
        self._unwell, last = None, outcomes[-1]
        if isinstance(last, StagingError):
            self._fall_ill(last)
        else:
            self._try_seconds = FIRST_TRY_SECONDS
        self._hand_over()
        for waiting, outcome in zip(group, outcomes, strict=True):
            _settle(waiting.future, outcome)

    def _fall_ill(self, error: Exception) -> None:
        """Take nothing until the store has taken a write of ours."""
        self._unwell = error
        if not self._is_trying:
            self._is_trying = True
            self._loop.call_later(self._try_seconds, self._try)
            self._try_seconds = min(2 * self._try_seconds, TRY_SECONDS)

    def _try(self) -> None:
        """Have an unwell store take a write that is nobody's, unless it still has one to take."""
        self._is_trying = False
        if self._unwell is None or not self._is_open:
            return
        if self._in_hand:
            self._fall_ill(self._unwell)
        else:
            self._enqueue([]).add_done_callback(asyncio.Future.exception)  # _take_back sees how it went

    def _end(self) -> None:
        """Take no more, and end the thread when all is written."""
        self._is_open = False
        if not self._in_hand:
            self._hand_over()

    def _die(self) -> None:
        """Answer everybody who still waits, take nothing more, and let the process end."""
        self._is_open = False
        for waiting in self._all():
            _settle(waiting.future, StagingError("the writer has died"))
        self._queue.clear()
        self._on_death()

    # In the thread

    def _run(self) -> None:
        try:
            written = CHECKPOINT_EVENTS  # since the last one; the first group is followed by one
            while group := self._next():
                outcomes = self._write(group)
                self._loop.call_soon_threadsafe(self._take_back, group, outcomes)
                written += sum(len(waiting.entries) for waiting in group)
                if written >= CHECKPOINT_EVENTS:
                    self._checkpoint()
                    written = 0
        except BaseException:
            logger.exception("the writer has died of a bug")
            self._loop.call_soon_threadsafe(self._die)

    def _next(self) -> _Group | None:
        """The next group, once there is one; None ends the thread."""
        while True:
            with suppress(Empty):
                return self._groups.get(timeout=self._idle_seconds)
            self._checkpoint()

    def _checkpoint(self) -> None:
        with suppress(StagingError):  # the next write says whether it matters
            self._staging.checkpoint()

    def _write(self, group: Sequence[_Waiting]) -> _Outcomes:
        """One outcome for each request of the group."""
        entries = [entry for waiting in group for entry in waiting.entries]
        try:
            if not entries:
                self._staging.check()
            stored = self._append(entries) if entries else []
        except StagingError as error:
            self._note_trouble(str(error))
            return [error] * len(group)
        except Exception as error:  # noqa: BLE001 - whatever it is, its own request answers it as a bug of ours
            # A row that the store cannot hold must not take its neighbours' rows down with it.
            return [error] if len(group) == 1 else [self._write([waiting])[0] for waiting in group]
        self._note_trouble(None)
        return _shares(group, stored)

    def _note_trouble(self, trouble: str | None) -> None:
        """Log that the store stops or starts to take writes: a line for each change, not for each request."""
        if trouble != self._trouble:
            self._trouble = trouble
            logger.error("the store %s", f"takes no events: {trouble}" if trouble else "takes events again")


def _shares(group: Sequence[_Waiting], stored: Stored) -> _Outcomes:
    """What of a group's outcome is each request's."""
    shares: _Outcomes = []
    end = 0
    for waiting in group:
        start, end = end, end + len(waiting.entries)
        shares.append(stored[start:end])
    return shares


def _settle(future: "asyncio.Future[Stored]", outcome: Stored | Exception) -> None:
    if future.done():
        return  # its handler has stopped waiting
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
