"""The log of accepted events in SQLite, with the quarantine beside it."""

import sqlite3
from collections.abc import Sequence
from hashlib import blake2b

from analytics_platform.staging.base import Entry, Event
from analytics_platform.staging.sqlite.connection import Connection

INSERT_EVENT = """
INSERT INTO events (seq, source, message_id, message_hash, received_at, payload)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (message_hash) DO NOTHING
"""
INSERT_QUARANTINED = """
INSERT INTO quarantine (source, message_id, message_hash, received_at, payload, problems)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (message_hash) DO NOTHING
"""
EVENT_COLUMNS = "seq, source, message_id, received_at, payload"


class Log:
    """Appends, and what everybody reads of the log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """See Staging.append."""
        with self._connection.writing() as db:
            head: int = db.execute("SELECT head FROM log").fetchone()[0]
            new = []
            for entry in entries:
                if entry.problems is not None:
                    new.append(_quarantine(db, entry))
                elif _insert(db, head + 1, entry):
                    head += 1
                    new.append(True)
                else:
                    new.append(False)
            db.execute("UPDATE log SET head = ?", (head,))
            return new

    def check(self) -> None:
        """See Staging.check."""
        with self._connection.writing() as db:
            db.execute("UPDATE log SET head = head")

    def head(self) -> int:
        """See Staging.head."""
        with self._connection.reading() as db:
            return int(db.execute("SELECT head FROM log").fetchone()[0])


def _insert(db: sqlite3.Connection, seq: int, entry: Entry) -> bool:
    values = (seq, entry.source, entry.message_id, message_hash(entry), entry.received_at, entry.payload)
    return db.execute(INSERT_EVENT, values).rowcount == 1


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
