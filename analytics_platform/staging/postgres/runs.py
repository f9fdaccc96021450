"""The runs in Postgres, from the first heartbeat to the ending."""

from collections.abc import Collection

from analytics_platform.staging.base import LEASE_SECONDS, Ending, RunRecord
from analytics_platform.staging.postgres.connection import Connection, one

START = """
INSERT INTO analytics.runs AS run (run_id, destination, started_at, alive_until) VALUES (%s, %s, %s, %s)
ON CONFLICT (run_id) DO UPDATE SET alive_until = excluded.alive_until WHERE run.ending IS NULL
"""
# In the order in which everybody locks: first the leases, then the run.
LOCK_LEASES = """
SELECT 1 FROM analytics.leases WHERE %(run)s IN (run_id, successor) ORDER BY name FOR UPDATE
"""
END = "UPDATE analytics.runs SET ending = %s, ended_at = %s WHERE run_id = %s AND ending IS NULL"
FREE = """
UPDATE analytics.leases SET
    successor_wanted = successor_wanted AND run_id IS DISTINCT FROM %(run)s,
    run_id = nullif(run_id, %(run)s),
    successor = nullif(successor, %(run)s)
WHERE %(run)s IN (run_id, successor)
"""


class Runs:
    """Who is alive, and how the others ended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start_run(self, run_id: str, destination: str) -> None:
        """See Staging.start_run."""
        now = self._connection.clock()
        with self._connection.writing() as db:
            db.execute(START, (run_id, destination, now, now + LEASE_SECONDS))

    def heartbeat(self, run_id: str, seconds: float = LEASE_SECONDS) -> bool:
        """See Staging.heartbeat."""
        beat = "UPDATE analytics.runs SET alive_until = %s WHERE run_id = %s AND ending IS NULL"
        with self._connection.writing() as db:
            return db.execute(beat, (self._connection.clock() + seconds, run_id)).rowcount == 1

    def end_run(self, run_id: str, ending: Ending) -> None:
        """See Staging.end_run."""
        with self._connection.writing() as db:
            db.execute(LOCK_LEASES, {"run": run_id})
            db.execute(END, (ending, self._connection.clock(), run_id))
            db.execute(FREE, {"run": run_id})

    def runs(self, run_ids: Collection[str]) -> list[RunRecord]:
        """See Staging.runs."""
        query = (
            "SELECT run_id, destination, started_at, alive_until, ending, ended_at FROM analytics.runs "
            "WHERE run_id = ANY(%(ids)s::text[]) ORDER BY array_position(%(ids)s::text[], run_id)"
        )
        with self._connection.reading() as db:
            return [RunRecord(*row) for row in db.execute(query, {"ids": [*run_ids]})]

    def endings_since(self, destination: str, ending: Ending, since: float) -> int:
        """See Staging.endings_since."""
        query = "SELECT count(*) FROM analytics.runs WHERE destination = %s AND ending = %s AND ended_at >= %s"
        with self._connection.reading() as db:
            return int(one(db.execute(query, (destination, ending, since))))
