"""The redeliveries in SQLite: history that somebody has asked for."""

import sqlite3
from typing import Any

from analytics_platform.staging.base import StagingError
from analytics_platform.staging.sqlite.connection import Connection
from analytics_platform.staging.sqlite.parking import first_parked
from analytics_platform.staging.sqlite.parts import end
from analytics_platform.staging.streams import REDELIVERY, Part, Redelivery

ASK = """
INSERT INTO redeliveries (destination, since, until, event, rate, asked_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id
"""
# What has left the log before the stream holds it there is nobody's any more.
BEGIN = """
INSERT INTO streams (destination, stream, is_live, first, last, cursor)
SELECT :destination, :stream, 0, first, max(:last, first), first FROM (
    SELECT max(:first, coalesce((SELECT min(seq) FROM events) - 1, (SELECT head FROM log))) AS first)
"""
CANCEL = "UPDATE streams SET last = min(last, cursor) WHERE destination = ? AND stream = ?"
LIST = """
SELECT destination, stream, first, last, since, until, event, rate, asked_at, cursor, delivered, skipped, ended_at,
    is_cancelled
FROM redeliveries JOIN streams USING (destination, stream)
WHERE (:destination IS NULL OR destination = :destination) AND (:stream IS NULL OR stream = :stream) ORDER BY id
"""
LIVE_STREAMS = "SELECT stream, cursor FROM streams WHERE destination = ? AND is_live AND ended_at IS NULL"
# How far the log was at some moment before `since`; all up to there was received before it.
BEFORE = "SELECT coalesce(max(head), 0) FROM marks WHERE at < ?"
FIRST = "SELECT seq FROM events WHERE seq > ? AND seq <= ? AND received_at >= ? ORDER BY seq LIMIT 1"
LAST = "SELECT seq FROM events WHERE seq >= ? AND seq <= ? AND received_at < ? ORDER BY seq DESC LIMIT 1"
EVER = 9e15  # seconds


class Redeliveries:
    """Streams with a beginning and an end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def span(self, destination: str, since: float | None, until: float | None) -> tuple[int, int] | None:
        """See Streams.span."""
        with self._connection.reading() as db:
            settled = _settled(db, destination)
            after = db.execute(BEFORE, (since if since is not None else -EVER,)).fetchone()[0]
            first = db.execute(FIRST, (after, settled, since if since is not None else -EVER)).fetchone()
            if first is None:
                return None
            last = db.execute(LAST, (first[0], settled, until if until is not None else EVER)).fetchone()
            return (first[0], last[0]) if last else None

    def redeliver(self, destination: str, part: Part, rate: float) -> Redelivery:
        """See Streams.redeliver."""
        now = self._connection.clock()
        asked = (destination, part.since, part.until, part.event, rate, now)
        with self._connection.writing() as db:
            (number,) = db.execute(ASK, asked).fetchone()
            stream = f"{REDELIVERY}{number}"
            db.execute("UPDATE redeliveries SET stream = ? WHERE id = ?", (stream, number))
            where = {"destination": destination, "stream": stream, "first": part.first, "last": part.last}
            db.execute(BEGIN, where)
            end(db, destination, stream, now)
            return _list(db, stream=stream)[0]

    def redeliveries(self, destination: str | None = None) -> list[Redelivery]:
        """See Streams.redeliveries."""
        with self._connection.reading() as db:
            return _list(db, destination)

    def cancel_redelivery(self, stream: str) -> bool:
        """See Streams.cancel_redelivery."""
        with self._connection.writing() as db:
            found = [each for each in _list(db, stream=stream) if each.ended_at is None]
            for each in found:
                db.execute("UPDATE redeliveries SET is_cancelled = 1 WHERE stream = ?", (stream,))
                db.execute("DELETE FROM parked WHERE destination = ? AND stream = ?", (each.destination, stream))
                db.execute("DELETE FROM troubles WHERE destination = ? AND stream = ?", (each.destination, stream))
                db.execute(CANCEL, (each.destination, stream))
                end(db, each.destination, stream, self._connection.clock())
            return bool(found)


def _settled(db: sqlite3.Connection, destination: str) -> int:
    """Up to where all that is accepted has been settled for the destination."""
    streams = db.execute(LIVE_STREAMS, (destination,)).fetchall()
    if not streams:
        raise StagingError(f"{destination} has no stream in the store")
    cursors: list[int] = [cursor for _, cursor in streams]
    parked = [first_parked(db, destination, stream) for stream, _ in streams]
    return min(cursors + [seq - 1 for seq in parked if seq is not None])


def _list(db: sqlite3.Connection, destination: str | None = None, stream: str | None = None) -> list[Redelivery]:
    return [_redelivery(row) for row in db.execute(LIST, {"destination": destination, "stream": stream})]


def _redelivery(row: tuple[Any, ...]) -> Redelivery:
    destination, stream, first, last, since, until, event, rate, asked_at, cursor, delivered, skipped = row[:12]
    ended_at, is_cancelled = row[12], bool(row[13])
    part = Part(first, last, since=since, until=until, event=event)
    return Redelivery(
        destination, stream, part, rate, asked_at, cursor, delivered, skipped, ended_at, is_cancelled=is_cancelled
    )
