"""The tables of the Postgres staging store, as numbered migrations."""

from typing import Any, LiteralString

import psycopg

LOCK = 0x616E616C7974  # of whoever changes the schema; any number that nobody else in the database locks

TABLES = """
-- Whoever appends locks this row: so appends come one after the other, and their numbers in the order of the commits.
-- It never changes. A counter in it would leave a dead row behind with each append, and these stay, in everybody's
-- way, for as long as any other application keeps a transaction open.
CREATE TABLE analytics.log (the_only boolean PRIMARY KEY CHECK (the_only));
INSERT INTO analytics.log VALUES (true);

-- Numbers that grow by one, whatever the clock does; a day on which nothing is appended has none.
CREATE TABLE analytics.days (
    number    integer PRIMARY KEY,
    first_seq bigint NOT NULL,
    opened_at double precision NOT NULL
);

CREATE TABLE analytics.events (
    seq          bigint NOT NULL,   -- without holes, in commit order
    received_at  double precision NOT NULL,
    day          integer NOT NULL,
    message_hash uuid NOT NULL,     -- of source and message_id: the index never grows with a client's string
    source       text NOT NULL,
    message_id   bytea NOT NULL,    -- UTF-8, in which NUL may be: text refuses it
    payload      text NOT NULL      -- jsonb would refuse \\u0000 and lone surrogates, which are JSON all the same
) PARTITION BY LIST (day);
CREATE INDEX events_seq ON analytics.events (seq);
CREATE INDEX events_message_hash ON analytics.events (message_hash);

-- Of what people search for, hashes: what a client says may be longer than an index takes.
CREATE TABLE analytics.quarantine (
    id           bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    received_at  double precision NOT NULL,
    message_hash uuid NOT NULL UNIQUE,
    event_hash   uuid,
    source       text NOT NULL,
    message_id   bytea NOT NULL,
    payload      text NOT NULL,
    problems     text NOT NULL
);
CREATE INDEX quarantine_received ON analytics.quarantine (received_at);

CREATE TABLE analytics.streams (
    destination text NOT NULL,
    stream      text NOT NULL,
    cursor      bigint NOT NULL,
    settled     text NOT NULL DEFAULT '[]',  -- ranges beyond the cursor
    failures    integer NOT NULL DEFAULT 0,
    retry_at    double precision,
    last_error  text,
    delivered   bigint NOT NULL DEFAULT 0,
    skipped     bigint NOT NULL DEFAULT 0,
    expired     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (destination, stream)
) WITH (fillfactor = 50);  -- room for the next version of a row beside it, which then needs no new index entry

CREATE TABLE analytics.troubles (
    destination      text NOT NULL,
    seq              bigint NOT NULL,
    first_attempt_at double precision NOT NULL,
    alone            integer NOT NULL DEFAULT 0,
    PRIMARY KEY (destination, seq)
);

CREATE TABLE analytics.parked (
    destination text NOT NULL,
    stream      text NOT NULL,
    seq         bigint NOT NULL,
    received_at double precision NOT NULL,
    until       double precision NOT NULL,
    held_user   bytea NOT NULL,  -- 16 bytes that stand for the user
    source      text NOT NULL,
    message_id  bytea NOT NULL,
    payload     text NOT NULL,
    PRIMARY KEY (destination, stream, seq)
);
CREATE INDEX parked_users ON analytics.parked (destination, stream, held_user, seq, until);

CREATE TABLE analytics.runs (
    run_id      text PRIMARY KEY,
    destination text NOT NULL,
    started_at  double precision NOT NULL,
    alive_until double precision NOT NULL,
    ending      text CHECK (ending IN
        ('drained', 'buried', 'down', 'halted', 'stopped', 'replayed', 'crashed', 'died')),
    ended_at    double precision
) WITH (fillfactor = 50);
CREATE INDEX runs_endings ON analytics.runs (destination, ending, ended_at);

CREATE TABLE analytics.leases (
    name             text PRIMARY KEY,
    run_id           text,
    token            bigint NOT NULL DEFAULT 0,
    successor        text,
    successor_wanted boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);

CREATE TABLE analytics.dead_letters (
    id             bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    destination    text NOT NULL,
    seq            bigint NOT NULL,
    received_at    double precision NOT NULL,
    buried_at      double precision NOT NULL,
    settled_at     double precision,
    event_hash     uuid,
    user_hash      uuid,
    anonymous_hash uuid,
    source         text NOT NULL,
    message_id     bytea NOT NULL,
    payload        text NOT NULL,
    reason         text NOT NULL,
    answer         text,
    run_id         text NOT NULL,
    selection      text,  -- the replay that it was selected for last
    state          text NOT NULL DEFAULT 'dead' CHECK (state IN ('dead', 'delivered', 'discarded')),
    UNIQUE (destination, seq)
);
CREATE INDEX dead_letters_open ON analytics.dead_letters (run_id) WHERE state = 'dead';
CREATE INDEX dead_letters_selected ON analytics.dead_letters (selection) WHERE state = 'dead';
CREATE INDEX dead_letters_settled ON analytics.dead_letters (settled_at) WHERE state <> 'dead';

CREATE TABLE analytics.suppression_list (
    version bigint NOT NULL,
    dropped bigint NOT NULL
);
INSERT INTO analytics.suppression_list VALUES (0, 0);

CREATE TABLE analytics.suppressions (
    digest    bytea PRIMARY KEY,              -- HMAC-SHA256 of an id, which itself is nowhere
    key_id    bytea NOT NULL,
    is_listed boolean NOT NULL DEFAULT true,  -- false: taken off; the row stays, so that everybody learns of it
    version   bigint NOT NULL                 -- of the list, with its last change
);
CREATE INDEX suppressions_changed ON analytics.suppressions (version);

-- How far the log was at a moment: by these its events have an age, without an index that every append would pay for.
CREATE TABLE analytics.marks (
    head bigint PRIMARY KEY,
    at   double precision NOT NULL
);
"""

# A stream is a part of the log: from `first`, which is not in it, to `last`, which is; of all users, or of a lane's.
STREAMS = """
ALTER TABLE analytics.streams
    ADD COLUMN is_live  boolean NOT NULL DEFAULT true,  -- false: a redelivery
    ADD COLUMN first    bigint NOT NULL DEFAULT 0,
    ADD COLUMN last     bigint,                         -- NULL: goes on
    ADD COLUMN ended_at double precision,               -- when `last` was settled
    ADD COLUMN lane     integer NOT NULL DEFAULT 1,
    ADD COLUMN lanes    integer NOT NULL DEFAULT 1;

CREATE TABLE analytics.redeliveries (
    id           bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,  -- in the name of the stream; none is used twice
    destination  text NOT NULL,
    stream       text,
    since        double precision,
    until        double precision,
    event        text,
    rate         double precision NOT NULL,
    asked_at     double precision NOT NULL,
    is_cancelled boolean NOT NULL DEFAULT false
);

CREATE TABLE analytics.limits (
    destination text PRIMARY KEY,
    taken_until double precision NOT NULL  -- the time in which it may get requests, as far as that has been given away
) WITH (fillfactor = 50);

ALTER TABLE analytics.troubles ADD COLUMN stream text NOT NULL DEFAULT 'live';
ALTER TABLE analytics.troubles DROP CONSTRAINT troubles_pkey, ADD PRIMARY KEY (destination, stream, seq);
ALTER TABLE analytics.troubles ALTER COLUMN stream DROP DEFAULT;
"""

# However many letters have been settled and are kept for a while, a page of open ones is found at once.
OPEN_LETTERS = "CREATE INDEX dead_letters_in_order ON analytics.dead_letters (id) WHERE state = 'dead'"

# What whoever has a lease learns of the vendor's speed, for whoever gets it next; NULL: nothing.
SPEEDS = """
ALTER TABLE analytics.leases
    ADD COLUMN speed      double precision,  -- requests a second
    ADD COLUMN speed_gain double precision,  -- requests a second that are won back in a second
    ADD COLUMN speed_at   double precision
"""

# The ids have a table of their own, a partition for each week of days: with an index in each day of the log, an append
# asked eight of them. An index that is asked for equality alone is quickest, and smallest, as a hash index. What was
# known stays so: the last eight days go into the week that is now.
MESSAGE_IDS = """
CREATE TABLE analytics.message_ids (
    message_hash uuid NOT NULL,  -- of source and message_id: the index never grows with a client's string
    week         integer NOT NULL
) PARTITION BY LIST (week);
DO $$
DECLARE
    newest integer := (SELECT max(number) FROM analytics.days);
BEGIN
    IF newest IS NOT NULL THEN
        EXECUTE format('CREATE TABLE analytics.message_ids_%s PARTITION OF analytics.message_ids FOR VALUES IN (%s)',
            newest / 7, newest / 7);
        INSERT INTO analytics.message_ids (message_hash, week)
            SELECT message_hash, newest / 7 FROM analytics.events WHERE day > newest - 8;
    END IF;
END $$;
CREATE INDEX message_ids_hash ON analytics.message_ids USING hash (message_hash);
ALTER TABLE analytics.events DROP COLUMN message_hash;
"""

MIGRATIONS: tuple[LiteralString, ...] = (TABLES, STREAMS, OPEN_LETTERS, SPEEDS, MESSAGE_IDS)
"""Each brings a store from the version of its place to the next; what has been released never changes."""

VERSION = len(MIGRATIONS)
"""The schema that this code reads and writes."""


class SchemaError(Exception):
    """The database cannot hold our tables, or holds those of another version; the sentence goes on after its name."""


def bring_up_to_date(db: psycopg.Connection[Any]) -> None:
    """Make the tables or migrate them, all or nothing; of several processes that start together, the first one does it.

    Raises SchemaError and psycopg.Error.
    """
    if (version := _version(db)) < VERSION:
        with db.transaction():
            db.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            _migrate(db)
            version = _version(db)
    if version > VERSION:
        raise SchemaError("was written by a newer version: install that one")


def _version(db: psycopg.Connection[Any]) -> int:
    if not _found(db, "SELECT to_regclass('analytics.migrations') IS NOT NULL"):
        return 0
    return int(_found(db, "SELECT coalesce(max(version), 0) FROM analytics.migrations"))


def _migrate(db: psycopg.Connection[Any]) -> None:
    if (encoding := _found(db, "SHOW server_encoding")) != "UTF8":
        raise SchemaError(f"has the encoding {encoding}: create the database anew WITH ENCODING 'UTF8'")
    if not _found(db, "SELECT to_regnamespace('analytics') IS NOT NULL"):  # IF NOT EXISTS needs a right even if it does
        db.execute("CREATE SCHEMA analytics")
    db.execute(
        "CREATE TABLE IF NOT EXISTS analytics.migrations "
        "(version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    for version, migration in enumerate(MIGRATIONS[_version(db) :], _version(db) + 1):
        db.execute(migration)
        db.execute("INSERT INTO analytics.migrations (version) VALUES (%s)", (version,))


def _found(db: psycopg.Connection[Any], query: LiteralString) -> Any:
    row = db.execute(query).fetchone()
    return row[0] if row else None
