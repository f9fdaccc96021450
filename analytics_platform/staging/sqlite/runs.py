"""The runs in SQLite, from the first heartbeat to the ending."""

from collections.abc import Collection

from analytics_platform.staging.base import LEASE_SECONDS, Ending, RunRecord
from analytics_platform.staging.sqlite.connection import Connection

START = """
INSERT INTO runs (run_id, destination, started_at, alive_until) VALUES (?, ?, ?, ?)
ON CONFLICT (run_id) DO UPDATE SET alive_until = excluded.alive_until WHERE ending IS NULL
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
        beat = "UPDATE runs SET alive_until = ? WHERE run_id = ? AND ending IS NULL"
        with self._connection.writing() as db:
            return db.execute(beat, (self._connection.clock() + seconds, run_id)).rowcount == 1

    def end_run(self, run_id: str, ending: Ending) -> None:
        """See Staging.end_run."""
        with self._connection.writing() as db:
            db.execute(
                "UPDATE runs SET ending = ?, ended_at = ? WHERE run_id = ? AND ending IS NULL",
                (ending, self._connection.clock(), run_id),
            )
            db.execute("UPDATE leases SET run_id = NULL, successor_wanted = 0 WHERE run_id = ?", (run_id,))
            db.execute("UPDATE leases SET successor = NULL WHERE successor = ?", (run_id,))

    def runs(self, run_ids: Collection[str]) -> list[RunRecord]:
        """See Staging.runs."""
        columns = "run_id, destination, started_at, alive_until, ending, ended_at"
        with self._connection.reading() as db:
            return [
                RunRecord(*row)
                for run_id in run_ids
                for row in db.execute(f"SELECT {columns} FROM runs WHERE run_id = ?", (run_id,))  # noqa: S608  names of ours
            ]

    def endings_since(self, destination: str, ending: Ending, since: float) -> int:
        """See Staging.endings_since."""
        query = "SELECT count(*) FROM runs WHERE destination = ? AND ending = ? AND ended_at >= ?"
        with self._connection.reading() as db:
            return int(db.execute(query, (destination, ending, since)).fetchone()[0])
