"""Waiting, inside a run, as long as a vendor asks for."""

from collections.abc import Callable

MOMENT = 60.0  # seconds for which the run itself waits
LIMIT = 5  # such waits in a row before the run gives its place back


class Throttle:
    """Waits unless that takes long or does not help."""

    def __init__(self, monotonic: Callable[[], float], wait: Callable[[float], None], stop: Callable[[], bool]) -> None:
        self._monotonic = monotonic
        self._wait = wait
        self._stop = stop
        self.in_a_row = 0  # waits without a success

    def reset(self) -> None:
        """The vendor has taken something since."""
        self.in_a_row = 0

    def wait(self, seconds: float) -> bool:
        """Wait, or return False when the next run had better do it; ends early when the run is told to stop."""
        if seconds > MOMENT or self.in_a_row == LIMIT:
            return False
        self.in_a_row += 1
        until = self._monotonic() + seconds
        while (left := until - self._monotonic()) > 0 and not self._stop():
            self._wait(min(0.5, left))
        return True
