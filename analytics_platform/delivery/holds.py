"""The users who are held back: their events are parked, and tried again later by themselves."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b

from analytics_platform.delivery.flush import Failure, Flush
from analytics_platform.delivery.patience import PARKED_AT_MOST, is_ahead
from analytics_platform.destinations.base import Outgoing, user_of
from analytics_platform.staging.base import Event, HeldBack, Parked


def key_of(outgoing: Outgoing) -> bytes:
    """16 bytes that stand for the call's user."""
    return blake2b("\0".join(user_of(outgoing)).encode(), digest_size=16).digest()


class Holds:
    """Who is held back in a drain; what the store has parked decides."""

    def __init__(self, clock: Callable[[], float], held: Iterable[HeldBack]) -> None:
        """`clock` gives seconds since the epoch, `held` those whom an earlier run has left."""
        self._clock = clock
        self._held = {each.user: each for each in held}
        self._proven: set[bytes] = set()  # those whose first event was taken, so that the rest may travel together
        self._successes = 0  # flushes in which the vendor took something
        self._successes_before: dict[bytes, int] = {}  # a user's last failure

    def __bool__(self) -> bool:
        """Whether anybody is held back."""
        return bool(self._held)

    @property
    def room(self) -> int:
        """How many more events may be parked."""
        return max(PARKED_AT_MOST - sum(each.parked for each in self._held.values()), 0)

    def is_held(self, outgoing: Outgoing) -> bool:
        """Whether an earlier event of the user is parked, so that this one has to wait."""
        return key_of(outgoing) in self._held

    def is_proven(self, user: bytes) -> bool:
        """Whether the vendor has taken the user's first parked event."""
        return user in self._proven

    def ready(self, users: int) -> list[bytes]:
        """Up to so many users whose time has come, those first who have waited longest."""
        now = self._clock()
        found = sorted((each for each in self._held.values() if not is_ahead(each.until, now)), key=lambda it: it.until)
        return [each.user for each in found[:users]]

    def refresh(self, held: Iterable[HeldBack]) -> None:
        """Learn from the store who is held back now."""
        self._held = {each.user: each for each in held}
        self._proven &= self._held.keys()

    def note(self, flush: Flush, held: Iterable[HeldBack]) -> None:
        """Learn from a flush, and from what the store has parked after it, who has proven well."""
        self._successes += flush.progressed
        left, before = {each.user: each for each in held}, self._held
        failed = {key_of(each) for failure in (*flush.failures, *flush.throttled) for each in failure.events}
        taken = {user for user, each in left.items() if user in before and each.parked < before[user].parked}
        self._proven = (self._proven | taken) - failed
        self.refresh(left.values())

    def others_succeeded(self, failure: Failure, flush: Flush) -> bool:
        """Whether they did beside it or since its user failed last, so that the failure tells against the event."""
        before = self._successes_before.get(key_of(failure.events[0]))
        return flush.progressed or (before is not None and self._successes > before)

    def parked(self, outgoing: Sequence[Outgoing], seconds: float) -> list[Parked]:
        """These events, to be tried again in so many seconds; their users are held back from now on."""
        until = self._clock() + seconds
        self._successes_before.update((key_of(each), self._successes) for each in outgoing)
        return [Parked(each.event, key_of(each), until) for each in outgoing]

    def followers(self, outgoing: Sequence[Outgoing]) -> list[Parked]:
        """Later calls of users who are held back, to wait behind the earlier ones, as far as there is room."""
        found = []
        for each in outgoing[: self.room]:
            user = key_of(each)
            found.append(Parked(each.event, user, self._held[user].until))
        return found


def only(outgoing: Sequence[Outgoing], events: Sequence[Event]) -> list[Outgoing]:
    """Those of the events that are among these."""
    seqs = {event.seq for event in events}
    return [each for each in outgoing if each.event.seq in seqs]
