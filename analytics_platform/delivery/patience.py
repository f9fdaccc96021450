"""How long to wait, and when to give up."""

WAITS = (60.0, 300.0, 900.0, 1800.0, 3600.0)
"""Seconds before the next run after the first, second ... failed run in a row: 3 days of outage are 77 runs."""

LONGEST_WAIT = 2 * WAITS[-1]
"""Seconds; no wait of ours or of a vendor's is longer."""

JITTER = 0.1
ALONE_LIMIT = 6
"""An event that failed so often while others succeeded becomes a dead letter."""

SUSPECT = 2
"""An event that failed so often while others succeeded no longer counts as a sign that the vendor is down."""

LONGEST_HOLD = 32.0  # seconds
PARKED_AT_MOST = 10_000  # events of held-back users beside a stream; beyond it they stay in the stream, and hold it up

TOO_FAST = 5.0
"""Seconds to wait for a vendor that wants fewer requests and does not say how long it wants none."""


def wait_after(failures: int, asked_for: float | None, chance: float) -> float:
    """Seconds to wait after so many failures in a row (at least 1), spread by `chance` (0 to 1).

    A wait that the vendor asked for is a lower bound.
    """
    wait = WAITS[min(failures, len(WAITS)) - 1] * (1 - JITTER + 2 * JITTER * chance)
    return max(wait, asked_for or 0.0)


def hold_after(alone: int) -> float:
    """Seconds for which a user's calls are held back after the user's first one failed alone so often."""
    return min(float(2**alone), LONGEST_HOLD)


def is_ahead(moment: float, now: float) -> bool:
    """Whether it is still to come; one further away than any wait was written under a clock that was set back since."""
    return now < moment <= now + LONGEST_WAIT
