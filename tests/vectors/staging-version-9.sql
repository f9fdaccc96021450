-- A store as version 9 left it: the same as that of version 8, brought up to date.
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'staging','m001_the_first_tables','2026-11-24 02:19:49.167715+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'staging','m002_the_suppression_list','2026-11-24 11:07:44.793774+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'staging','m003_parked_events','2026-11-24 11:28:13.448545+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'staging','m004_selections_of_dead_letters','2026-11-29 14:32:01.988916+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'staging','m005_retention','2026-11-29 14:47:48.026024+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'staging','m006_the_head_moves_with_each_event','2026-11-29 14:47:48.181841+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'staging','m007_streams_are_parts_of_the_log','2026-11-29 15:18:53.028186+00:00');
INSERT INTO "_sqlite_migrations" VALUES(8,'staging','m008_the_index_of_message_ids_trails_behind_the_log','2026-11-29 15:48:08.480452+00:00');
INSERT INTO "_sqlite_migrations" VALUES(9,'staging','m009_open_dead_letters_are_found_at_once','2026-11-29 20:57:40.562181+00:00');
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
    settled_at  REAL, selection TEXT,
    UNIQUE (destination, seq)
) STRICT;
INSERT INTO "dead_letters" VALUES(1,'vendor',2,'web','m-2',1800000000.0,'{"messageId": "m-2", "userId": "u1"}','HTTP 400','no','run-1',1800000000.0,'dead',NULL,NULL);
CREATE TABLE "events" (
    seq          INTEGER PRIMARY KEY,  -- without holes, in commit order
    source       TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    message_hash BLOB NOT NULL,        -- of source and message_id
    received_at  REAL NOT NULL,
    payload      TEXT NOT NULL
) STRICT;
INSERT INTO "events" VALUES(1,'web','m-1',X'4CA18EF5409FFC7022EA86A287F48C4B',1800000000.0,'{"messageId": "m-1", "userId": "u1"}');
INSERT INTO "events" VALUES(2,'web','m-2',X'998A7B2903E075A2833B7F0AC1B581D0',1800000000.0,'{"messageId": "m-2", "userId": "u1"}');
INSERT INTO "events" VALUES(3,'web','m-3',X'AFC18C9B4561A29AB4940319F6F1F087',1800000000.0,'{"messageId": "m-3", "userId": "u1"}');
CREATE TABLE leases (
    name             TEXT PRIMARY KEY,
    run_id           TEXT,
    token            INTEGER NOT NULL DEFAULT 0,
    successor        TEXT,
    successor_wanted INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO "leases" VALUES('vendor/live',NULL,1,NULL,0);
CREATE TABLE limits (
    destination TEXT PRIMARY KEY,
    taken_until REAL NOT NULL  -- the time in which it may get requests, as far as that has been given away
) STRICT, WITHOUT ROWID;
CREATE TABLE log (head INTEGER NOT NULL, suppressions INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0, folded TEXT NOT NULL DEFAULT '[]') STRICT;
INSERT INTO "log" VALUES(3,0,0,'[3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3]');
CREATE TABLE marks (
    head INTEGER PRIMARY KEY,
    at   REAL NOT NULL
) STRICT;
INSERT INTO "marks" VALUES(1,1800000000.0);
CREATE TABLE message_ids (hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO "message_ids" VALUES(X'4CA18EF5409FFC7022EA86A287F48C4B');
INSERT INTO "message_ids" VALUES(X'998A7B2903E075A2833B7F0AC1B581D0');
INSERT INTO "message_ids" VALUES(X'AFC18C9B4561A29AB4940319F6F1F087');
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
CREATE TABLE quarantine (
    id           INTEGER PRIMARY KEY,
    source       TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    message_hash BLOB NOT NULL UNIQUE,
    received_at  REAL NOT NULL,
    payload      TEXT NOT NULL,
    problems     TEXT NOT NULL
) STRICT;
INSERT INTO "quarantine" VALUES(1,'web','q-1',X'F666DFAAB4ECAE6F5845989AFCBF62BF',1800000000.0,'{"messageId": "q-1", "userId": "u1"}','[{"path": "$.event", "code": "unplanned_event", "message": "the plan has no such event"}]');
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
CREATE TABLE runs (
    run_id      TEXT PRIMARY KEY,
    destination TEXT NOT NULL,
    started_at  REAL NOT NULL,
    alive_until REAL NOT NULL,
    ending      TEXT CHECK (ending IN
        ('drained', 'buried', 'down', 'halted', 'stopped', 'replayed', 'crashed', 'died')),
    ended_at    REAL
) STRICT, WITHOUT ROWID;
INSERT INTO "runs" VALUES('run-1','vendor',1800000000.0,1800000030.0,'buried',1800000000.0);
CREATE TABLE streams (
    destination TEXT NOT NULL,
    stream      TEXT NOT NULL,
    cursor      INTEGER NOT NULL,
    settled     TEXT NOT NULL DEFAULT '[]',  -- ranges beyond the cursor
    failures    INTEGER NOT NULL DEFAULT 0,
    retry_at    REAL,
    last_error  TEXT,
    delivered   INTEGER NOT NULL DEFAULT 0,
    skipped     INTEGER NOT NULL DEFAULT 0, expired INTEGER NOT NULL DEFAULT 0, is_live INTEGER NOT NULL DEFAULT 1, first INTEGER NOT NULL DEFAULT 0, last INTEGER, ended_at REAL, lane INTEGER NOT NULL DEFAULT 1, lanes INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (destination, stream)
) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('other','live',0,'[]',0,NULL,NULL,0,0,0,1,0,NULL,NULL,1,1);
INSERT INTO "streams" VALUES('vendor','live',2,'[]',0,NULL,NULL,1,0,0,1,0,NULL,NULL,1,1);
CREATE TABLE suppressions (
    digest    BLOB PRIMARY KEY,           -- HMAC-SHA256 of an id, which itself is nowhere
    key_id    BLOB NOT NULL,
    is_listed INTEGER NOT NULL DEFAULT 1, -- 0: taken off; the row stays, so that everybody learns of it
    version   INTEGER NOT NULL            -- of the list, with its last change
) STRICT, WITHOUT ROWID;
CREATE TABLE "troubles" (
    destination      TEXT NOT NULL,
    stream           TEXT NOT NULL,
    seq              INTEGER NOT NULL,
    first_attempt_at REAL NOT NULL,
    alone            INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (destination, stream, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO "troubles" VALUES('vendor','live',3,1800000000.0,0);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX runs_endings ON runs (destination, ending, ended_at);
CREATE INDEX dead_letters_open ON dead_letters (run_id) WHERE state = 'dead';
CREATE INDEX suppressions_changed ON suppressions (version);
CREATE INDEX parked_users ON parked (destination, stream, user, seq, until);
CREATE INDEX dead_letters_selected ON dead_letters (selection) WHERE state = 'dead'
;
CREATE INDEX dead_letters_settled ON dead_letters (settled_at) WHERE state <> 'dead';
CREATE INDEX quarantine_received ON quarantine (received_at);
CREATE INDEX dead_letters_in_order ON dead_letters (id) WHERE state = 'dead';
CREATE TRIGGER events_appended AFTER INSERT ON events BEGIN UPDATE log SET head = NEW.seq; END;
CREATE TRIGGER events_purged AFTER DELETE ON events BEGIN DELETE FROM message_ids WHERE hash = OLD.message_hash; END;
DELETE FROM "sqlite_sequence";
COMMIT;
PRAGMA user_version = 9;
