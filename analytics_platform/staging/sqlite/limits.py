"""The rate limits of destinations in SQLite, which all their runs share."""

from analytics_platform.staging.sqlite.connection import Connection

LONGEST_AHEAD = 3600.0
"""Seconds. A clock that was set back leaves reservations far in the future: one that is further away than this, or than
ten requests, is not believed."""

RESERVE = """
INSERT INTO limits (destination, taken_until) VALUES (?, ?)
ON CONFLICT (destination) DO UPDATE SET taken_until = excluded.taken_until
"""


class Limits:
    """Who may send when."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve(self, destination: str, seconds: float, unused: float | None = None) -> float | None:
        """See Streams.reserve."""
        now = self._connection.clock()
        with self._connection.writing() as db:
            row = db.execute("SELECT taken_until FROM limits WHERE destination = ?", (destination,)).fetchone()
            believed = now + max(LONGEST_AHEAD, 10 * seconds)
            taken_until = row[0] if row and row[0] <= believed else -believed
            if unused is not None and taken_until > now - unused:
                return None
            begins = max(now, taken_until)
            db.execute(RESERVE, (destination, begins + seconds))
            return float(begins)
