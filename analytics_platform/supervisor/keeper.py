"""Keeps the parts running: what dies is started again, after a pause that grows."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from analytics_platform.supervisor import STOP_FILE, leftovers, processes
from analytics_platform.supervisor.part_log import PartLog
from analytics_platform.supervisor.parts import Part
from analytics_platform.supervisor.stopping import GRACE_SECONDS, stop_groups

LONGEST_PAUSE = 30.0  # seconds
STEADY_SECONDS = 60.0  # a part that ran for so long begins anew with the shortest pause
FAILURES_WORTH_A_WORD = 5
CATCH_UP_SECONDS = 1.0
LONGEST_QUOTE = 300  # characters of a log's last line


def pause_before_restart(failures_in_a_row: int) -> float:
    """Seconds to wait before a part is started again: 1, 2, 4 ... 30."""
    return min(LONGEST_PAUSE, 2.0 ** min(failures_in_a_row - 1, 10))


class Kept:
    """One part, over all its restarts."""

    def __init__(self, part: Part, log: PartLog) -> None:
        self.part = part
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.failures = 0  # in a row
        self.start_again_at = 0.0
        self.groups: list[int] = []  # process groups of its; what a dead part has started may outlive it

    def start(self, now: float) -> None:
        """Start the process in a session of its own, out of reach of the terminal's Ctrl-C."""
        self.started = now
        self.process = subprocess.Popen(
            self.part.command,
            env=self.part.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.groups = [*filter(processes.group_is_alive, self.groups), self.process.pid]
        if self.process.stdout:
            self.log.follow(self.process.stdout)

    def failed(self, now: float) -> float:
        """Note that the part is not running; returns the seconds until it may be started again."""
        self.process = None
        self.failures = 1 if now - self.started >= STEADY_SECONDS else self.failures + 1
        pause = pause_before_restart(self.failures)
        self.start_again_at = now + pause
        return pause


class Keeper:
    """The running parts. `say` tells the person at the terminal; `clock` gives seconds."""

    def __init__(
        self,
        parts: Sequence[Part],
        data_dir: Path,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kept = [Kept(part, PartLog(data_dir / "logs" / f"{part.name.replace(' ', '_')}.log")) for part in parts]
        self._data_dir = data_dir
        self._say = say
        self._clock = clock

    def pids(self) -> dict[str, int]:
        """The process of each part that runs."""
        return {kept.part.name: kept.process.pid for kept in self._kept if kept.process}

    def start(self) -> None:
        """Start all parts."""
        for kept in self._kept:
            self._start(kept)

    def tend(self) -> None:
        """Notice the parts that have died, start those whose pause is over; to be called often."""
        for kept in self._kept:
            if kept.process is None:
                if self._clock() >= kept.start_again_at and self._start(kept):
                    self._say(f"{kept.part.name} has been started again.")
            elif (code := kept.process.poll()) is not None:
                kept.log.catch_up(CATCH_UP_SECONDS)
                self._failed(kept, _ending(code))

    def stop(self, is_hurried: Callable[[], bool] = lambda: False, grace: float = GRACE_SECONDS) -> None:
        """Stop all parts within `grace` seconds, or at once when `is_hurried`; says which had to be killed."""
        # On a full disk the runs do not see the wish to stop and are killed in the end, which they survive.
        with suppress(OSError):
            (self._data_dir / STOP_FILE).touch()
        owners = {group: kept for kept in self._kept for group in kept.groups}
        first = [group for group, kept in owners.items() if not kept.part.stops_last]
        last = [group for group, kept in owners.items() if kept.part.stops_last]
        if killed := stop_groups(first, last, self._is_alive, is_hurried, grace):
            names = sorted({owners[group].part.name for group in killed})
            self._say(f"Killed what had not ended by itself: {', '.join(names)}.")
        for kept in self._kept:
            if kept.process:
                kept.process.wait()
            kept.log.catch_up(CATCH_UP_SECONDS)
            kept.log.close()
        leftovers.forget(self._data_dir)

    def _start(self, kept: Kept) -> bool:
        try:
            kept.start(self._clock())
        except OSError as error:
            self._failed(kept, f"cannot be started: {error.strerror}")
            return False
        leftovers.record(self._data_dir, self.pids())
        return True

    def _failed(self, kept: Kept, what: str) -> None:
        name, log = kept.part.name, kept.log
        pause = kept.failed(self._clock())
        self._say(
            f"{name} {what}; it will be started again in {pause:.0f} s. "
            f"Its log {log.path} ends with: {log.last_line[:LONGEST_QUOTE] or '(nothing)'}"
        )
        if kept.failures == FAILURES_WORTH_A_WORD:
            self._say(
                f"{name} has died {kept.failures} times in a row, soon after its start. It will be tried again, "
                f"at least every {LONGEST_PAUSE:.0f} s, but its log {log.path} probably tells what to mend."
            )

    def _is_alive(self, group: int) -> bool:
        for kept in self._kept:
            if kept.process:
                kept.process.poll()  # fetches a dead child, without which its group would seem alive
        return processes.group_is_alive(group)


def _ending(code: int) -> str:
    """How a process ended, from its exit code: `ended with exit code 3`."""
    if code < 0:
        return f"was ended by signal {-code} ({signal.strsignal(-code)})"
    return f"ended with exit code {code}"
