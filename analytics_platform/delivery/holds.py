"""The users whose first call fails alone: it is tried again later, by itself, while the others go on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from analytics_platform.delivery.flush import Failure, Flush
from analytics_platform.destinations.base import Outgoing, User, user_of


@dataclass(frozen=True, slots=True)
class Hold:
    """How long a user waits, and what was known when the call failed."""

    until: float  # by the monotonic clock
    successes: int


class Holds:
    """Who is held back in a drain."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._holds: dict[User, Hold] = {}
        self._successes = 0  # flushes in which the vendor took something

    def __bool__(self) -> bool:
        """Whether any user's first call fails."""
        return bool(self._holds)

    def without_waiting(self, outgoing: list[Outgoing]) -> list[Outgoing]:
        """The events of those whose time has come, or who were never held."""
        now = self._monotonic()
        waiting = {user for user, hold in self._holds.items() if hold.until > now}
        return [each for each in outgoing if user_of(each) not in waiting] if waiting else outgoing

    def is_held(self, outgoing: Outgoing) -> bool:
        """Whether the user's first call has failed, so that it travels alone."""
        return user_of(outgoing) in self._holds

    def note(self, flush: Flush, sent: Iterable[Sequence[Outgoing]]) -> None:
        """Learn from a flush who has succeeded since."""
        self._successes += flush.progressed
        failed = {user_of(outgoing) for failure in flush.failures for outgoing in failure.events}
        for lane in sent if self._holds else ():
            for user in {user_of(outgoing) for outgoing in lane} - failed:
                self._holds.pop(user, None)

    def others_succeeded(self, failure: Failure, flush: Flush) -> bool:
        """Whether they did beside it or since its user failed last, so that the failure tells against the event."""
        hold = self._holds.get(user_of(failure.events[0]))
        return flush.progressed or (hold is not None and self._successes > hold.successes)

    def hold(self, failure: Failure, seconds: float) -> None:
        """Hold its user back for so many seconds."""
        self._holds[user_of(failure.events[0])] = Hold(self._monotonic() + seconds, self._successes)
