"""The suppression list in SQLite."""

from collections.abc import Collection

from analytics_platform.staging.sqlite.connection import Connection
from analytics_platform.staging.suppressed import Suppression, SuppressionCounts

VERSION = "SELECT suppressions FROM log"
NEXT_VERSION = "UPDATE log SET suppressions = suppressions + 1 RETURNING suppressions"
SUPPRESS = """
INSERT INTO suppressions (digest, key_id, version) VALUES (?, ?, ?)
ON CONFLICT (digest) DO UPDATE SET key_id = excluded.key_id, is_listed = 1, version = excluded.version
WHERE NOT is_listed
"""
UNSUPPRESS = "UPDATE suppressions SET is_listed = 0, version = ? WHERE digest = ? AND is_listed"


class Suppressions:
    """Whose calls are not to be stored, as digests of their ids."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def suppress(self, key_id: bytes, digests: Collection[bytes]) -> int:
        """See Staging.suppress."""
        with self._connection.writing() as db:
            (version,) = db.execute(NEXT_VERSION).fetchone()
            return db.executemany(SUPPRESS, ((digest, key_id, version) for digest in digests)).rowcount

    def unsuppress(self, digests: Collection[bytes]) -> int:
        """See Staging.unsuppress."""
        with self._connection.writing() as db:
            (version,) = db.execute(NEXT_VERSION).fetchone()
            return db.executemany(UNSUPPRESS, ((version, digest) for digest in digests)).rowcount

    def suppressions(self, after: int) -> tuple[int, list[Suppression]]:
        """See Staging.suppressions."""
        with self._connection.statement() as db:
            if db.execute(VERSION).fetchone() == (after,):
                return after, []
        with self._connection.reading() as db:
            (version,) = db.execute(VERSION).fetchone()
            rows = db.execute("SELECT digest, key_id, is_listed FROM suppressions WHERE version > ?", (after,))
            return version, [Suppression(digest, key_id, bool(is_listed)) for digest, key_id, is_listed in rows]

    def count_dropped(self, calls: int) -> None:
        """See Staging.count_dropped."""
        with self._connection.writing() as db:
            db.execute("UPDATE log SET dropped = dropped + ?", (calls,))

    def suppression_counts(self) -> SuppressionCounts:
        """See Staging.suppression_counts."""
        with self._connection.reading() as db:
            query = "SELECT (SELECT count(*) FROM suppressions WHERE is_listed), dropped FROM log"
            return SuppressionCounts(*db.execute(query).fetchone())
