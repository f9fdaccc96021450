"""The suppression list in Postgres."""

from collections.abc import Collection

from analytics_platform.staging.postgres.connection import Connection
from analytics_platform.staging.suppressed import Suppression, SuppressionCounts

VERSION = "SELECT version FROM analytics.suppression_list"
NEXT_VERSION = "UPDATE analytics.suppression_list SET version = version + 1 RETURNING version"
SUPPRESS = """
INSERT INTO analytics.suppressions AS known (digest, key_id, version)
SELECT DISTINCT digest, %s::bytea, %s::bigint FROM unnest(%s::bytea[]) AS new (digest)
ON CONFLICT (digest) DO UPDATE SET key_id = excluded.key_id, is_listed = true, version = excluded.version
WHERE NOT known.is_listed
"""
UNSUPPRESS = """
UPDATE analytics.suppressions SET is_listed = false, version = %s WHERE digest = ANY(%s::bytea[]) AND is_listed
"""


class Suppressions:
    """Whose calls are not to be stored, as digests of their ids."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def suppress(self, key_id: bytes, digests: Collection[bytes]) -> int:
        """See Staging.suppress."""
        with self._connection.writing() as db:
            (version,) = next(db.execute(NEXT_VERSION))
            return db.execute(SUPPRESS, (key_id, version, [*digests])).rowcount

    def unsuppress(self, digests: Collection[bytes]) -> int:
        """See Staging.unsuppress."""
        with self._connection.writing() as db:
            (version,) = next(db.execute(NEXT_VERSION))
            return db.execute(UNSUPPRESS, (version, [*digests])).rowcount

    def suppressions(self, after: int) -> tuple[int, list[Suppression]]:
        """See Staging.suppressions."""
        with self._connection.statement() as db:
            if db.execute(VERSION).fetchone() == (after,):
                return after, []
        with self._connection.reading() as db:
            (version,) = next(db.execute(VERSION))
            query = "SELECT digest, key_id, is_listed FROM analytics.suppressions WHERE version > %s"
            return version, [Suppression(*row) for row in db.execute(query, (after,))]

    def count_dropped(self, calls: int) -> None:
        """See Staging.count_dropped."""
        with self._connection.writing() as db:
            db.execute("UPDATE analytics.suppression_list SET dropped = dropped + %s", (calls,))

    def suppression_counts(self) -> SuppressionCounts:
        """See Staging.suppression_counts."""
        query = (
            "SELECT (SELECT count(*) FROM analytics.suppressions WHERE is_listed), dropped "
            "FROM analytics.suppression_list"
        )
        with self._connection.reading() as db:
            return SuppressionCounts(*next(db.execute(query)))
