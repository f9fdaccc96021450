"""The leases in Postgres: who holds an exclusive right, and who waits for it."""

from analytics_platform.staging.base import Lease, LeaseLost, Speed
from analytics_platform.staging.postgres.connection import Connection, Database

LONGEST_HEARTBEAT = 600.0
"""A clock that was set back leaves heartbeats far in the future; none lasts longer than this (seconds)."""

ALIVE = """
SELECT 1 FROM analytics.runs WHERE run_id = %s AND ending IS NULL AND alive_until > %s AND alive_until <= %s
"""
DIED = "UPDATE analytics.runs SET ending = 'died', ended_at = alive_until WHERE run_id = %s AND ending IS NULL"
LEARN = "UPDATE analytics.leases SET speed = %s, speed_gain = %s, speed_at = %s WHERE name = %s"
FOUND = """
SELECT run_id, token, successor, speed, speed_gain, speed_at FROM analytics.leases WHERE name = %s FOR UPDATE
"""
TAKE = """
UPDATE analytics.leases SET run_id = %s, token = %s, successor = NULL, successor_wanted = false WHERE name = %s
"""


class Leases:
    """Exclusive rights that are worth as much as their holder's heartbeat."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def acquire(self, name: str, run_id: str) -> Lease | None:
        """See Staging.acquire."""
        now = self._connection.clock()
        with self._connection.writing() as db:
            holder, token, successor, speed = _lease(db, name)
            _hold_still(db, run_id, holder, successor)
            _has_not_ended(db, run_id)
            if holder == run_id:
                return Lease(name, run_id, token, speed)
            if is_alive(db, holder, now) or (successor != run_id and is_alive(db, successor, now)):
                return None
            if holder:
                _note_death(db, name, holder)
            db.execute(TAKE, (run_id, token + 1, name))
            return Lease(name, run_id, token + 1, speed)

    def succeed(self, name: str, run_id: str) -> bool:
        """See Staging.succeed."""
        with self._connection.writing() as db:
            successor = _lease(db, name)[2]
            _hold_still(db, run_id, successor)
            _has_not_ended(db, run_id)
            if successor != run_id and is_alive(db, successor, self._connection.clock()):
                return False
            db.execute(
                "UPDATE analytics.leases SET successor = %s, successor_wanted = false WHERE name = %s", (run_id, name)
            )
            return True

    def want_successor(self, lease: Lease) -> None:
        """See Staging.want_successor."""
        with self._connection.writing() as db:
            hold(db, lease)
            wanted = not is_alive(db, _lease(db, lease.name)[2], self._connection.clock())
            db.execute("UPDATE analytics.leases SET successor_wanted = %s WHERE name = %s", (wanted, lease.name))

    def hand_over(self, lease: Lease, speed: Speed | None) -> None:
        """See Staging.hand_over."""
        learnt = (speed.per_second, speed.gain, speed.at) if speed else (None, None, None)
        with self._connection.writing() as db:
            hold(db, lease)
            db.execute(LEARN, (*learnt, lease.name))


def hold(db: Database, lease: Lease) -> None:
    """Make sure, until the transaction ends, that the lease is still its run's."""
    row = db.execute(
        "SELECT token FROM analytics.leases WHERE name = %s AND run_id = %s FOR UPDATE", (lease.name, lease.run_id)
    ).fetchone()
    if row is None or row[0] != lease.token:
        raise LeaseLost(f"{lease.name} belongs to another run now")


def is_alive(db: Database, run_id: str | None, now: float) -> bool:
    """Whether the run has not ended and its heart beats."""
    return run_id is not None and db.execute(ALIVE, (run_id, now, now + LONGEST_HEARTBEAT)).fetchone() is not None


def _hold_still(db: Database, *run_ids: str | None) -> None:
    """Let none of these runs beat or end while it is decided what becomes of them."""
    wanted = [run_id for run_id in run_ids if run_id is not None]
    db.execute("SELECT 1 FROM analytics.runs WHERE run_id = ANY(%s) ORDER BY run_id FOR UPDATE", (wanted,))


def _has_not_ended(db: Database, run_id: str) -> None:
    """Make sure that a run which was taken for dead, and has woken up since, gets no lease any more."""
    if db.execute("SELECT 1 FROM analytics.runs WHERE run_id = %s AND ending IS NOT NULL", (run_id,)).fetchone():
        raise LeaseLost(f"the run {run_id} counts as ended")


def _lease(db: Database, name: str) -> tuple[str | None, int, str | None, Speed | None]:
    """Who holds the lease, with which token, who waits for it, and what was learnt under it.

    It is locked until the transaction ends.
    """
    db.execute("INSERT INTO analytics.leases (name) VALUES (%s) ON CONFLICT DO NOTHING", (name,))
    holder, token, successor, speed, gain, at = next(db.execute(FOUND, (name,)))
    return holder, token, successor, None if speed is None else Speed(speed, gain, at)


def _note_death(db: Database, name: str, run_id: str) -> None:
    """A run that died without an ending counts as a failure of its stream, so that a crash loop slows down."""
    destination, _, stream = name.partition("/")
    if db.execute(DIED, (run_id,)).rowcount:
        db.execute(
            "UPDATE analytics.streams SET failures = failures + 1 WHERE destination = %s AND stream = %s",
            (destination, stream),
        )
