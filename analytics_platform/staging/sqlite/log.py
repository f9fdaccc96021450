"""The log of accepted events in SQLite, with the quarantine beside it."""

import sqlite3
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b

from analytics_platform.staging.base import Entry, Event
from analytics_platform.staging.sqlite.connection import Connection

# Of a group, all rows go into one statement: each one that SQLite runs gives the interpreter's lock away, and
# getting it back from a busy event loop takes longer than the insert. The rows beyond the group's are nulls.
INSERT_EVENTS = """
INSERT INTO events (seq, source, message_id, message_hash, received_at, payload)
SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL ON CONFLICT (message_hash) DO NOTHING
"""
NO_ROW = (None,) * 6
MOST_ROWS = 1024  # of one statement; SQLite takes 32,766 values
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


class _NotNew(Exception):
    """Some of a group are duplicates, or for the quarantine: its entries are looked at one by one."""


class Log:
    """Appends, and what everybody reads of the log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """See Staging.append."""
        try:
            return self._append_new(entries)
        except _NotNew:
            return self._append_each(entries)

    def _append_new(self, entries: Sequence[Entry]) -> list[bool]:
        """Append a group that is new as a whole, as nearly every group is; raises _NotNew, with nothing appended."""
        if any(entry.problems is not None for entry in entries):
            raise _NotNew
        with self._connection.writing() as db:
            head = raise_head(db, len(entries)) - len(entries)
            for first in range(0, len(entries), MOST_ROWS):
                rows = entries[first : first + MOST_ROWS]
                if insert(db, head + first, rows) < len(rows):
                    raise _NotNew
        return [True] * len(entries)

    def _append_each(self, entries: Sequence[Entry]) -> list[bool]:
        """Append what is new in a group, one entry after the other."""
        with self._connection.writing() as db:
            new = []
            head = raise_head(db, 0)
            for entry in entries:
                if entry.problems is not None:
                    new.append(_quarantine(db, entry))
                else:
                    new.append(insert(db, head, [entry]) == 1)
                    head += new[-1]
            db.execute("UPDATE log SET head = ?", (head,))
            return new

    def logged(self, since: float | None, after: int, limit: int) -> list[Event]:
        """See Staging.logged."""
        with self._connection.reading() as db:
            rows = db.execute(LOGGED, {"since": since, "after": after, "limit": limit})
            return [event_from(row) for row in rows]

    def check(self) -> None:
        """See Staging.check."""
        with self._connection.writing() as db:
            db.execute("UPDATE log SET head = head")

    def head(self) -> int:
        """See Staging.head."""
        with self._connection.reading() as db:
            return int(db.execute("SELECT head FROM log").fetchone()[0])


def raise_head(db: sqlite3.Connection, events: int) -> int:
    """Give out the next so many numbers; returns the last one."""
    return int(db.execute("UPDATE log SET head = head + ? RETURNING head", (events,)).fetchone()[0])


def insert(db: sqlite3.Connection, head: int, entries: Sequence[Entry]) -> int:
    """Insert behind `head` what is new; returns how many those are."""
    values: list[object] = []
    for seq, entry in enumerate(entries, head + 1):
        values += (seq, entry.source, entry.message_id, message_hash(entry), entry.received_at, entry.payload)
    room = _power_of_two(len(entries))
    values += NO_ROW * (room - len(entries))
    return db.execute(_statement(room), values).rowcount


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


def event_from(row: sqlite3.Row | tuple[int, str, str, float, str]) -> Event:
    """An event from a row of EVENT_COLUMNS."""
    seq, source, message_id, received_at, payload = row
    return Event(seq, source, message_id, received_at, payload)
