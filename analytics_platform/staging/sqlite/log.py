"""The log of accepted events in SQLite, with the quarantine beside it."""

import sqlite3
from collections.abc import Sequence
from functools import cache

from analytics_platform.staging.base import Entry, Event
from analytics_platform.staging.sqlite.connection import Connection
from analytics_platform.staging.sqlite.message_ids import FOLDS_AT_ONCE, MessageIds, message_hash

# Of a group, all rows go into one statement, which is the whole transaction: with each step that SQLite is asked for,
# the interpreter's lock is given away, and getting it back from a busy event loop takes longer than the insert. It
# appends all or nothing: nothing when another process has appended since, or the index has one of the hashes.
# The rows beyond the group's are nulls. Each value is bound once, though the hashes are looked at twice, and nothing is
# copied for it: that is a fifth of the time.
INSERT_EVENTS = """
INSERT INTO events (seq, source, message_id, message_hash, received_at, payload)
WITH entries AS NOT MATERIALIZED (VALUES {rows})
SELECT ? + column1, column2, column3, column4, column5, column6
FROM entries WHERE column2 IS NOT NULL AND (SELECT head FROM log) = ?
AND NOT EXISTS (SELECT 1 FROM entries CROSS JOIN message_ids ON hash = column4)
"""
VALUES_OF_ROW = 5
MOST_ROWS = 2048  # of one statement; SQLite takes 32,766 values
INSERT_QUARANTINED = """
INSERT INTO quarantine (source, message_id, message_hash, received_at, payload, problems)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (message_hash) DO NOTHING
"""
EVENT_COLUMNS = "seq, source, message_id, received_at, payload"
# Without an index on the time: what was released from quarantine is older than its neighbours, so the log is read on.
LOGGED = f"""
SELECT {EVENT_COLUMNS} FROM events
WHERE seq > :after AND (:since IS NULL OR received_at >= :since) ORDER BY seq LIMIT :limit
"""  # noqa: S608 - put together of constants


class Log:
    """Appends, and what everybody reads of the log."""

    def __init__(self, connection: Connection, ids: MessageIds) -> None:
        self._connection = connection
        self._ids = ids

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """See Staging.append."""
        hashes = [message_hash(entry) for entry in entries]
        stored = self._append(entries, hashes)
        self._connection.check_file()
        return stored

    def _append(self, entries: Sequence[Entry], hashes: Sequence[bytes]) -> list[bool]:
        is_plain = not any(entry.problems is not None for entry in entries)
        with self._connection.statement() as db:
            is_short = is_plain and len(entries) <= MOST_ROWS and self._ids.are_unheard_of(hashes)
            if is_short and insert(db, self._ids.head, entries, hashes):
                self._ids.note(hashes)
                return [True] * len(entries)
            return self._append_what_is_new(entries, hashes)

    def _append_what_is_new(self, entries: Sequence[Entry], hashes: Sequence[bytes]) -> list[bool]:
        """The long way: for the first group of a process, and for one with duplicates or something to quarantine."""
        with self._connection.writing() as db:
            self._ids.catch_up(db)
            known = self._ids.known(db, hashes)
            outcomes, new, new_hashes = [], [], []
            for entry, each in zip(entries, hashes, strict=True):
                if entry.problems is not None:
                    outcomes.append(_quarantine(db, entry, each))
                    continue
                outcomes.append(each not in known)
                if each not in known:
                    known.add(each)
                    new.append(entry)
                    new_hashes.append(each)
            for start in range(0, len(new), MOST_ROWS):
                end = start + MOST_ROWS
                insert(db, self._ids.head + start, new[start:end], new_hashes[start:end])
        self._ids.note(new_hashes)
        return outcomes

    def fold_ids(self) -> None:
        """Move hashes from memory into the index when they have become too many; between two appends."""
        for _ in range(FOLDS_AT_ONCE):
            if not self._ids.are_many():
                return
            with self._connection.statement():
                with self._connection.writing() as db:
                    folded = self._ids.fold(db)
                self._ids.forget(folded)

    def logged(self, since: float | None, after: int, limit: int) -> list[Event]:
        """See Staging.logged."""
        with self._connection.reading() as db:
            rows = db.execute(LOGGED, {"since": since, "after": after, "limit": limit})
            return [Event(*row) for row in rows]

    def check(self) -> None:
        """See Staging.check."""
        self._connection.check_file()
        self._connection.check_room()
        with self._connection.writing() as db:
            db.execute("UPDATE log SET head = head")

    def head(self) -> int:
        """See Staging.head."""
        with self._connection.reading() as db:
            return int(db.execute("SELECT head FROM log").fetchone()[0])


def insert(db: sqlite3.Connection, head: int, entries: Sequence[Entry], hashes: Sequence[bytes]) -> bool:
    """Append all entries behind `head`; False, with nothing appended, if that is not the head or one is indexed."""
    values: list[object] = []
    for entry, each in zip(entries, hashes, strict=True):
        values += (entry.source, entry.message_id, each, entry.received_at, entry.payload)
    room = _power_of_two(len(entries))
    values += (None,) * VALUES_OF_ROW * (room - len(entries))
    values += (head, head)
    return db.execute(_statement(room), values).rowcount > 0


def _power_of_two(least: int) -> int:
    """The smallest power of two that is not below `least`: so there are few statements to prepare."""
    return 1 << (least - 1).bit_length()


@cache
def _statement(rows: int) -> str:
    return INSERT_EVENTS.format(rows=", ".join(f"({place}, ?, ?, ?, ?, ?)" for place in range(1, rows + 1)))


def _quarantine(db: sqlite3.Connection, entry: Entry, hashed: bytes) -> bool:
    values = (entry.source, entry.message_id, hashed, entry.received_at, entry.payload, entry.problems)
    return db.execute(INSERT_QUARANTINED, values).rowcount == 1
