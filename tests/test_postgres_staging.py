"""Does the Postgres store keep its promises to several writers, beside other applications, and when its server dies?"""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from urllib.parse import urlsplit

import psycopg
import pytest

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Burial, Dead, Entry, Settlement, Staging, StagingError
from analytics_platform.staging.postgres.connection import Connection
from analytics_platform.staging.postgres.log import COPY, Log
from tests.databases import Killable, Server, pgbouncer
from tests.fakes.clock import Clock
from tests.fakes.product import eventually
from tests.programs import start
from tests.small_parts import is_running
from tests.stores import append, entry, ids, pending_ids, take

pytest_plugins = ["tests.database_fixtures"]

PATIENCE_SECONDS = 60
RECOVERY_SECONDS = 5.0
"""How soon after the server answers again the store takes events again: the promise, not the test's patience."""

GATE = 4711
# A commit of this source waits until the test opens the gate: so writers overlap as they do once in a million times.
SLOW_COMMITS = f"""
CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON analytics.events DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.source = 'slow') EXECUTE FUNCTION wait_at_the_gate();
CREATE SEQUENCE plain START 2;
"""
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def staging(postgres_url: str) -> Iterator[Staging]:
    """A new store with one destination."""
    with closing(open_at(postgres_url)) as staging:
        yield staging


@pytest.fixture
def db(postgres_url: str) -> Iterator[psycopg.Connection]:
    """Another application's connection to the same database."""
    with psycopg.connect(postgres_url, autocommit=True) as db:
        yield db


def open_at(url: str) -> Staging:
    """Open the store as a process does, with its one destination."""
    staging = open_staging(url)
    staging.register(["vendor"])
    return staging


class PlainSequence(Log):
    """Takes its numbers from a sequence, which is what one thinks of first."""

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """Append what is new, without waiting for anybody."""
        with self._connection.writing() as db:
            numbers = [next(db.execute("SELECT nextval('plain')"))[0] for _ in entries]
            with db.cursor() as cursor, cursor.copy(COPY) as copy:
                for seq, each in zip(numbers, entries, strict=True):
                    message_id = each.message_id.encode()
                    copy.write_row((seq, 1, 0.0, each.source, message_id, each.payload))
            return [True] * len(entries)


@pytest.mark.parametrize(("kind", "found"), [(Log, ["slow", "quick"]), (PlainSequence, ["quick"])])
def test_whoever_reads_beyond_what_is_read_misses_nothing(
    staging: Staging, postgres_url: str, db: psycopg.Connection, kind: type[Log], found: list[str]
) -> None:
    """Of two writers that overlap, the one that commits later has the later numbers; with a sequence one is lost."""
    append(staging, "first")
    db.execute(SLOW_COMMITS)
    db.execute("SELECT pg_advisory_lock(%s)", (GATE,))
    seen: list[str] = []
    with closing(Connection(postgres_url, Clock(0))) as connection, ThreadPoolExecutor() as threads:
        log = kind(connection)
        slow = threads.submit(log.append, [entry("slow", source="slow")])
        eventually(lambda: one(db, WAITING), lambda waiting: waiting == 1)
        quick = threads.submit(log.append, [entry("quick")])
        eventually(lambda: quick.done() or one(db, WAITING) == 2, bool)
        after = 1
        for _ in range(2):
            for event in log.logged(None, after, 10):
                seen.append(event.message_id)
                after = event.seq
            db.execute("SELECT pg_advisory_unlock_all()")
            assert (slow.result(PATIENCE_SECONDS), quick.result(PATIENCE_SECONDS)) == ([True], [True])

    assert seen == found


def one(db: psycopg.Connection, query: str) -> int:
    """The one number of a query."""
    [(number,)] = db.execute(query).fetchall()
    return int(number)


def test_a_long_transaction_of_another_application_delays_nobody(staging: Staging, db: psycopg.Connection) -> None:
    """What is accepted meanwhile is read at once, and what an append leaves behind for the next one does not grow."""
    db.execute("CREATE TABLE theirs (x integer)")
    db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    db.execute("INSERT INTO theirs VALUES (1)")

    for number in range(300):
        staging.append([entry(f"m-{number}")])

    assert pending_ids(staging) == [f"m-{number}" for number in range(300)]
    staging.settle(take(staging, "run-1"), Settlement(delivered=staging.pending("vendor", 300)))
    assert pending_ids(staging) == []
    assert one(db, "SELECT pg_relation_size('analytics.log') + pg_relation_size('analytics.days')") == 2 * 8192
    db.execute("ROLLBACK")


def test_every_commit_is_forced_to_disk(postgres_url: str, db: psycopg.Connection) -> None:
    """Whatever the server, the database and the user have as their default."""
    name = psycopg.sql.Identifier(db.info.dbname)
    db.execute(psycopg.sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))

    with closing(Connection(postgres_url, Clock())) as connection:
        with connection.statement() as own:
            default = own.execute("SHOW synchronous_commit").fetchone()
        with connection.writing() as own:
            assert (default, own.execute("SHOW synchronous_commit").fetchone()) == (("off",), ("on",))


HOW_IT_WAS_READ = """
SELECT relname, seq_tup_read FROM pg_stat_user_tables
WHERE relname IN ('events_1', 'events_2') AND idx_tup_fetch >= 2000 OR relname = 'message_ids_0' AND idx_scan >= 3000
ORDER BY relname
"""


def test_no_day_is_read_as_a_whole_to_find_a_few_events(postgres_url: str, db: psycopg.Connection) -> None:
    """Of a day that is new, or restored, Postgres has no statistics, and takes it for worth reading from end to end."""
    clock = Clock()
    with closing(open_staging(postgres_url, clock)) as staging:
        staging.register(["vendor"])
        for day in (1, 2):
            staging.append([entry(f"m-{day}-{number}") for number in range(2000)])
            for table in (f"events_{day}", "message_ids_0"):
                db.execute(f"ALTER TABLE analytics.{table} SET (autovacuum_enabled = off)")
            clock.advance(86_400.0)
        clock.advance(-86_400.0)

        assert staging.append([entry(f"m-{day}-{number}") for day in (1, 3) for number in range(500)]) == [
            *[False] * 500,
            *[True] * 500,
        ]
        lease = take(staging, "run-1")
        while pending := staging.pending("vendor", 900):
            staging.settle(lease, Settlement(delivered=pending))
        assert len(staging.logged(1000.0, 1990, 50)) == 50
        assert [state.pending for state in staging.streams(["vendor"], 10)] == [0]

    read = eventually(lambda: db.execute(HOW_IT_WAS_READ).fetchall(), lambda rows: len(rows) == 3)
    assert read == [("events_1", 0), ("events_2", 0), ("message_ids_0", 0)]


# Several processes


def test_processes_that_append_at_once_wait_for_each_other(staging: Staging, postgres_url: str) -> None:
    """No append fails, and the log has no hole."""
    processes = [start("append", postgres_url, name, "150") for name in ("a", "b", "c")]

    results = [process.communicate(timeout=PATIENCE_SECONDS) for process in processes]

    assert [errors for _, errors in results] == ["", "", ""]
    events = staging.pending("vendor", 1000)
    assert [event.seq for event in events] == list(range(1, 451))
    assert {event.message_id for event in events} == {f"{name}-{n}" for name in "abc" for n in range(150)}


def test_the_same_call_at_two_processes_at_the_same_moment_is_stored_once(staging: Staging, postgres_url: str) -> None:
    """Both are answered alike; whoever comes second finds what the first has stored."""
    processes = [start("append", postgres_url, "same", "150") for _ in range(3)]

    results = [process.communicate(timeout=PATIENCE_SECONDS) for process in processes]

    assert [errors for _, errors in results] == ["", "", ""]
    assert pending_ids(staging) == [f"same-{number}" for number in range(150)]


def test_processes_that_start_at_once_make_the_store_once(postgres_url: str) -> None:
    """The first one makes the tables, the others wait for it."""
    processes = [start("append", postgres_url, name, "1") for name in ("a", "b", "c", "d")]

    results = [process.communicate(timeout=PATIENCE_SECONDS) for process in processes]

    assert results == [("a-0\n", ""), ("b-0\n", ""), ("c-0\n", ""), ("d-0\n", "")]


# The server


def test_a_server_that_is_killed_loses_nothing_and_is_found_again() -> None:
    """Whatever was answered before is there, nothing is there twice, and events are taken again within five seconds."""
    server = Killable()
    acknowledged: list[str] = []
    ends, refused, taken = threading.Event(), threading.Event(), threading.Event()

    def send(staging: Staging) -> None:
        """Send one call after the other, and each one until it is acknowledged."""
        number = 0
        while not ends.is_set():
            try:
                staging.append([entry(f"m-{number}")])
            except StagingError:
                refused.set()
                continue
            acknowledged.append(f"m-{number}")
            number += 1
            taken.set()

    try:
        with closing(open_at(server.url)) as staging, ThreadPoolExecutor() as threads:
            sender = threads.submit(send, staging)
            try:
                eventually(lambda: len(acknowledged), lambda count: count >= 50)
                server.kill()
                assert refused.wait(PATIENCE_SECONDS)
                taken.clear()
                server.start()
                assert taken.wait(RECOVERY_SECONDS)
            finally:
                ends.set()
                sender.result(PATIENCE_SECONDS)
            assert pending_ids(staging)[: len(acknowledged)] == acknowledged[:1000]
    finally:
        server.stop()


def test_connections_that_the_server_has_ended_are_replaced_before_they_are_used(
    staging: Staging, db: psycopg.Connection
) -> None:
    """Such as by a restart while nothing is sent: nobody gets an error for it."""
    append(staging, "m-1")
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ended = [pid for pid, _ in db.execute(f"SELECT pid, pg_terminate_backend(pid) {others}").fetchall()]
    eventually(lambda: [pid for pid in ended if is_running(pid)], lambda left: left == [])

    assert staging.append([entry("m-2")]) == [True]


@pytest.mark.pgbouncer
@pytest.mark.skipif("TEST_POSTGRES_URL" in os.environ, reason="PgBouncer is put before a server of ours")
def test_pgbouncer_in_transaction_mode_is_no_different(postgres_url: str) -> None:
    """More threads than it has connections append, settle, beat and read; another process joins them."""
    with pgbouncer(postgres_url) as url, closing(open_at(url)) as staging, ThreadPoolExecutor(8) as threads:
        new = [*threads.map(lambda n: staging.append([entry(f"m-{n}"), entry(f"m-{n // 2}")]), range(100))]
        lease = take(staging, "run-1")
        events = staging.pending("vendor", 1000)
        settled = [Settlement(delivered=events[n::10]) for n in range(10)]
        beats = [threads.submit(staging.heartbeat, "run-1") for _ in range(20)]
        [*threads.map(lambda each: staging.settle(lease, each), settled)]
        output = start("append", url, "p", "10").communicate(timeout=PATIENCE_SECONDS)

        assert sum(map(sum, new)) == len(events) == 100
        assert all(beat.result() for beat in beats)
        assert (output[1], pending_ids(staging)) == ("", [f"p-{n}" for n in range(10)])


# What can be wrong with a database


def test_a_database_in_another_encoding_is_refused(postgres_server: Server) -> None:
    """The sentence says what to do."""
    with (
        postgres_server.database("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0") as url,
        pytest.raises(StagingError, match="has the encoding LATIN1: create the database anew WITH ENCODING 'UTF8'"),
    ):
        open_staging(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret-canary@127.0.0.1:1/events",
        "postgresql://me:secret-canary@/events?host=/nowhere",
    ],
)
def test_a_server_that_is_not_there_is_one_sentence(url: str) -> None:
    """It names the place, and neither user nor password."""
    with pytest.raises(StagingError, match=r"^the staging store postgresql://\S+/events cannot be opened: ") as refused:
        open_staging(url)

    assert "canary" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith("; see that its server runs and lets us in, or correct ANALYTICS_QUEUE")


@pytest.mark.parametrize(
    "url", ["me:canary@host/events?nonsense=1", "me:canary/1@host/events", "me:1@canary@host/events"]
)
def test_an_address_that_cannot_be_read_is_one_sentence(url: str) -> None:
    """It repeats nothing of it: what is wrong may be a part of a password in the wrong place."""
    with pytest.raises(StagingError, match=r"^the address of the staging store cannot be read: ") as refused:
        open_staging(f"postgresql://{url}")

    assert "canary" not in str(refused.value)


def test_a_user_without_the_right_to_make_a_schema_is_one_sentence(
    staging: Staging, postgres_url: str, db: psycopg.Connection
) -> None:
    """It says what is missing."""
    staging.close()
    db.execute("DROP SCHEMA analytics CASCADE")
    role, place = f"poor_{db.info.dbname}", urlsplit(postgres_url)
    as_role = place._replace(netloc=f"{role}:poor@{place.netloc.rpartition('@')[2]}").geturl()
    db.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'poor'")
    try:
        with pytest.raises(StagingError, match="permission denied for database"):
            open_staging(as_role)
    finally:
        db.execute(f"DROP ROLE {role}")


def test_a_hanging_transaction_of_another_process_is_an_error_for_now(
    postgres_url: str, staging: Staging, db: psycopg.Connection
) -> None:
    """Whoever asked comes back later; nothing of the attempt stays, and the connection goes on."""
    with closing(Connection(postgres_url, Clock())) as connection:
        with suppress(AssertionError), connection.writing() as own:
            own.execute("SELECT FROM analytics.log FOR UPDATE")
            db.execute("SET lock_timeout = '1ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                db.execute("SELECT FROM analytics.log FOR UPDATE")
            raise AssertionError
        assert Log(connection).append([entry("m-1")]) == [True]
    assert pending_ids(staging) == ["m-1"]


def test_what_text_refuses_is_stored_all_the_same(staging: Staging) -> None:
    """NUL in a messageId, in an event's name, and in a vendor's words; halves of surrogate pairs in a payload."""
    payload = '{"event": "a\\u0000b", "userId": "\\ud800", "type": "track"}'
    staging.append([Entry("web", "m\0-1", 1000.0, payload), Entry("web", "q\0-1", 1000.0, payload, "[]")])
    [event] = staging.pending("vendor", 10)
    lease = take(staging, "run-1")

    staging.settle(lease, Settlement(dead=[Burial(event, "HTTP 400", "no\0 \ud800")]))

    [letter] = staging.dead_letters(Dead(event="a\0b"), 0, 10)
    assert (letter.event.message_id, letter.event.payload) == ("m\0-1", payload)
    assert letter.answer == "no\ufffd ?"
    assert staging.append([Entry("web", "m\0-1", 1000.0, payload)]) == [False]


def test_ids_may_be_as_long_as_they_like(staging: Staging) -> None:
    """No index holds what a client says: Postgres takes 2,700 bytes in one."""
    long = "".join(chr(0x4E00 + n % 20_000) for n in range(10_000))
    payload = f'{{"type": "track", "event": "{long}", "userId": "{long}"}}'

    staging.append([Entry("web", long, 1000.0, payload), Entry("web", long, 1000.0, payload, "[]")])

    events = staging.pending("vendor", 10)
    staging.settle(take(staging, "run-1"), Settlement(dead=[Burial(events[0], "HTTP 400")]))
    assert ids(events) == [long]
    assert len(staging.dead_letters(Dead(event=long, user=long), 0, 10)) == 1
