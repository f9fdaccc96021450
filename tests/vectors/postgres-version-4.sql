CREATE SCHEMA analytics;
CREATE TABLE analytics.days (
    number integer NOT NULL,
    first_seq bigint NOT NULL,
    opened_at double precision NOT NULL
);
CREATE TABLE analytics.dead_letters (
    id bigint NOT NULL,
    destination text NOT NULL,
    seq bigint NOT NULL,
    received_at double precision NOT NULL,
    buried_at double precision NOT NULL,
    settled_at double precision,
    event_hash uuid,
    user_hash uuid,
    anonymous_hash uuid,
    source text NOT NULL,
    message_id bytea NOT NULL,
    payload text NOT NULL,
    reason text NOT NULL,
    answer text,
    run_id text NOT NULL,
    selection text,
    state text DEFAULT 'dead'::text NOT NULL,
    CONSTRAINT dead_letters_state_check CHECK ((state = ANY (ARRAY['dead'::text, 'delivered'::text, 'discarded'::text])))
);
ALTER TABLE analytics.dead_letters ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME analytics.dead_letters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE analytics.events (
    seq bigint NOT NULL,
    received_at double precision NOT NULL,
    day integer NOT NULL,
    message_hash uuid NOT NULL,
    source text NOT NULL,
    message_id bytea NOT NULL,
    payload text NOT NULL
)
PARTITION BY LIST (day);
CREATE TABLE analytics.events_1 (
    seq bigint CONSTRAINT events_seq_not_null NOT NULL,
    received_at double precision CONSTRAINT events_received_at_not_null NOT NULL,
    day integer CONSTRAINT events_day_not_null NOT NULL,
    message_hash uuid CONSTRAINT events_message_hash_not_null NOT NULL,
    source text CONSTRAINT events_source_not_null NOT NULL,
    message_id bytea CONSTRAINT events_message_id_not_null NOT NULL,
    payload text CONSTRAINT events_payload_not_null NOT NULL
);
CREATE TABLE analytics.leases (
    name text NOT NULL,
    run_id text,
    token bigint DEFAULT 0 NOT NULL,
    successor text,
    successor_wanted boolean DEFAULT false NOT NULL,
    speed double precision,
    speed_gain double precision,
    speed_at double precision
)
WITH (fillfactor='50');
CREATE TABLE analytics.limits (
    destination text NOT NULL,
    taken_until double precision NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE analytics.log (
    the_only boolean NOT NULL,
    CONSTRAINT log_the_only_check CHECK (the_only)
);
CREATE TABLE analytics.marks (
    head bigint NOT NULL,
    at double precision NOT NULL
);
CREATE TABLE analytics.migrations (
    version integer NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE analytics.parked (
    destination text NOT NULL,
    stream text NOT NULL,
    seq bigint NOT NULL,
    received_at double precision NOT NULL,
    until double precision NOT NULL,
    held_user bytea NOT NULL,
    source text NOT NULL,
    message_id bytea NOT NULL,
    payload text NOT NULL
);
CREATE TABLE analytics.quarantine (
    id bigint NOT NULL,
    received_at double precision NOT NULL,
    message_hash uuid NOT NULL,
    event_hash uuid,
    source text NOT NULL,
    message_id bytea NOT NULL,
    payload text NOT NULL,
    problems text NOT NULL
);
ALTER TABLE analytics.quarantine ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME analytics.quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE analytics.redeliveries (
    id bigint NOT NULL,
    destination text NOT NULL,
    stream text,
    since double precision,
    until double precision,
    event text,
    rate double precision NOT NULL,
    asked_at double precision NOT NULL,
    is_cancelled boolean DEFAULT false NOT NULL
);
ALTER TABLE analytics.redeliveries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME analytics.redeliveries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE analytics.runs (
    run_id text NOT NULL,
    destination text NOT NULL,
    started_at double precision NOT NULL,
    alive_until double precision NOT NULL,
    ending text,
    ended_at double precision,
    CONSTRAINT runs_ending_check CHECK ((ending = ANY (ARRAY['drained'::text, 'buried'::text, 'down'::text, 'halted'::text, 'stopped'::text, 'replayed'::text, 'crashed'::text, 'died'::text])))
)
WITH (fillfactor='50');
CREATE TABLE analytics.streams (
    destination text NOT NULL,
    stream text NOT NULL,
    cursor bigint NOT NULL,
    settled text DEFAULT '[]'::text NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    retry_at double precision,
    last_error text,
    delivered bigint DEFAULT 0 NOT NULL,
    skipped bigint DEFAULT 0 NOT NULL,
    expired bigint DEFAULT 0 NOT NULL,
    is_live boolean DEFAULT true NOT NULL,
    first bigint DEFAULT 0 NOT NULL,
    last bigint,
    ended_at double precision,
    lane integer DEFAULT 1 NOT NULL,
    lanes integer DEFAULT 1 NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE analytics.suppression_list (
    version bigint NOT NULL,
    dropped bigint NOT NULL
);
CREATE TABLE analytics.suppressions (
    digest bytea NOT NULL,
    key_id bytea NOT NULL,
    is_listed boolean DEFAULT true NOT NULL,
    version bigint NOT NULL
);
CREATE TABLE analytics.troubles (
    destination text NOT NULL,
    seq bigint NOT NULL,
    first_attempt_at double precision NOT NULL,
    alone integer DEFAULT 0 NOT NULL,
    stream text NOT NULL
);
ALTER TABLE ONLY analytics.events ATTACH PARTITION analytics.events_1 FOR VALUES IN (1);
INSERT INTO analytics.days VALUES (1, 1, 1800000000);
INSERT INTO analytics.dead_letters OVERRIDING SYSTEM VALUE VALUES (1, 'vendor', 2, 1000, 1800000005, NULL, 'a1ebfc40-7c4f-6d6b-5b7c-87f5b0c9d45c', '4bf970a1-520b-3d4b-78f3-e157b1dd47d9', NULL, 'web', '\x6d2d32', '{"type": "track", "event": "thing.done", "userId": "u2", "messageId": "m-2"}', 'HTTP 400', NULL, 'run-1', NULL, 'dead');
INSERT INTO analytics.events_1 VALUES (1, 1000, 1, '4ca18ef5-409f-fc70-22ea-86a287f48c4b', 'web', '\x6d2d31', '{"type": "track", "event": "thing.done", "userId": "u1", "messageId": "m-1"}');
INSERT INTO analytics.events_1 VALUES (2, 1000, 1, '998a7b29-03e0-75a2-833b-7f0ac1b581d0', 'web', '\x6d2d32', '{"type": "track", "event": "thing.done", "userId": "u2", "messageId": "m-2"}');
INSERT INTO analytics.events_1 VALUES (3, 1000, 1, 'afc18c9b-4561-a29a-b494-0319f6f1f087', 'web', '\x6d2d33', '{"type": "track", "event": "thing.done", "userId": "u3", "messageId": "m-3"}');
INSERT INTO analytics.leases VALUES ('vendor/live', NULL, 1, NULL, false, NULL, NULL, NULL);
INSERT INTO analytics.log VALUES (true);
INSERT INTO analytics.marks VALUES (3, 1800000000);
INSERT INTO analytics.migrations VALUES (1, '2026-11-29 12:00:00+00');
INSERT INTO analytics.migrations VALUES (2, '2026-11-29 12:00:00+00');
INSERT INTO analytics.migrations VALUES (3, '2026-11-29 12:00:00+00');
INSERT INTO analytics.migrations VALUES (4, '2026-11-29 12:00:00+00');
INSERT INTO analytics.quarantine OVERRIDING SYSTEM VALUE VALUES (1, 1000, 'f666dfaa-b4ec-ae6f-5845-989afcbf62bf', '59194743-3867-e133-835e-31a1ed92b515', 'web', '\x712d31', '{"type": "track", "event": "thing.wrong", "messageId": "q-1"}', '[]');
INSERT INTO analytics.runs VALUES ('run-1', 'vendor', 1800000000, 1800000030, 'buried', 1800000010);
INSERT INTO analytics.streams VALUES ('vendor', 'live', 2, '[]', 0, NULL, NULL, 1, 0, 0, true, 0, NULL, NULL, 1, 1);
INSERT INTO analytics.suppression_list VALUES (0, 0);
INSERT INTO analytics.troubles VALUES ('vendor', 3, 1800000000, 2, 'live');
SELECT pg_catalog.setval('analytics.dead_letters_id_seq', 1, true);
SELECT pg_catalog.setval('analytics.quarantine_id_seq', 1, true);
SELECT pg_catalog.setval('analytics.redeliveries_id_seq', 1, false);
ALTER TABLE ONLY analytics.days
    ADD CONSTRAINT days_pkey PRIMARY KEY (number);
ALTER TABLE ONLY analytics.dead_letters
    ADD CONSTRAINT dead_letters_destination_seq_key UNIQUE (destination, seq);
ALTER TABLE ONLY analytics.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (id);
ALTER TABLE ONLY analytics.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);
ALTER TABLE ONLY analytics.limits
    ADD CONSTRAINT limits_pkey PRIMARY KEY (destination);
ALTER TABLE ONLY analytics.log
    ADD CONSTRAINT log_pkey PRIMARY KEY (the_only);
ALTER TABLE ONLY analytics.marks
    ADD CONSTRAINT marks_pkey PRIMARY KEY (head);
ALTER TABLE ONLY analytics.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY analytics.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (destination, stream, seq);
ALTER TABLE ONLY analytics.quarantine
    ADD CONSTRAINT quarantine_message_hash_key UNIQUE (message_hash);
ALTER TABLE ONLY analytics.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (id);
ALTER TABLE ONLY analytics.redeliveries
    ADD CONSTRAINT redeliveries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY analytics.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY analytics.streams
    ADD CONSTRAINT streams_pkey PRIMARY KEY (destination, stream);
ALTER TABLE ONLY analytics.suppressions
    ADD CONSTRAINT suppressions_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY analytics.troubles
    ADD CONSTRAINT troubles_pkey PRIMARY KEY (destination, stream, seq);
CREATE INDEX dead_letters_in_order ON analytics.dead_letters USING btree (id) WHERE (state = 'dead'::text);
CREATE INDEX dead_letters_open ON analytics.dead_letters USING btree (run_id) WHERE (state = 'dead'::text);
CREATE INDEX dead_letters_selected ON analytics.dead_letters USING btree (selection) WHERE (state = 'dead'::text);
CREATE INDEX dead_letters_settled ON analytics.dead_letters USING btree (settled_at) WHERE (state <> 'dead'::text);
CREATE INDEX events_message_hash ON ONLY analytics.events USING btree (message_hash);
CREATE INDEX events_1_message_hash_idx ON analytics.events_1 USING btree (message_hash);
CREATE INDEX events_seq ON ONLY analytics.events USING btree (seq);
CREATE INDEX events_1_seq_idx ON analytics.events_1 USING btree (seq);
CREATE INDEX parked_users ON analytics.parked USING btree (destination, stream, held_user, seq, until);
CREATE INDEX quarantine_received ON analytics.quarantine USING btree (received_at);
CREATE INDEX runs_endings ON analytics.runs USING btree (destination, ending, ended_at);
CREATE INDEX suppressions_changed ON analytics.suppressions USING btree (version);
ALTER INDEX analytics.events_message_hash ATTACH PARTITION analytics.events_1_message_hash_idx;
ALTER INDEX analytics.events_seq ATTACH PARTITION analytics.events_1_seq_idx;
