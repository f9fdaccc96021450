"""The tables of the SQLite staging store, as numbered migrations."""

import fcntl
import re
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

INCREMENTAL = 2
"""What `PRAGMA auto_vacuum` says of a store that can give room back (https://sqlite.org/pragma.html#pragma_auto_vacuum)."""

TABLES = """
CREATE TABLE log (head INTEGER NOT NULL) STRICT;
INSERT INTO log VALUES (0);

CREATE TABLE events (
    seq          INTEGER PRIMARY KEY,  -- without holes, in commit order
    source       TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    message_hash BLOB NOT NULL UNIQUE, -- of source and message_id: the index never grows with a client's string
    received_at  REAL NOT NULL,
    payload      TEXT NOT NULL
) STRICT;

CREATE TABLE quarantine (
    id           INTEGER PRIMARY KEY,
    source       TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    message_hash BLOB NOT NULL UNIQUE,
    received_at  REAL NOT NULL,
    payload      TEXT NOT NULL,
    problems     TEXT NOT NULL
) STRICT;

CREATE TABLE streams (
    destination TEXT NOT NULL,
    stream      TEXT NOT NULL,
    cursor      INTEGER NOT NULL,
    settled     TEXT NOT NULL DEFAULT '[]',  -- ranges beyond the cursor
    failures    INTEGER NOT NULL DEFAULT 0,
    retry_at    REAL,
    last_error  TEXT,
    delivered   INTEGER NOT NULL DEFAULT 0,
    skipped     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (destination, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE troubles (
    destination      TEXT NOT NULL,
    seq              INTEGER NOT NULL,
    first_attempt_at REAL NOT NULL,
    alone            INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (destination, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    run_id      TEXT PRIMARY KEY,
    destination TEXT NOT NULL,
    started_at  REAL NOT NULL,
    alive_until REAL NOT NULL,
    ending      TEXT CHECK (ending IN
        ('drained', 'buried', 'down', 'halted', 'stopped', 'replayed', 'crashed', 'died')),
    ended_at    REAL
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_endings ON runs (destination, ending, ended_at);

CREATE TABLE leases (
    name             TEXT PRIMARY KEY,
    run_id           TEXT,
    token            INTEGER NOT NULL DEFAULT 0,
    successor        TEXT,
    successor_wanted INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letters (
    id          INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    source      TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    received_at REAL NOT NULL,
    payload     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    answer      TEXT,
    run_id      TEXT NOT NULL,
    buried_at   REAL NOT NULL,
    state       TEXT NOT NULL DEFAULT 'dead' CHECK (state IN ('dead', 'delivered', 'discarded')),
    settled_at  REAL,
    UNIQUE (destination, seq)
) STRICT;
CREATE INDEX dead_letters_open ON dead_letters (run_id) WHERE state = 'dead';
"""

# The version of the list, and how many calls were not stored for it, stand in the row that every append changes:
# whoever reads them there pays nothing.
SUPPRESSION_LIST = """
ALTER TABLE log ADD COLUMN suppressions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;

CREATE TABLE suppressions (
    digest    BLOB PRIMARY KEY,           -- HMAC-SHA256 of an id, which itself is nowhere
    key_id    BLOB NOT NULL,
    is_listed INTEGER NOT NULL DEFAULT 1, -- 0: taken off; the row stays, so that everybody learns of it
    version   INTEGER NOT NULL            -- of the list, with its last change
) STRICT, WITHOUT ROWID;
CREATE INDEX suppressions_changed ON suppressions (version);
"""

# A copy of each event, so that what is parked does not hold up the retention of the log.
PARKED = """
CREATE TABLE parked (
    destination TEXT NOT NULL,
    stream      TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    source      TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    received_at REAL NOT NULL,
    payload     TEXT NOT NULL,
    user        BLOB NOT NULL,  -- 16 bytes that stand for the user
    until       REAL NOT NULL,
    PRIMARY KEY (destination, stream, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_users ON parked (destination, stream, user, seq, until);
"""

# Of a dead letter, the replay that it was selected for last.
SELECTIONS = """
ALTER TABLE dead_letters ADD COLUMN selection TEXT;
CREATE INDEX dead_letters_selected ON dead_letters (selection) WHERE state = 'dead'
"""

# How far the log was at a moment: by these its events have an age, without an index that every append would pay for.
RETENTION = """
CREATE TABLE marks (
    head INTEGER PRIMARY KEY,
    at   REAL NOT NULL
) STRICT;
ALTER TABLE streams ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
CREATE INDEX dead_letters_settled ON dead_letters (settled_at) WHERE state <> 'dead';
CREATE INDEX quarantine_received ON quarantine (received_at);
"""

# The head moves with each event, inside the statement that appends it: an append is this one statement, and whole.
HEAD = """
CREATE TRIGGER events_appended AFTER INSERT ON events BEGIN UPDATE log SET head = NEW.seq; END
"""

# A stream is a part of the log: from `first`, which is not in it, to `last`, which is; of all users, or of a lane's.
STREAMS = """
ALTER TABLE streams ADD COLUMN is_live INTEGER NOT NULL DEFAULT 1;  -- 0: a redelivery
ALTER TABLE streams ADD COLUMN first INTEGER NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN last INTEGER;                        -- NULL: goes on
ALTER TABLE streams ADD COLUMN ended_at REAL;                       -- when `last` was settled
ALTER TABLE streams ADD COLUMN lane INTEGER NOT NULL DEFAULT 1;
ALTER TABLE streams ADD COLUMN lanes INTEGER NOT NULL DEFAULT 1;

CREATE TABLE redeliveries (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the name of the stream; none is used twice
    destination  TEXT NOT NULL,
    stream       TEXT,
    since        REAL,
    until        REAL,
    event        TEXT,
    rate         REAL NOT NULL,
    asked_at     REAL NOT NULL,
    is_cancelled INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE limits (
    destination TEXT PRIMARY KEY,
    taken_until REAL NOT NULL  -- the time in which it may get requests, as far as that has been given away
) STRICT, WITHOUT ROWID;

CREATE TABLE troubles_of_streams (
    destination      TEXT NOT NULL,
    stream           TEXT NOT NULL,
    seq              INTEGER NOT NULL,
    first_attempt_at REAL NOT NULL,
    alone            INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (destination, stream, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO troubles_of_streams SELECT destination, 'live', seq, first_attempt_at, alone FROM troubles;
DROP TABLE troubles;
ALTER TABLE troubles_of_streams RENAME TO troubles
"""

# The index of messageIds trails behind the log, see message_ids.py; until here it was one of the log's columns.
MESSAGE_IDS = """
CREATE TABLE message_ids (hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO message_ids SELECT message_hash FROM events ORDER BY message_hash;
ALTER TABLE log ADD COLUMN folded TEXT NOT NULL DEFAULT '[]';
WITH RECURSIVE slices (slice) AS (SELECT 1 UNION ALL SELECT slice + 1 FROM slices WHERE slice < 256)
    UPDATE log SET folded = (SELECT json_group_array((SELECT head FROM log)) FROM slices);

CREATE TABLE events_without_index (
    seq          INTEGER PRIMARY KEY,  -- without holes, in commit order
    source       TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    message_hash BLOB NOT NULL,        -- of source and message_id
    received_at  REAL NOT NULL,
    payload      TEXT NOT NULL
) STRICT;
INSERT INTO events_without_index SELECT seq, source, message_id, message_hash, received_at, payload FROM events;
DROP TABLE events;
ALTER TABLE events_without_index RENAME TO events;
CREATE TRIGGER events_appended AFTER INSERT ON events BEGIN UPDATE log SET head = NEW.seq; END;
CREATE TRIGGER events_purged AFTER DELETE ON events BEGIN DELETE FROM message_ids WHERE hash = OLD.message_hash; END;
"""

# However many letters have been settled and are kept for a while, a page of open ones is found at once.
OPEN_LETTERS = "CREATE INDEX dead_letters_in_order ON dead_letters (id) WHERE state = 'dead'"

# What whoever has a lease learns of the vendor's speed, for whoever gets it next; NULL: nothing.
SPEEDS = """
ALTER TABLE leases ADD COLUMN speed REAL;        -- requests a second
ALTER TABLE leases ADD COLUMN speed_gain REAL;   -- requests a second that are won back in a second
ALTER TABLE leases ADD COLUMN speed_at REAL
"""

MIGRATIONS = {
    "m001_the_first_tables": TABLES,
    "m002_the_suppression_list": SUPPRESSION_LIST,
    "m003_parked_events": PARKED,
    "m004_selections_of_dead_letters": SELECTIONS,
    "m005_retention": RETENTION,
    "m006_the_head_moves_with_each_event": HEAD,
    "m007_streams_are_parts_of_the_log": STREAMS,
    "m008_the_index_of_message_ids_trails_behind_the_log": MESSAGE_IDS,
    "m009_open_dead_letters_are_found_at_once": OPEN_LETTERS,
    "m010_a_learnt_speed_is_handed_over": SPEEDS,
}
"""Each brings a store from one version to the next; what has been released never changes."""

VERSION = len(MIGRATIONS)
"""The schema that this code reads and writes, kept in SQLite's user_version."""


def migrate(path: Path, pragmas: Iterable[str]) -> None:
    """Bring the store to VERSION; of several processes that start together, the first one does it."""
    with path.with_name(f"{path.name}-migration").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            for pragma in ("PRAGMA auto_vacuum = INCREMENTAL", "PRAGMA journal_mode = WAL", *pragmas):
                connection.execute(pragma)
            apply(connection)
            _allow_compacting(connection)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        finally:
            connection.close()


def apply(connection: sqlite3.Connection) -> None:
    """Run the migrations that the database has not had yet."""
    from sqlite_utils import Database  # noqa: PLC0415  a run that has nothing to migrate starts 0.4 s sooner
    from sqlite_utils.migrations import Migrations  # noqa: PLC0415  the same

    migrations = Migrations("staging")
    for name, script in MIGRATIONS.items():
        migrations(name=name)(_migration(script))
    migrations.apply(Database(connection))


def _allow_compacting(connection: sqlite3.Connection) -> None:
    """Write a store of before version 5 anew, once, so that it can give room back to the disk.

    It takes twice the store's size for as long as it lasts. Without that much room the store stays as it is: it uses
    the room of what is purged again, and never gets smaller.
    """
    if connection.execute("PRAGMA auto_vacuum").fetchone()[0] != INCREMENTAL:
        try:
            connection.execute("VACUUM")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_FULL":
                raise


def _migration(script: str) -> Callable[["Database"], None]:
    def run(db: "Database") -> None:
        for statement in re.split(r";(?: *--[^\n]*)?\n", script):
            if statement.strip():
                db.execute(statement)

    return run
