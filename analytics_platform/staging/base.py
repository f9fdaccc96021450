"""The interface of the staging store: the log, the cursors, the dead letters.

    appended ──(seq > cursor)──▶ pending ──vendor confirms──▶ delivered
                                    │  └──vendor rejects, or retries are used up──▶ dead ──replay──▶ delivered
                                    └──routed elsewhere──▶ skipped                    └──▶ discarded

An event is written once, however many destinations there are. What a destination has settled is
a cursor (every event up to it is settled) plus a few ranges beyond it, so settling thousands of
events is one small update.

A run beats its heart in the store. It may hold leases: `<destination>/<stream>`, such as `posthog/live`, is
the right to deliver the stream, `<destination>/replay` the right to replay the dead letters. A lease is worth
as much as its run's heartbeat: when that stops, another run may take it, with a higher token, and
whatever the first one still tries to settle is refused.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import msgspec

from analytics_platform.staging.aside import Quarantine
from analytics_platform.staging.retention import Retention
from analytics_platform.staging.streams import Streams
from analytics_platform.staging.suppressed import Suppressions

LEASE_SECONDS = 30.0
"""How long a run counts as alive after a heartbeat; it beats six times as often."""

Ending = Literal["drained", "buried", "down", "halted", "stopped", "replayed", "crashed", "died"]
"""How a run ended: its work or its window was over; dead letters of its own are open; the vendor
could not be reached; the vendor refuses our key or path; it was told to stop; a re-execution did
its work; an error of ours; its heart stopped."""

LIVE = "live"
"""The stream of a destination that gets what is accepted, unless lanes do."""


def lease_on(destination: str, stream: str) -> str:
    """The name of the lease on one of a destination's streams."""
    return f"{destination}/{stream}"


def live(destination: str) -> str:
    """The name of the lease on a destination's stream `live`."""
    return lease_on(destination, LIVE)


def replay(destination: str) -> str:
    """The name of the lease on a destination's dead letters."""
    return f"{destination}/replay"


class StagingError(Exception):
    """The store cannot take or give anything now; whoever asked comes back later."""


class StagingFull(StagingError):
    """The store has no room left; the operator makes some, and everything accepted stays."""


class LeaseLost(Exception):
    """Another run owns the lease now; this one stops at once and touches nothing."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One call on its way into the store; with problems it goes to quarantine instead of the log."""

    source: str
    message_id: str
    received_at: float  # seconds since the epoch
    payload: str  # the enriched call as JSON text
    problems: str | None = None  # JSON list; None for a call that keeps the plan


class Usage(NamedTuple):
    """The room that a store takes, in bytes."""

    used: int  # by what is in it
    on_disk: int  # of its files; what has left the store leaves room in them for what comes
    free: int | None  # left on its disk; None when that is not known here


class Event(msgspec.Struct, frozen=True, gc=False):
    """An accepted call in the log."""

    seq: int
    source: str
    message_id: str
    received_at: float  # seconds since the epoch
    payload: str  # JSON text


@dataclass(frozen=True, slots=True)
class Burial:
    """An event that a destination will not take, about to become a dead letter."""

    event: Event
    reason: str  # without event contents, such as `HTTP 400`
    answer: str | None = None  # the vendor's words, keys removed; shown by the command line alone


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A buried event: what it was, why it is here, and which run buried it."""

    id: int
    destination: str
    event: Event
    reason: str
    answer: str | None
    run_id: str
    buried_at: float  # seconds since the epoch
    state: Literal["dead", "delivered", "discarded"]


@dataclass(frozen=True, slots=True)
class Dead:
    """Which open dead letters are meant: those of which all of this is true."""

    destination: str | None = None
    event: str | None = None  # the name of a track call's event, else the call's type
    user: str | None = None  # the userId or the anonymousId
    reason: str | None = None  # words that the reason has in it
    since: float | None = None  # buried then or later, seconds since the epoch
    until: float | None = None  # buried before
    runs: Collection[str] | None = None  # buried by one of these, or in a selection of this name
    ids: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """An event of a user who is held back; it waits beside its stream, so that the cursor may pass it."""

    event: Event
    user: bytes  # 16 bytes that stand for the user
    until: float  # seconds since the epoch; not sent before


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A user with parked events."""

    user: bytes
    until: float  # the latest of theirs, seconds since the epoch
    parked: int  # events


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one answer of a vendor settles, and what it leaves pending."""

    delivered: Sequence[Event] = ()
    skipped: Sequence[Event] = ()
    dead: Sequence[Burial] = ()
    failed: Sequence[Event] = ()  # stay pending; the store notes when each failed first
    failed_alone: bool = False  # the failed ones failed while their neighbours succeeded
    parked: Sequence[Parked] = ()  # pending or parked events that wait, for now or once more
    passed: Sequence[Event] = ()  # not in the stream's part of the log: another lane's, or not asked for


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is known of a pending event that has failed before."""

    first_attempt_at: float  # seconds since the epoch
    alone: int  # times it failed while its neighbours succeeded


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a vendor takes requests, as far as a run has learnt that from its answers."""

    per_second: float  # requests
    gain: float  # requests a second that are won back in each second in which all goes well
    at: float  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class Lease:
    """An exclusive right; the token fences off whoever had it before."""

    name: str
    run_id: str
    token: int
    speed: Speed | None = None  # that whoever had it before has learnt

    @property
    def destination(self) -> str:
        """The destination that the lease is about."""
        return self.name.partition("/")[0]

    @property
    def stream(self) -> str:
        """The stream that the lease is on."""
        return self.name.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Health:
    """How a destination's stream has fared lately."""

    failures: int  # runs in a row that ended without progress
    retry_at: float | None  # seconds since the epoch; no run before it
    last_error: str | None


@dataclass(frozen=True, slots=True)
class StreamState:
    """Everything that decides whether a stream gets a run."""

    destination: str
    pending: int  # counted up to the limit asked for, without what is parked
    oldest_at: float | None  # when the oldest pending event was received, seconds since the epoch
    health: Health
    leased: bool  # a run whose heart beats holds the lease
    died_at: float | None  # when the heart of the last run stopped, if it never ended
    successor_wanted: bool
    held_until: float | None = (
        None  # when the first of the users who are held back may be tried, seconds since the epoch
    )
    stream: str = LIVE
    is_live: bool = True  # it delivers what is accepted, by itself or as a lane; False for a redelivery


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What the store knows of a run."""

    run_id: str
    destination: str
    started_at: float
    alive_until: float
    ending: Ending | None
    ended_at: float | None


@dataclass(frozen=True, slots=True)
class Counts:
    """The totals of one destination."""

    delivered: int
    skipped: int
    pending: int  # with what is parked
    dead: int
    expired: int = 0  # never settled in all the time that events wait for a destination


class Staging(Quarantine, Streams, Suppressions, Retention, Protocol):
    """One store, whatever the database; every method is one transaction. All raise StagingError."""

    # The log

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """Write entries and force them to disk; False marks one whose messageId its source has used before."""

    def logged(self, since: float | None, after: int, limit: int) -> list[Event]:
        """The next events beyond the seq `after` that were received at `since` (seconds since the epoch) or later.

        They come by seq, whatever any destination has settled; None is from the log's beginning.
        """

    def check(self) -> None:
        """Raise StagingError unless the store can take a write now."""

    def checkpoint(self) -> None:
        """Do the store's cheap housekeeping; the ingest writer calls it between commits."""

    def usage(self) -> Usage:
        """The room that the store takes now."""

    def close(self) -> None:
        """Give the store back."""

    # Streams

    def register(self, destinations: Collection[str]) -> None:
        """Give each new destination its live stream, from the end of the log on."""

    def streams(self, destinations: Collection[str], count_to: int) -> list[StreamState]:
        """The state of each stream of these that may have something pending; that is counted up to `count_to`.

        What waits for others to come to its beginning, or is over, is left out. A lane's pending events are those of
        all lanes.
        """

    def head(self) -> int:
        """The seq of the newest event."""

    def cursor(self, destination: str, stream: str = LIVE) -> int:
        """The seq up to which everything is settled; what is parked is not."""

    def health(self, destination: str, stream: str = LIVE) -> Health:
        """How the stream has fared lately."""

    def pending(self, destination: str, limit: int, stream: str = LIVE) -> list[Event]:
        """The next events that are neither settled nor parked, in order; none that is beyond the stream's REACH.

        None, either, of a stream that is not there, or waits for others to come to its beginning.
        """

    def held_back(self, destination: str, stream: str = LIVE) -> list[HeldBack]:
        """The users who have parked events."""

    def parked(self, destination: str, user: bytes, limit: int, stream: str = LIVE) -> list[Event]:
        """The next parked events of a user, in order."""

    def troubles(self, destination: str, events: Sequence[Event], stream: str = LIVE) -> Mapping[int, Trouble]:
        """What is known of those of the events that have failed before, by seq."""

    def settle(self, lease: Lease, settlement: Settlement) -> None:
        """Record what became of events of the lease's stream; progress ends a series of failures.

        What a redelivery delivers is no dead letter of the destination any more.
        Raises LeaseLost, with nothing recorded, when another run owns the stream.
        """

    def back_off(self, lease: Lease, retry_at: float, error: str) -> None:
        """Count a failure; no run is started for the stream before `retry_at` (seconds since the epoch)."""

    # Runs

    def start_run(self, run_id: str, destination: str) -> None:
        """Note that a run has begun; for a run that is known this is a heartbeat."""

    def heartbeat(self, run_id: str, seconds: float = LEASE_SECONDS) -> bool:
        """Keep the run, with every lease it holds, alive for so many more seconds; False when it counts as ended."""

    def end_run(self, run_id: str, ending: Ending) -> None:
        """Record how the run ended; its leases and its place as successor are free."""

    def runs(self, run_ids: Collection[str]) -> list[RunRecord]:
        """What is known of these runs; unknown ones are left out."""

    def endings_since(self, destination: str, ending: Ending, since: float) -> int:
        """How many runs of the destination ended so since a time (seconds since the epoch)."""

    # Leases

    def acquire(self, name: str, run_id: str) -> Lease | None:
        """Take a lease, or enter again one that the run holds; None while a living run has it or waits first.

        Raises LeaseLost when the run itself counts as ended.
        """

    def succeed(self, name: str, run_id: str) -> bool:
        """Become the one run that waits for the lease; False when another living run waits already.

        Raises LeaseLost when the run itself counts as ended.
        """

    def want_successor(self, lease: Lease) -> None:
        """Ask the sensor for the run that goes on after this one."""

    def hand_over(self, lease: Lease, speed: Speed | None) -> None:
        """Keep what the run has learnt of the vendor's speed for whoever gets the lease next; None forgets it.

        Raises LeaseLost when another run has the lease.
        """

    # Dead letters

    def open_letters(self, destination: str, run_ids: Collection[str], after: int, limit: int) -> list[DeadLetter]:
        """The letters that these runs buried and nobody has delivered or discarded since, by seq, beyond `after`.

        What was selected for a replay counts as the selection's, as if that were a run.
        """

    def count_open_letters(self, destination: str, run_ids: Collection[str]) -> int:
        """How many such letters there are."""

    def dead_letters(self, wanted: Dead, after: int, limit: int) -> list[DeadLetter]:
        """The next of these open dead letters beyond the id `after`."""

    def count_dead_letters(self, wanted: Dead) -> Mapping[tuple[str, str], int]:
        """How many such letters there are, by destination and reason."""

    def select_letters(self, wanted: Dead, selection: str) -> int:
        """Make these the letters of a selection, each of which is in one alone; returns how many they are."""

    def discard_letters(self, wanted: Dead) -> int:
        """Give these up; returns how many they were."""

    def settle_letters(self, lease: Lease, settlement: Settlement) -> None:
        """Record what became of dead letters in a replay: delivered, or dead again with a new reason."""

    # People

    def counts(self, destination: str) -> Counts:
        """The destination's totals, of all that is accepted; of lanes that are not even, `pending` is an estimate.

        What redeliveries deliver counts only for them, but for the dead letters that it settles.
        """
