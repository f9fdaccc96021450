"""Does a snapshot read each kind of database without being able to change it, hold it up or tell its secrets?"""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import psycopg
import pymysql
import pytest
from pydantic import SecretStr

from analytics_platform.snapshots.database import CHUNK_ROWS, DatabaseError, Query, reading
from tests.application import day
from tests.databases import mariadb, postgres

pytestmark = pytest.mark.xdist_group("databases")  # so that each server is started once

ROWS = 2 * CHUNK_ROWS + 1
PASSWORD = "password-canary"
VARIABLE = "APPLICATION_DATABASE"
WITHIN_THE_DAY = "SELECT id, since FROM seats WHERE since >= :partition_start AND since < :partition_end ORDER BY id"


class Database(NamedTuple):
    """A database with ROWS rows in `seats`, each an hour later than the one before."""

    dialect: str
    url: str
    slow: str  # a query that takes for ever


def sqlite_database(folder: Path) -> Iterator[Database]:
    """A file."""
    with contextlib.closing(sqlite3.connect(folder / "app.db")) as db, db:
        db.execute("CREATE TABLE seats (id INTEGER, since TEXT)")
        db.executemany("INSERT INTO seats VALUES (?, ?)", _rows())
    yield Database("sqlite", f"sqlite:///{folder}/app.db", "SELECT count(*) FROM seats a, seats b, seats c")


def duckdb_database(folder: Path) -> Iterator[Database]:
    """Another file."""
    with duckdb.connect(str(folder / "app.duckdb")) as db:
        db.execute(
            f"CREATE TABLE seats AS SELECT i::INTEGER AS id, TIMESTAMP '2026-03-03' + INTERVAL (i) HOUR AS since "
            f"FROM range({ROWS}) t(i)"
        )
    yield Database(
        "duckdb", f"duckdb:///{folder}/app.duckdb", "SELECT sum(a.id * b.id + c.id) FROM seats a, seats b, seats c"
    )


def postgres_database(_: Path) -> Iterator[Database]:
    """A real server, with a user who has a password."""
    with postgres() as url:
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("CREATE TABLE seats (id integer, since timestamptz)")
            db.execute(
                "CREATE FUNCTION complain(about text) RETURNS integer LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'not %', about; END $$"
            )
            db.execute(
                "INSERT INTO seats SELECT i, timestamptz '2026-03-03 00:00Z' + i * interval '1 hour' "
                f"FROM generate_series(0, {ROWS - 1}) i"
            )
        yield Database("postgresql", url, "SELECT pg_sleep(60)")


def mysql_database(folder: Path) -> Iterator[Database]:
    """A real server, which speaks MySQL's protocol."""
    with mariadb(folder) as (url, socket):
        db = pymysql.connect(unix_socket=socket, user="root", database="app", autocommit=True)
        with contextlib.closing(db), db.cursor() as cursor:
            cursor.execute("CREATE TABLE seats (id integer, since datetime)")
            cursor.executemany("INSERT INTO seats VALUES (%s, %s)", _rows())
            cursor.execute(
                "CREATE FUNCTION complain(about text) RETURNS integer "
                "BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = about; RETURN 1; END"
            )
        yield Database("mysql", url, "SELECT sleep(60) AS id FROM seats")


def _rows() -> Iterator[tuple[int, str]]:
    start = datetime.fromisoformat("2026-03-03T00:00:00+00:00").timestamp()
    return ((n, time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(start + n * 3600))) for n in range(ROWS))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(sqlite_database, id="sqlite"),
        pytest.param(duckdb_database, id="duckdb"),
        pytest.param(postgres_database, id="postgresql"),
        pytest.param(mysql_database, id="mysql", marks=pytest.mark.mariadb),
    ],
)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Each of the four kinds of databases."""
    yield from request.param(tmp_path_factory.mktemp("database"))


def query(database: Database, sql: str, parameters: tuple[str, ...] = (), seconds: float = 30) -> Query:
    """A query of this database."""
    return Query(VARIABLE, SecretStr(database.url), database.dialect, sql, frozenset(parameters), seconds)


def rows(asked: Query, key: str = "2026-03-04") -> list[tuple[Any, ...]]:
    """All rows of a reading."""
    with reading(asked, day(key)) as (_, chunks):
        return [tuple(row) for chunk in chunks for row in chunk]


def test_rows_come_in_chunks_with_the_names_of_their_columns(database: Database) -> None:
    """So that a million of them need not be in memory."""
    with reading(query(database, "SELECT id, since FROM seats ORDER BY id"), day("2026-03-04")) as (columns, chunks):
        sizes = [len(chunk) for chunk in chunks]

    assert columns == ["id", "since"]
    assert sizes == [CHUNK_ROWS, CHUNK_ROWS, 1]


def test_the_partitions_start_and_end_are_bound(database: Database) -> None:
    """As moments in UTC, in the form that the database compares times in."""
    found = rows(query(database, WITHIN_THE_DAY, ("partition_start", "partition_end")))

    assert [row[0] for row in found] == list(range(24, 48))


def test_other_colons_and_percents_are_left_alone(database: Database) -> None:
    """Only the two parameters are any."""
    found = rows(query(database, "SELECT '12:30 :noon 50%' AS text FROM seats WHERE id = 0"))

    assert found == [("12:30 :noon 50%",)]


@pytest.mark.parametrize("statement", ["DELETE FROM seats", "CREATE TABLE stolen (id INTEGER)"])
def test_the_transaction_itself_cannot_write(database: Database, statement: str) -> None:
    """Whatever gets past the check of the SQL."""
    before = rows(query(database, "SELECT count(*) AS n FROM seats"))

    with pytest.raises(DatabaseError):
        rows(query(database, statement))

    assert rows(query(database, "SELECT count(*) AS n FROM seats")) == before


def test_a_statement_that_takes_too_long_is_ended(database: Database) -> None:
    """By the database, or by the driver; the sentence says what to do."""
    started = time.monotonic()

    with pytest.raises(DatabaseError, match="took longer than 1 s; make it quicker, or raise timeout_seconds"):
        rows(query(database, database.slow, seconds=1))

    assert time.monotonic() - started < 20


def test_a_mistake_in_the_query_is_told_in_the_databases_words(database: Database) -> None:
    """They name a column, and hold nothing that is stored; nothing else is chained to the error."""
    with pytest.raises(DatabaseError, match="seat_cuont") as caught:
        rows(query(database, "SELECT seat_cuont FROM seats"))

    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


UNREACHABLE = [
    ("sqlite", "sqlite:////nowhere/password-canary.db?password=password-canary"),
    ("postgresql", "postgresql://reader:password-canary@127.0.0.1:1/app"),
    ("mysql", "mysql://reader:password-canary@127.0.0.1:1/app"),
    ("duckdb", "duckdb:////nowhere/app.db?motherduck_token=password-canary"),
    ("mysql", "oracle://reader:password-canary@127.0.0.1/app"),
    ("postgresql", "reader:password-canary@[nowhere"),
]


@pytest.mark.parametrize(("dialect", "url"), UNREACHABLE)
def test_a_database_that_cannot_be_reached_tells_no_secret(
    dialect: str, url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither in the error nor in a log line."""
    caplog.set_level(logging.DEBUG)

    with pytest.raises(DatabaseError) as caught:
        rows(Query(VARIABLE, SecretStr(url), dialect, "SELECT 1", frozenset(), 5))

    said = [repr(caught.value), caplog.text, *capfd.readouterr()]
    assert PASSWORD not in "".join(said).replace("/nowhere/password-canary.db", "")


def test_a_wrong_password_is_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    """A real server refuses it; the error names the refusal alone."""
    caplog.set_level(logging.DEBUG)
    with postgres(passwords=True) as url:
        wrong = url.replace("postgres:@", f"reader:{PASSWORD}@")

        with pytest.raises(DatabaseError, match="refused") as caught:
            rows(Query(VARIABLE, SecretStr(wrong), "postgresql", "SELECT 1", frozenset(), 5))

    assert PASSWORD not in repr(caught.value) + caplog.text


QUOTING = {
    "sqlite": ["SELECT json_extract('{}', 'content-canary')"],
    "duckdb": ["SELECT CAST('content-canary' AS INTEGER)", "SELECT strptime('content-canary' || id, '%Y') FROM seats"],
    "postgresql": ["SELECT 'content-canary'::integer", "SELECT complain('content-canary')"],
    "mysql": ["SELECT extractvalue(1, concat(':', 'content-canary'))", "SELECT complain('content-canary')"],
}
"""Queries whose error, in the database's own words, quotes what may be a stored value."""


def test_an_error_that_could_quote_a_row_is_not_repeated(database: Database) -> None:
    """Only its name and code are; the sentence says how to see the rest."""
    said = [failure(query(database, sql)) for sql in QUOTING[database.dialect]]

    assert "content-canary" not in "".join(said)
    assert all("run the query there to read them" in each for each in said)


def failure(asked: Query) -> str:
    """The sentence with which a reading ends."""
    with pytest.raises(DatabaseError) as caught:
        rows(asked)
    return str(caught.value)


def test_an_address_as_hosting_services_write_it_is_taken() -> None:
    """postgres:// is what many of them say."""
    with postgres() as url:
        asked = Query(
            VARIABLE, SecretStr(url.replace("postgresql:", "postgres:")), "postgresql", "SELECT 1", frozenset(), 30
        )

        assert rows(asked) == [(1,)]
