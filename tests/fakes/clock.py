"""A clock that stands still until the test moves it."""


class Clock:
    """Seconds since the epoch, as the test says."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on; a negative number is a clock that is set back."""
        self.now += seconds
