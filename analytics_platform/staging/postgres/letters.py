"""The dead letters in Postgres."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from analytics_platform.staging.base import Burial, Dead, DeadLetter, Event, Lease, Settlement
from analytics_platform.staging.postgres.connection import Connection, Database, one
from analytics_platform.staging.postgres.digests import digest, names_in
from analytics_platform.staging.postgres.leases import hold
from analytics_platform.staging.postgres.log import event_from
from analytics_platform.staging.postgres.words import storable

# A redelivery may bury an event again that is dead already: the newest reason and run stand.
BURY = """
INSERT INTO analytics.dead_letters
    (destination, seq, source, message_id, received_at, payload, reason, answer, run_id, buried_at,
     event_hash, user_hash, anonymous_hash)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (destination, seq) DO UPDATE SET reason = excluded.reason, answer = excluded.answer,
    run_id = excluded.run_id, buried_at = excluded.buried_at, state = 'dead', settled_at = NULL
"""
COLUMNS = """
id, destination, seq, source, message_id, received_at, payload, reason, answer, run_id, buried_at, state
"""
OF_THESE_RUNS = """
state = 'dead' AND destination = %(destination)s
AND (run_id = ANY(%(runs)s::text[]) OR selection = ANY(%(runs)s::text[]))
"""
# A condition whose value is null holds for all.
WANTED = """
state = 'dead'
AND (%(destination)s::text IS NULL OR destination = %(destination)s)
AND (%(event)s::uuid IS NULL OR event_hash = %(event)s)
AND (%(user)s::uuid IS NULL OR %(user)s::uuid IN (user_hash, anonymous_hash))
AND (%(reason)s::text IS NULL OR strpos(lower(reason), lower(%(reason)s)) > 0)
AND (%(since)s::float8 IS NULL OR buried_at >= %(since)s)
AND (%(until)s::float8 IS NULL OR buried_at < %(until)s)
AND (%(runs)s::text[] IS NULL OR run_id = ANY(%(runs)s::text[]) OR selection = ANY(%(runs)s::text[]))
AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
"""
LIST = f"""
SELECT {COLUMNS} FROM analytics.dead_letters WHERE id > %(after)s AND {WANTED} ORDER BY id LIMIT %(limit)s
"""  # noqa: S608  constants
COUNT = f"""
SELECT destination, reason, count(*) FROM analytics.dead_letters WHERE {WANTED} GROUP BY destination, reason
"""  # noqa: S608  constants
SELECT = f"UPDATE analytics.dead_letters SET selection = %(selection)s WHERE {WANTED}"  # noqa: S608  constants
DISCARD = f"UPDATE analytics.dead_letters SET state = 'discarded', settled_at = %(now)s WHERE {WANTED}"  # noqa: S608  constants
COUNT_DELIVERED = """
UPDATE analytics.streams SET delivered = delivered + %(delivered)s
WHERE destination = %(destination)s AND stream = (
    SELECT min(stream) FROM analytics.streams WHERE destination = %(destination)s AND is_live AND last IS NULL)
"""
SETTLE = """
UPDATE analytics.dead_letters SET state = %s, settled_at = %s
WHERE destination = %s AND seq = ANY(%s) AND state = 'dead'
"""


class Letters:
    """What no destination would take, kept until somebody decides."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open_letters(self, destination: str, run_ids: Collection[str], after: int, limit: int) -> list[DeadLetter]:
        """See Staging.open_letters."""
        query = (
            f"SELECT {COLUMNS} FROM analytics.dead_letters "  # noqa: S608  names of ours
            f"WHERE {OF_THESE_RUNS} AND seq > %(after)s ORDER BY seq LIMIT %(limit)s"
        )
        values = {"destination": destination, "runs": [*run_ids], "after": after, "limit": limit}
        with self._connection.reading() as db:
            return [_letter(row) for row in db.execute(query, values)]

    def count_open_letters(self, destination: str, run_ids: Collection[str]) -> int:
        """See Staging.count_open_letters."""
        query = f"SELECT count(*) FROM analytics.dead_letters WHERE {OF_THESE_RUNS}"  # noqa: S608  names of ours
        with self._connection.reading() as db:
            return int(one(db.execute(query, {"destination": destination, "runs": [*run_ids]})))

    def dead_letters(self, wanted: Dead, after: int, limit: int) -> list[DeadLetter]:
        """See Staging.dead_letters."""
        with self._connection.reading() as db:
            return [_letter(row) for row in db.execute(LIST, _values(wanted) | {"after": after, "limit": limit})]

    def count_dead_letters(self, wanted: Dead) -> Mapping[tuple[str, str], int]:
        """See Staging.count_dead_letters."""
        with self._connection.reading() as db:
            return {(destination, reason): count for destination, reason, count in db.execute(COUNT, _values(wanted))}

    def select_letters(self, wanted: Dead, selection: str) -> int:
        """See Staging.select_letters."""
        with self._connection.writing() as db:
            return db.execute(SELECT, _values(wanted) | {"selection": selection}).rowcount

    def discard_letters(self, wanted: Dead) -> int:
        """See Staging.discard_letters."""
        with self._connection.writing() as db:
            return db.execute(DISCARD, _values(wanted) | {"now": self._connection.clock()}).rowcount

    def settle_letters(self, lease: Lease, settlement: Settlement) -> None:
        """See Staging.settle_letters."""
        destination = lease.destination
        now = self._connection.clock()
        with self._connection.writing() as db:
            hold(db, lease)
            note_delivered(db, destination, settlement.delivered, now)
            seqs = [event.seq for event in settlement.skipped]
            db.execute(SETTLE, ("discarded", now, destination, seqs))
            for burial in settlement.dead:
                db.execute(
                    "UPDATE analytics.dead_letters SET reason = %s, answer = %s "
                    "WHERE destination = %s AND seq = %s AND state = 'dead'",
                    (storable(burial.reason), storable(burial.answer), destination, burial.event.seq),
                )


def note_delivered(db: Database, destination: str, events: Sequence[Event], now: float) -> None:
    """Close the open letters of these events, and count them as delivered live, inside the transaction that settles."""
    seqs = [event.seq for event in events]
    delivered = db.execute(SETTLE, ("delivered", now, destination, seqs)).rowcount
    if delivered > 0:
        db.execute(COUNT_DELIVERED, {"destination": destination, "delivered": delivered})


def bury(db: Database, destination: str, burials: Sequence[Burial], run_id: str, now: float) -> None:
    """Make dead letters, with a copy of each payload, inside the transaction that settles them."""
    rows = [
        (
            destination,
            burial.event.seq,
            burial.event.source,
            burial.event.message_id.encode(),
            burial.event.received_at,
            burial.event.payload,
            storable(burial.reason),
            storable(burial.answer),
            run_id,
            now,
            *names_in(burial.event.payload),
        )
        for burial in burials
    ]
    if rows:
        db.cursor().executemany(BURY, rows)


def _letter(row: tuple[Any, ...]) -> DeadLetter:
    return DeadLetter(row[0], row[1], event_from(row[2:7]), *row[7:])


def _values(wanted: Dead) -> dict[str, object]:
    return {
        "destination": wanted.destination,
        "event": None if wanted.event is None else digest(wanted.event),
        "user": None if wanted.user is None else digest(wanted.user),
        "reason": None if wanted.reason is None else storable(wanted.reason),
        "since": wanted.since,
        "until": wanted.until,
        "runs": None if wanted.runs is None else [*wanted.runs],
        "ids": None if wanted.ids is None else [*wanted.ids],
    }
