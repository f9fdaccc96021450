"""The rate limits of destinations in Postgres, which all their runs share."""

from analytics_platform.staging.postgres.connection import Connection

LONGEST_AHEAD = 3600.0
"""Seconds. A clock that was set back leaves reservations far in the future: one that is further away than this, or than
ten requests, is not believed."""

KNOW = "INSERT INTO analytics.limits (destination, taken_until) VALUES (%s, %s) ON CONFLICT DO NOTHING"
HOLD = "SELECT taken_until FROM analytics.limits WHERE destination = %s FOR UPDATE"
RESERVE = "UPDATE analytics.limits SET taken_until = %s WHERE destination = %s"


class Limits:
    """Who may send when."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve(self, destination: str, seconds: float, unused: float | None = None) -> float | None:
        """See Streams.reserve."""
        now = self._connection.clock()
        believed = now + max(LONGEST_AHEAD, 10 * seconds)
        with self._connection.writing() as db:
            db.execute(KNOW, (destination, -believed))
            (taken_until,) = next(db.execute(HOLD, (destination,)))
            taken_until = taken_until if taken_until <= believed else -believed
            if unused is not None and taken_until > now - unused:
                return None
            begins = max(now, taken_until)
            db.execute(RESERVE, (begins + seconds, destination))
            return begins
