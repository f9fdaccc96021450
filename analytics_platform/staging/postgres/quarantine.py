"""The quarantine in Postgres: calls kept aside, and their way into the log."""

from collections.abc import Mapping

from analytics_platform.staging.aside import Aside, Quarantined
from analytics_platform.staging.base import Entry
from analytics_platform.staging.postgres.connection import Connection, one
from analytics_platform.staging.postgres.digests import digest
from analytics_platform.staging.postgres.log import insert

# A condition whose value is null holds for all.
WANTED = """
(%(event)s::uuid IS NULL OR event_hash = %(event)s)
AND (%(source)s::text IS NULL OR source = %(source)s)
AND (%(since)s::float8 IS NULL OR received_at >= %(since)s)
AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
"""
LIST = f"""
SELECT id, source, message_id, received_at, payload, problems FROM analytics.quarantine
WHERE id > %(after)s AND {WANTED} ORDER BY id LIMIT %(limit)s
"""  # noqa: S608 - put together of constants
COUNT = f"SELECT count(*) FROM analytics.quarantine WHERE {WANTED}"  # noqa: S608 - the same
TAKE_OUT = """
DELETE FROM analytics.quarantine WHERE id = ANY(%s) RETURNING id, source, message_id, received_at
"""


class Quarantine:
    """What is kept aside."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def quarantined(self, wanted: Aside, after: int, limit: int) -> list[Quarantined]:
        """See Staging.quarantined."""
        with self._connection.reading() as db:
            rows = db.execute(LIST, _values(wanted) | {"after": after, "limit": limit})
            return [Quarantined(row[0], row[1], row[2].decode(), *row[3:]) for row in rows]

    def count_quarantined(self, wanted: Aside) -> int:
        """See Staging.count_quarantined."""
        with self._connection.reading() as db:
            return int(one(db.execute(COUNT, _values(wanted))))

    def release_quarantined(self, payloads: Mapping[int, str]) -> dict[int, bool]:
        """See Staging.release_quarantined."""
        with self._connection.appending() as db:
            rows = sorted(db.execute(TAKE_OUT, ([*payloads],)))
            entries = [Entry(source, id_.decode(), at, payloads[number]) for number, source, id_, at in rows]
            stored = insert(self._connection, db, entries)
            return {number: is_new for (number, *_), is_new in zip(rows, stored, strict=True)}


def _values(wanted: Aside) -> dict[str, object]:
    return {
        "event": None if wanted.event is None else digest(wanted.event),
        "source": wanted.source,
        "since": wanted.since,
        "ids": None if wanted.ids is None else [*wanted.ids],
    }
