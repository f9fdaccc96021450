"""The log of accepted events in Postgres."""

from collections.abc import Sequence
from typing import Any

from analytics_platform.staging.base import Entry, Event
from analytics_platform.staging.postgres.connection import Connection, Database
from analytics_platform.staging.postgres.days import (
    HEAD,
    NEWEST,
    Day,
    between,
    day_from,
    days,
    head,
    is_over,
    open_next,
)
from analytics_platform.staging.postgres.digests import message_hash, names_in
from analytics_platform.staging.postgres.message_ids import KNOWN, question, remember

EVENT_COLUMNS = "seq, source, message_id, received_at, payload"
COPY = "COPY analytics.events (seq, day, received_at, source, message_id, payload) FROM STDIN"
QUARANTINE = """
INSERT INTO analytics.quarantine (received_at, message_hash, event_hash, source, message_id, payload, problems)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (message_hash) DO NOTHING
"""
NEXT_EVENTS = f"""
SELECT {EVENT_COLUMNS} FROM analytics.events
WHERE day = %s AND seq > %s AND (%s::float8 IS NULL OR received_at >= %s) ORDER BY seq LIMIT %s
"""  # noqa: S608 - put together of constants


class Log:
    """Appends, and what everybody reads of the log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """See Staging.append."""
        if not entries:
            return []
        with self._connection.appending() as db:
            stored = iter(insert(self._connection, db, [each for each in entries if each.problems is None]))
            return [next(stored) if each.problems is None else _quarantine(db, each) for each in entries]

    def logged(self, since: float | None, after: int, limit: int) -> list[Event]:
        """See Staging.logged."""
        events: list[Event] = []
        with self._connection.reading() as db:
            for day in between(days(db), after, None):
                if len(events) == limit:
                    break
                rows = db.execute(NEXT_EVENTS, (day, after, since, since, limit - len(events)))
                events += map(event_from, rows)
        return events

    def check(self) -> None:
        """See Staging.check."""
        with self._connection.appending():
            pass

    def head(self) -> int:
        """See Staging.head."""
        with self._connection.reading() as db:
            return head(db)


def lock(db: Database) -> None:
    """Have the log for this transaction alone; what is read of it from the next statement on is the newest."""
    db.execute("SELECT 1 FROM analytics.log FOR UPDATE")


def insert(connection: Connection, db: Database, entries: Sequence[Entry]) -> list[bool]:
    """Put entries at the end of the log, inside a transaction that has locked it; False marks one that is not new."""
    if not entries:
        return []
    hashes = [message_hash(entry) for entry in entries]
    day, last, known = _end_of_log(connection, db, hashes)
    stored, new = [], []
    with db.cursor() as cursor, cursor.copy(COPY) as copy:
        for entry, hash_ in zip(entries, hashes, strict=True):
            is_new = hash_ not in known
            stored.append(is_new)
            if is_new:
                known.add(hash_)
                new.append(hash_)
                last += 1
                copy.write_row(
                    (last, day.number, entry.received_at, entry.source, entry.message_id.encode(), entry.payload)
                )
    remember(db, day.number, new)
    return stored


def _end_of_log(connection: Connection, db: Database, hashes: Sequence[str]) -> tuple[Day, int, set[str]]:
    """The day to append to, opened if need be, the log's head, and which of the hashes are known.

    All is asked at once, with the day that was the newest when somebody last looked: nearly always it still is.
    """
    while True:
        guess = connection.newest_day
        with db.pipeline():
            rows = [db.execute(NEWEST), db.execute(HEAD, (guess,)), db.execute(KNOWN, question(guess, hashes))]
        day = day_from(rows[0].fetchone())
        connection.newest_day = day.number if day else 0
        if connection.newest_day == guess:
            break
    (head,) = next(rows[1])
    last = head if head is not None else day.first_seq - 1 if day else 0
    now = connection.clock()
    if day is None or is_over(day, now):
        day = open_next(db, day, last, now)
    return day, last, {found.hex for (found,) in rows[2]}


def _quarantine(db: Database, entry: Entry) -> bool:
    values = (
        entry.received_at,
        message_hash(entry),
        names_in(entry.payload).event,
        entry.source,
        entry.message_id.encode(),
        entry.payload,
        entry.problems,
    )
    return db.execute(QUARANTINE, values).rowcount == 1


def event_from(row: tuple[Any, ...]) -> Event:
    """An event from a row of EVENT_COLUMNS."""
    seq, source, message_id, received_at, payload = row
    return Event(seq, source, message_id.decode(), received_at, payload)
