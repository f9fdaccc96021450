"""The quarantine in SQLite: calls kept aside, and their way into the log."""

import json
from collections.abc import Mapping

from analytics_platform.staging.aside import Aside, Quarantined
from analytics_platform.staging.base import Entry
from analytics_platform.staging.sqlite.connection import Connection
from analytics_platform.staging.sqlite.log import insert
from analytics_platform.staging.sqlite.message_ids import MessageIds, message_hash

# A condition whose value is null holds for all.
WANTED = """
(:event IS NULL OR coalesce(payload ->> '$.event', payload ->> '$.type') = :event)
AND (:source IS NULL OR source = :source)
AND (:since IS NULL OR received_at >= :since)
AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))
"""
LIST = f"""
SELECT id, source, message_id, received_at, payload, problems FROM quarantine
WHERE id > :after AND {WANTED} ORDER BY id LIMIT :limit
"""  # noqa: S608 - put together of constants
COUNT = f"SELECT count(*) FROM quarantine WHERE {WANTED}"  # noqa: S608 - the same
TAKE_OUT = "DELETE FROM quarantine WHERE id = ? RETURNING source, message_id, received_at"


class Quarantine:
    """What is kept aside."""

    def __init__(self, connection: Connection, ids: MessageIds) -> None:
        self._connection = connection
        self._ids = ids

    def quarantined(self, wanted: Aside, after: int, limit: int) -> list[Quarantined]:
        """See Staging.quarantined."""
        with self._connection.reading() as db:
            rows = db.execute(LIST, _values(wanted) | {"after": after, "limit": limit})
            return [Quarantined(*row) for row in rows]

    def count_quarantined(self, wanted: Aside) -> int:
        """See Staging.count_quarantined."""
        with self._connection.reading() as db:
            return int(db.execute(COUNT, _values(wanted)).fetchone()[0])

    def release_quarantined(self, payloads: Mapping[int, str]) -> dict[int, bool]:
        """See Staging.release_quarantined."""
        with self._connection.statement():
            released, hashes = self._release(payloads)
            self._ids.note(hashes)
            return released

    def _release(self, payloads: Mapping[int, str]) -> tuple[dict[int, bool], list[bytes]]:
        """What has become of each that was there, and the hashes of what has been appended."""
        released: dict[int, bool] = {}
        hashes: list[bytes] = []
        with self._connection.writing() as db:
            self._ids.catch_up(db)
            for id_, payload in sorted(payloads.items()):
                row = db.execute(TAKE_OUT, (id_,)).fetchone()
                if row is None:
                    continue
                source, message_id, received_at = row
                entry = Entry(source, message_id, received_at, payload)
                hashed = message_hash(entry)
                released[id_] = hashed not in hashes and not self._ids.known(db, [hashed])
                if released[id_]:
                    insert(db, self._ids.head + len(hashes), [entry], [hashed])
                    hashes.append(hashed)
        return released, hashes


def _values(wanted: Aside) -> dict[str, object]:
    return {
        "event": wanted.event,
        "source": wanted.source,
        "since": wanted.since,
        "ids": None if wanted.ids is None else json.dumps([*wanted.ids]),
    }
