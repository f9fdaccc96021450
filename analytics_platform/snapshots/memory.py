"""What a snapshot remembers between its readings, in one SQLite file.

    read ──differs from the entity's digest──▶ waiting ──accepted──▶ entities (digest)
                                                  └──a check fails──▶ forgotten

A digest is written when its call is in the staging store, never before: whatever is killed, what was
not accepted differs again at the next reading.
"""

import fcntl
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

TABLES = """
CREATE TABLE IF NOT EXISTS entities (
    place     INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    user      TEXT,           -- of a group: in whose name its last call was
    digest    BLOB NOT NULL,  -- of what was accepted last
    partition TEXT NOT NULL,  -- for which
    nth       INTEGER NOT NULL  -- so many calls of that partition were accepted
) STRICT;
CREATE TABLE IF NOT EXISTS waiting (
    number    INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    user      TEXT,
    digest    BLOB,           -- NULL: a farewell
    payload   BLOB NOT NULL   -- JSON
) STRICT;
CREATE TABLE IF NOT EXISTS readings (
    number    INTEGER PRIMARY KEY,
    starts_at REAL NOT NULL,  -- of the partition, seconds since the epoch
    taken_at  REAL NOT NULL,
    row_count INTEGER NOT NULL,
    sums      TEXT NOT NULL   -- JSON: the sum of each metric
) STRICT;
"""
PRAGMAS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", "PRAGMA cache_size = -16000")
"""A commit lost with the machine's power is a call that is sent again: no fsync is worth that."""


class Known(NamedTuple):
    """What was accepted last about an entity."""

    place: int
    digest: bytes
    partition: str
    nth: int


class Waiting(NamedTuple):
    """A call that is ready to be appended, with what is remembered once it is accepted."""

    id: str
    user: str | None
    digest: bytes | None  # None: a farewell, after which the entity is forgotten
    payload: bytes  # JSON


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier reading."""

    row_count: int
    sums: Mapping[str, float]


class Memory:
    """The file of one snapshot, held by one run at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        for pragma in PRAGMAS:
            self._db.execute(pragma)
        self._db.executescript(TABLES)
        self._ask = self._db.cursor()

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def size(self) -> int:
        """One more than the highest place of an entity."""
        return int(self._db.execute("SELECT coalesce(max(place), 0) + 1 FROM entities").fetchone()[0])

    def known(self, entity: str) -> Known | None:
        """What was accepted last about this entity."""
        row = self._ask.execute("SELECT place, digest, partition, nth FROM entities WHERE id = ?", (entity,)).fetchone()
        return Known(*row) if row else None

    def absent(self, seen: Sequence[int]) -> Iterator[tuple[str, str | None, Known]]:
        """The entities whose place is not marked in `seen`, with the user in whose name each was sent."""
        rows = self._db.execute("SELECT id, user, place, digest, partition, nth FROM entities")
        return ((entity, user, Known(*known)) for entity, user, *known in rows if not seen[known[0]])

    def forget_waiting(self) -> None:
        """Forget what waits, of this run or of one that was killed."""
        self._db.execute("DELETE FROM waiting")

    def wait(self, waiting: Waiting) -> bool:
        """Keep a call until it is known whether anything is sent; False when one about its entity waits already."""
        added = self._ask.execute(WAIT, waiting)
        return added.rowcount == 1

    def waiting(self, limit: int, after: int = 0) -> list[tuple[int, Waiting]]:
        """The next calls that wait, in the order of the rows, each with its number."""
        rows = self._db.execute(
            "SELECT number, id, user, digest, payload FROM waiting WHERE number > ? ORDER BY number LIMIT ?",
            (after, limit),
        )
        return [(number, Waiting(*waiting)) for number, *waiting in rows]

    def remember(self, accepted: Sequence[Waiting], partition: str) -> None:
        """Note what has been accepted for the partition."""
        with self.writing():
            self._db.executemany(FORGET, [(each.id,) for each in accepted if each.digest is None])
            self._db.executemany(
                REMEMBER, [(each.id, each.user, each.digest, partition) for each in accepted if each.digest is not None]
            )

    def past(self, starts_at: float) -> Past | None:
        """The last reading of this partition, or of the nearest one before it."""
        rows = self._db.execute(
            "SELECT row_count, sums FROM readings WHERE starts_at <= ? ORDER BY starts_at DESC, number DESC LIMIT 1",
            (starts_at,),
        )
        return next((_past(row) for row in rows), None)

    def latest(self) -> float | None:
        """When the latest partition starts that has been read, in seconds since the epoch."""
        found = self._db.execute("SELECT max(starts_at) FROM readings").fetchone()[0]
        return None if found is None else float(found)

    def trend(self, partitions: int) -> list[Past]:
        """The last reading of each of the latest partitions, oldest first."""
        rows = self._db.execute(
            "SELECT row_count, sums FROM readings WHERE number IN (SELECT max(number) FROM readings GROUP BY starts_at)"
            " ORDER BY starts_at DESC LIMIT ?",
            (partitions,),
        )
        return [_past(row) for row in rows][::-1]

    def record(self, starts_at: float, taken_at: float, reading: Past) -> None:
        """Note a reading whose calls have all been accepted."""
        sums = msgspec.json.encode(reading.sums).decode()
        self._db.execute(
            "INSERT INTO readings (starts_at, taken_at, row_count, sums) VALUES (?, ?, ?, ?)",
            (starts_at, taken_at, reading.row_count, sums),
        )


WAIT = "INSERT INTO waiting (id, user, digest, payload) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
FORGET = "DELETE FROM entities WHERE id = ?"
REMEMBER = """
INSERT INTO entities (id, user, digest, partition, nth) VALUES (?1, ?2, ?3, ?4, 1)
ON CONFLICT (id) DO UPDATE SET user = ?2, digest = ?3, partition = ?4,
    nth = CASE partition WHEN ?4 THEN nth + 1 ELSE 1 END
"""


@contextmanager
def opened(folder: Path, snapshot: str) -> Iterator[Memory]:
    """The snapshot's memory; a second run of the same snapshot waits here until the first one has ended."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f"{snapshot}.lock").open("w") as lock:
        _claim(lock)
        memory = Memory(folder / f"{snapshot}.db")
        try:
            yield memory
        finally:
            memory.close()


def _claim(lock: IO[str]) -> None:
    fcntl.flock(lock, fcntl.LOCK_EX)


def _past(row: tuple[int, str]) -> Past:
    return Past(row[0], msgspec.json.decode(row[1], type=dict[str, float]))
