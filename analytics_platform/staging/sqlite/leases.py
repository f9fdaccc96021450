"""The leases in SQLite: who holds an exclusive right, and who waits for it."""

import sqlite3

from analytics_platform.staging.base import Lease, LeaseLost, Speed
from analytics_platform.staging.sqlite.connection import Connection

LONGEST_HEARTBEAT = 600.0
"""A clock that was set back leaves heartbeats far in the future; none lasts longer than this (seconds)."""

ALIVE = "SELECT 1 FROM runs WHERE run_id = ? AND ending IS NULL AND alive_until > ? AND alive_until <= ?"
LEARN = "UPDATE leases SET speed = ?, speed_gain = ?, speed_at = ? WHERE name = ?"
DIED = "UPDATE runs SET ending = 'died', ended_at = alive_until WHERE run_id = ? AND ending IS NULL"


class Leases:
    """Exclusive rights that are worth as much as their holder's heartbeat."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def acquire(self, name: str, run_id: str) -> Lease | None:
        """See Staging.acquire."""
        now = self._connection.clock()
        with self._connection.writing() as db:
            _has_not_ended(db, run_id)
            holder, token, successor, speed = _lease(db, name)
            if holder == run_id:
                return Lease(name, run_id, token, speed)
            if is_alive(db, holder, now) or (successor != run_id and is_alive(db, successor, now)):
                return None
            if holder:
                _note_death(db, name, holder)
            db.execute(
                "UPDATE leases SET run_id = ?, token = ?, successor = NULL, successor_wanted = 0 WHERE name = ?",
                (run_id, token + 1, name),
            )
            return Lease(name, run_id, token + 1, speed)

    def succeed(self, name: str, run_id: str) -> bool:
        """See Staging.succeed."""
        with self._connection.writing() as db:
            _has_not_ended(db, run_id)
            successor = _lease(db, name)[2]
            if successor != run_id and is_alive(db, successor, self._connection.clock()):
                return False
            db.execute("UPDATE leases SET successor = ?, successor_wanted = 0 WHERE name = ?", (run_id, name))
            return True

    def want_successor(self, lease: Lease) -> None:
        """See Staging.want_successor."""
        with self._connection.writing() as db:
            hold(db, lease)
            wanted = not is_alive(db, _lease(db, lease.name)[2], self._connection.clock())
            db.execute("UPDATE leases SET successor_wanted = ? WHERE name = ?", (wanted, lease.name))

    def hand_over(self, lease: Lease, speed: Speed | None) -> None:
        """See Staging.hand_over."""
        learnt = (speed.per_second, speed.gain, speed.at) if speed else (None, None, None)
        with self._connection.writing() as db:
            hold(db, lease)
            db.execute(LEARN, (*learnt, lease.name))


def hold(db: sqlite3.Connection, lease: Lease) -> None:
    """Make sure, inside a transaction, that the lease is still its run's."""
    row = db.execute("SELECT token FROM leases WHERE name = ? AND run_id = ?", (lease.name, lease.run_id)).fetchone()
    if row is None or row[0] != lease.token:
        raise LeaseLost(f"{lease.name} belongs to another run now")


def is_alive(db: sqlite3.Connection, run_id: str | None, now: float) -> bool:
    """Whether the run has not ended and its heart beats."""
    return run_id is not None and db.execute(ALIVE, (run_id, now, now + LONGEST_HEARTBEAT)).fetchone() is not None


def _has_not_ended(db: sqlite3.Connection, run_id: str) -> None:
    """Make sure that a run which was taken for dead, and has woken up since, gets no lease any more."""
    if db.execute("SELECT 1 FROM runs WHERE run_id = ? AND ending IS NOT NULL", (run_id,)).fetchone():
        raise LeaseLost(f"the run {run_id} counts as ended")


def _lease(db: sqlite3.Connection, name: str) -> tuple[str | None, int, str | None, Speed | None]:
    """Who holds the lease, with which token, who waits for it, and what was learnt under it."""
    db.execute("INSERT INTO leases (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    query = "SELECT run_id, token, successor, speed, speed_gain, speed_at FROM leases WHERE name = ?"
    holder, token, successor, speed, gain, at = db.execute(query, (name,)).fetchone()
    return holder, token, successor, None if speed is None else Speed(speed, gain, at)


def _note_death(db: sqlite3.Connection, name: str, run_id: str) -> None:
    """A run that died without an ending counts as a failure of its stream, so that a crash loop slows down."""
    destination, _, stream = name.partition("/")
    if db.execute(DIED, (run_id,)).rowcount:
        db.execute(
            "UPDATE streams SET failures = failures + 1 WHERE destination = ? AND stream = ?", (destination, stream)
        )
