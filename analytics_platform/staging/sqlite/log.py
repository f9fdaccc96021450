"""The log of accepted events in SQLite, with the quarantine beside it."""

import sqlite3
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b

from analytics_platform.staging.base import Entry, Event
from analytics_platform.staging.sqlite.connection import Connection

# Of a group, all rows go into one statement, which is the whole transaction: with each step that SQLite is asked for,
# the interpreter's lock is given away, and getting it back from a busy event loop takes longer than the insert.
# The rows beyond the group's are nulls.
INSERT_EVENTS = """
INSERT INTO events (seq, source, message_id, message_hash, received_at, payload)
SELECT head + column1, column2, column3, column4, column5, column6
FROM log, (VALUES {rows}) WHERE column1 IS NOT NULL
"""
NO_ROW = (None,) * 6
MOST_ROWS = 2048  # of one statement; SQLite takes 32,766 values
INSERT_EVENT = """
INSERT INTO events (seq, source, message_id, message_hash, received_at, payload)
SELECT head + 1, ?, ?, ?, ?, ? FROM log WHERE true ON CONFLICT (message_hash) DO NOTHING
"""
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

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """See Staging.append."""
        if len(entries) > MOST_ROWS or any(entry.problems is not None for entry in entries):
            return self._append_each(entries)
        try:
            return self._append_new(entries)
        except sqlite3.IntegrityError:  # some are duplicates
            return self._append_each(entries)

    def _append_new(self, entries: Sequence[Entry]) -> list[bool]:
        """Append a group that is new as a whole, as nearly every group is."""
        values: list[object] = []
        for place, entry in enumerate(entries, 1):
            values += (place, entry.source, entry.message_id, message_hash(entry), entry.received_at, entry.payload)
        room = _power_of_two(len(entries))
        values += NO_ROW * (room - len(entries))
        with self._connection.statement() as db:
            db.execute(_statement(room), values)
        return [True] * len(entries)

    def _append_each(self, entries: Sequence[Entry]) -> list[bool]:
        """Append what is new in a group, one entry after the other."""
        with self._connection.writing() as db:
            return [_quarantine(db, entry) if entry.problems is not None else insert(db, entry) for entry in entries]

    def logged(self, since: float | None, after: int, limit: int) -> list[Event]:
        """See Staging.logged."""
        with self._connection.reading() as db:
            rows = db.execute(LOGGED, {"since": since, "after": after, "limit": limit})
            return [*map(Event._make, rows)]

    def check(self) -> None:
        """See Staging.check."""
        with self._connection.writing() as db:
            db.execute("UPDATE log SET head = head")

    def head(self) -> int:
        """See Staging.head."""
        with self._connection.reading() as db:
            return int(db.execute("SELECT head FROM log").fetchone()[0])


def insert(db: sqlite3.Connection, entry: Entry) -> bool:
    """Put an entry at the end of the log; False when it is not new."""
    values = (entry.source, entry.message_id, message_hash(entry), entry.received_at, entry.payload)
    return db.execute(INSERT_EVENT, values).rowcount == 1


def _power_of_two(least: int) -> int:
    """The smallest power of two that is not below `least`: so there are few statements to prepare."""
    return 1 << (least - 1).bit_length()


@cache
def _statement(rows: int) -> str:
    return INSERT_EVENTS.format(rows=", ".join(["(?, ?, ?, ?, ?, ?)"] * rows))


def _quarantine(db: sqlite3.Connection, entry: Entry) -> bool:
    values = (entry.source, entry.message_id, message_hash(entry), entry.received_at, entry.payload, entry.problems)
    return db.execute(INSERT_QUARANTINED, values).rowcount == 1


def message_hash(entry: Entry) -> bytes:
    """16 bytes that stand for a messageId within its source."""
    return blake2b(f"{entry.source}\0{entry.message_id}".encode(), digest_size=16).digest()
