"""Does small work once a second, in a thread of its own."""

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

SECONDS = 1.0


class Pulse:
    """Calls each of its jobs again and again; one that fails is a line in the log, and is called again."""

    def __init__(self, *jobs: Callable[[], None], seconds: float = SECONDS) -> None:
        self._jobs = jobs
        self._seconds = seconds
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def start(self) -> None:
        """Call every job now, and from now on."""
        self._call_all()
        self._thread.start()

    def stop(self) -> None:
        """Call every job for the last time."""
        self._is_over.set()
        self._thread.join()
        self._call_all()

    def _beat(self) -> None:
        while not self._is_over.wait(self._seconds):
            self._call_all()

    def _call_all(self) -> None:
        for job in self._jobs:
            try:
                job()
            except Exception:
                logger.exception("what is done once a second has failed")
