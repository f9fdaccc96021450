"""Keeps the calls of people on the suppression list out of the store and away from destinations."""

import hmac
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from analytics_platform.staging.aside import Quarantined
from analytics_platform.staging.base import Entry, Event, Staging, StagingError

KEY_ID_BYTES = 8


class Person(NamedTuple):
    """Somebody by one of their ids."""

    kind: Literal["user", "anonymous"]
    id: str


class _Ids(msgspec.Struct, rename="camel"):
    """What of a call says whose it is; the rest is skipped while decoding."""

    user_id: str | int | float | None = None
    anonymous_id: str | int | float | None = None
    previous_id: str | int | float | None = None


_ids = msgspec.json.Decoder(_Ids)


class SuppressionList:
    """The suppression list as one process sees it, brought up to date with the store before each use.

    The store holds HMACs of ids under the installation's hash key. Used by one thread at a time. Every method
    raises StagingError, also when the list was made with another key: then nobody on it could be recognised.
    """

    def __init__(
        self, staging: Staging, key: bytes, on_dropped: Callable[[Collection[Entry]], None] = lambda _: None
    ) -> None:
        """`on_dropped` is told what `append` has not stored."""
        self._staging = staging
        self._key = key
        self._key_id = hmac.digest(key, b"key", "sha256")[:KEY_ID_BYTES]
        self._on_dropped = on_dropped
        self._version = 0
        self._digests: set[bytes] = set()

    def add(self, people: Iterable[Person]) -> int:
        """Put people on the list, for all processes from their next commit on; returns how many are new there."""
        self.refresh()
        return self._staging.suppress(self._key_id, [*map(self._digest, people)])

    def remove(self, people: Iterable[Person]) -> int:
        """Take people off the list; returns how many were on it."""
        self.refresh()
        return self._staging.unsuppress([*map(self._digest, people)])

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """Append what may be stored, as Staging.append does; what may not counts as stored, and is counted."""
        dropped = self.among(entries)
        if not dropped:
            return self._staging.append(entries)
        allowed = [entry for place, entry in enumerate(entries) if place not in dropped]
        stored = iter(self._staging.append(allowed) if allowed else ())
        self._staging.count_dropped(len(dropped))
        self._on_dropped([entries[place] for place in dropped])
        return [True if place in dropped else next(stored) for place in range(len(entries))]

    def among(self, calls: Sequence[Entry | Event | Quarantined]) -> set[int]:
        """The places of those calls that name somebody on the list, as user or anonymous id or in an alias."""
        self.refresh()
        if not self._digests:
            return set()
        return {place for place, call in enumerate(calls) if self._names_somebody(call.payload)}

    def clear(self) -> int:
        """Take everybody off the list, whatever key it was made with; returns how many were on it."""
        _, everybody = self._staging.suppressions(0)
        return self._staging.unsuppress([each.digest for each in everybody if each.is_listed])

    def refresh(self) -> None:
        """Learn what has changed in the store since the last time."""
        version, changes = self._staging.suppressions(self._version)
        for change in changes:
            if not change.is_listed:
                self._digests.discard(change.digest)
            elif change.key_id == self._key_id:
                self._digests.add(change.digest)
            else:
                raise StagingError(
                    "the suppression list was made with another hash key: give ANALYTICS_HASH_KEY, "
                    "or the file hash-key in the data folder, its old value"
                )
        self._version = version

    def _names_somebody(self, payload: str) -> bool:
        try:
            ids = _ids.decode(payload)
        except msgspec.DecodeError:  # nobody's call; delivery will bury it
            return False
        return any(self._digest(person) in self._digests for person in _people(ids))

    def _digest(self, person: Person) -> bytes:
        return hmac.digest(self._key, f"{person.kind}\0{person.id}".encode(), "sha256")


def _people(ids: _Ids) -> Iterator[Person]:
    """Whom a call is about; the previousId of an alias may be an id of either kind."""
    if ids.user_id is not None:
        yield Person("user", str(ids.user_id))
    if ids.anonymous_id is not None:
        yield Person("anonymous", str(ids.anonymous_id))
    if ids.previous_id is not None:
        yield Person("user", str(ids.previous_id))
        yield Person("anonymous", str(ids.previous_id))
