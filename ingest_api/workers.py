"""Keeps several processes at their work: one that dies is started again, and all stop together."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
TURN_SECONDS = 0.2
STEADY_SECONDS = 60.0  # a worker that ran for so long begins anew with the shortest pause
LONGEST_PAUSE = 30.0
STOP_SECONDS = 15.0  # workers need less to drain; then they are killed


def pause_after(failures_in_a_row: int) -> float:
    """Seconds until a worker that has died is started again: 1, 2, 4 ... 30."""
    return min(LONGEST_PAUSE, 2.0 ** min(failures_in_a_row - 1, 10))


def end_when_told() -> None:
    """End this process at SIGTERM and SIGINT; uvicorn, which drains first, raises the signal again when it has."""
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: sys.exit(0))


class Worker:
    """One of the processes, over all its restarts."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._failures = 0  # in a row
        self._started_at = 0.0
        self._start_again_at = 0.0
        self.process: BaseProcess | None = None

    def tend(self, now: float) -> None:
        """Notice that the process has died, start it when its pause is over; to be called often."""
        if self.process is not None and self.process.exitcode is not None:
            self._failures = 1 if now - self._started_at >= STEADY_SECONDS else self._failures + 1
            pause = pause_after(self._failures)
            logger.error(
                "worker %d has died (exit code %d): it is started again in %g s",
                self.process.pid,
                self.process.exitcode,
                pause,
            )
            self.process, self._start_again_at = None, now + pause
        if self.process is None and now >= self._start_again_at:
            self._started_at = now
            self.process = self._fork()

    def _fork(self) -> BaseProcess:
        """Forked and not started anew, workers share the memory of what has been imported."""
        process = multiprocessing.get_context("fork").Process(target=_live, args=(self._work,))
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # until the worker listens to them itself
        process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        return process


def keep_working(works: Iterable[Callable[[], None]]) -> None:
    """Have a process do each of these until SIGTERM or SIGINT comes; then all of them get a SIGTERM and end."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in STOP_SIGNALS:
        signal.signal(number, ask)
    workers = [Worker(work) for work in works]
    while not stop.is_set():
        for worker in workers:
            worker.tend(time.monotonic())
        wait([worker.process.sentinel for worker in workers if worker.process], TURN_SECONDS)
    _stop([worker.process for worker in workers if worker.process])


def _stop(processes: list[BaseProcess]) -> None:
    give_up_at = time.monotonic() + STOP_SECONDS
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(max(0.0, give_up_at - time.monotonic()))
        process.kill()


def _live(work: Callable[[], None]) -> None:
    """What a worker does: its work, for as long as the process lives that keeps it."""
    end_when_told()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    threading.Thread(target=_follow, daemon=True).start()
    work()


def _follow() -> None:
    """End this process when the one that keeps it has died."""
    keeper = multiprocessing.parent_process()
    if keeper is not None:
        keeper.join()
        os.kill(os.getpid(), signal.SIGTERM)
