"""The staging store in a Postgres database."""

from collections.abc import Callable

from analytics_platform.staging.base import Usage
from analytics_platform.staging.postgres.connection import Connection
from analytics_platform.staging.postgres.leases import Leases
from analytics_platform.staging.postgres.letters import Letters
from analytics_platform.staging.postgres.limits import Limits
from analytics_platform.staging.postgres.log import Log
from analytics_platform.staging.postgres.parking import Parking
from analytics_platform.staging.postgres.parts import Parts
from analytics_platform.staging.postgres.quarantine import Quarantine
from analytics_platform.staging.postgres.redeliveries import Redeliveries
from analytics_platform.staging.postgres.retention import Retention
from analytics_platform.staging.postgres.runs import Runs
from analytics_platform.staging.postgres.streams import Streams
from analytics_platform.staging.postgres.suppressions import Suppressions


class PostgresStaging(
    Log, Quarantine, Streams, Parts, Redeliveries, Limits, Parking, Runs, Leases, Letters, Suppressions, Retention
):
    """The whole store: each base class is one of its jobs, all share one pool of connections."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self._connection = Connection(url, clock)

    def checkpoint(self) -> None:
        """See Staging.checkpoint; the server does it by itself."""

    def usage(self) -> Usage:
        """See Staging.usage."""
        return self._connection.usage()

    def close(self) -> None:
        """See Staging.close."""
        self._connection.close()
