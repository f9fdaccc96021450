"""How a vendor fails: each time in another way."""

import random
import time
from collections.abc import Callable
from threading import Lock

from tests.chaos.clients import POISON
from tests.fakes.vendor import Received, Reply

WELL = "well"
MOODS = {
    "500": 3,
    "503 and when to come back": 1,
    "429": 1,
    "an answer that is cut off": 2,
    "taken without an answer": 2,
    "a slow answer": 20,
    "no answer": 0.3,
}
"""What becomes of a request that is not simply taken, each with how many of a hundred it becomes of."""
WAITS = {"a slow answer": 0.5, "no answer": 40.0}  # seconds; the second is longer than a run waits
REPLIES = {
    "500": Reply(500, "{}"),
    "503 and when to come back": Reply(503, "{}", {"Retry-After": "2"}),
    "429": Reply(429, "{}", {"Retry-After": "1"}),
    "an answer that is cut off": Reply(200, '{"success"', {"Content-Length": "1000"}),
    "taken without an answer": Reply(is_lost=True),
    "no answer": Reply(500, is_lost=True),
}


class Moody:
    """A rule for a vendor: most requests are taken, the others fail in one way or another."""

    def __init__(self, dice: random.Random, wait: Callable[[float], object] = time.sleep) -> None:
        """`wait` is given seconds."""
        self._dice = dice
        self._wait = wait
        self._lock = Lock()
        self.is_down = False
        self.is_calm = False

    def __call__(self, request: Received) -> Reply | None:
        """The answer, None if it is the one that says that all is well."""
        if POISON in request.raw.decode():
            return Reply(400, "{}")
        if self.is_calm:
            return None
        if self.is_down:
            return Reply(503, "{}")
        with self._lock:
            mood = self._dice.choices([*MOODS, WELL], [*MOODS.values(), 100 - sum(MOODS.values())])[0]
        self._wait(WAITS.get(mood, 0))
        return REPLIES.get(mood)
