"""Streams the rows of a SELECT from somebody else's database, which it cannot change or hold up."""

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import SecretStr

from analytics_platform.snapshots.period import Period
from analytics_platform.snapshots.refusals import refusal
from analytics_platform.snapshots.statement import PARAMETERS

CHUNK_ROWS = 5000
CONNECT_SECONDS = 10
KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Of Postgres's client, in seconds: a server that is gone, and whose network does not say so, is noticed by them."""
SQLITE_STEPS = 10_000  # of SQLite's machine, between two looks at the clock

T = TypeVar("T")

Row = Sequence[Any]

DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "duckdb": "duckdb-engine"}
"""The package that brings each driver; SQLite's comes with Python."""

_DIALECTS = {"mariadb": "mysql", "postgres": "postgresql"}
_OTHER_COLON = re.compile(rf"(?<![:\w\\]):(?=\w)(?!(?:{'|'.join(PARAMETERS)})\b)")


class DatabaseError(Exception):
    """The database did not give the rows; the message holds neither its address nor anything that it stores."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is read, where, and for how long at most."""

    variable: str  # whose value is the address
    url: SecretStr
    dialect: str
    sql: str
    parameters: frozenset[str]
    timeout_seconds: float


@contextmanager
def reading(query: Query, period: Period) -> Iterator[tuple[list[str], Iterator[Sequence[Row]]]]:
    """The columns of the query, and its rows in chunks, in one transaction that only reads.

    Raises DatabaseError, also from within the chunks.
    """
    watch = _Watch(query.timeout_seconds)
    with ExitStack() as stack:
        stack.callback(watch.cancel)
        result = _guarded(lambda: _execute(stack, query, period, watch), query, watch)
        yield [*result.keys()], _chunks(result, query, watch)


def _execute(stack: ExitStack, query: Query, period: Period, watch: "_Watch") -> sa.CursorResult[Any]:
    engine = _engine(query)
    stack.callback(engine.dispose)
    connection = stack.enter_context(engine.connect())
    _restrain(connection, query, watch)
    streamed = connection.execution_options(stream_results=True, max_row_buffer=CHUNK_ROWS)
    return streamed.execute(_statement(query), _values(query, period))


def _chunks(result: sa.CursorResult[Any], query: Query, watch: "_Watch") -> Iterator[Sequence[Row]]:
    while rows := _guarded(lambda: result.fetchmany(CHUNK_ROWS), query, watch):
        yield rows
        if watch.is_over():
            raise DatabaseError(_took_too_long(query))


def _guarded(ask: Callable[[], T], query: Query, watch: "_Watch") -> T:
    """What the database answers; raises DatabaseError, to which the driver's own error is not chained."""
    try:
        return ask()
    except (sa.exc.SQLAlchemyError, OSError) as error:
        why = refusal(error, query.dialect, query.url)
        said = _took_too_long(query) if watch.is_over() else f"the database in {query.variable} {why}"
    raise DatabaseError(said)


class _Watch:
    """Ends a reading that takes too long, also one whose database does not answer."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._timer: threading.Timer | None = None

    def is_over(self) -> bool:
        return time.monotonic() >= self._deadline

    def interrupt(self, stop: Callable[[], None]) -> None:
        """Call `stop` at the deadline."""
        self._timer = threading.Timer(self._deadline - time.monotonic(), stop)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _engine(query: Query) -> sa.Engine:
    """An engine that opens one connection; raises DatabaseError for an address that leads elsewhere."""
    try:
        url = sa.make_url(query.url.get_secret_value())
        if (found := _DIALECTS.get(url.get_backend_name(), url.get_backend_name())) == query.dialect:
            return _create(url, query)
        fault = f"it is of {found}, and the declaration's dialect is {query.dialect}"
    except ImportError:
        fault = f"its driver is missing; run: .venv/bin/pip install {DRIVERS.get(query.dialect, query.dialect)}"
    except (sa.exc.ArgumentError, ValueError):
        fault = "it is not of the form dialect://user:password@host/name"
    raise DatabaseError(f"the address in {query.variable} cannot be used: {fault}")


def _create(url: sa.URL, query: Query) -> sa.Engine:
    connect: dict[str, Any] = {}
    match query.dialect:
        case "sqlite":
            return sa.create_engine("sqlite://", creator=lambda: _open_sqlite(url), poolclass=sa.NullPool)
        case "postgresql":
            connect = {"connect_timeout": CONNECT_SECONDS, **KEEPALIVES}
            url = _driven(url, "postgresql+psycopg")
        case "mysql":
            connect = {"connect_timeout": CONNECT_SECONDS, "read_timeout": int(query.timeout_seconds) + 1}
            url = _driven(url, "mysql+pymysql")
        case "duckdb":
            connect = {"read_only": True}
    return sa.create_engine(url, connect_args=connect, poolclass=sa.NullPool, hide_parameters=True)


def _driven(url: sa.URL, driver: str) -> sa.URL:
    """The address with this driver, unless it names another."""
    return url if "+" in url.drivername else url.set(drivername=driver)


def _open_sqlite(url: sa.URL) -> sqlite3.Connection:
    path = Path(url.database or "").resolve()
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=CONNECT_SECONDS, check_same_thread=False)


def _restrain(connection: sa.Connection, query: Query, watch: _Watch) -> None:
    """Begin a transaction that can only read, in UTC, and whose statements end in time."""
    milliseconds = int(query.timeout_seconds * 1000)
    raw: Any = connection.connection.dbapi_connection
    match query.dialect:
        case "sqlite":
            connection.exec_driver_sql("PRAGMA query_only = ON")
            raw.set_progress_handler(watch.is_over, SQLITE_STEPS)
        case "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
            connection.exec_driver_sql("SET LOCAL timezone = 'UTC'")
        case "mysql":
            limit = f"max_statement_time = {query.timeout_seconds}"  # MariaDB's word, in seconds
            is_mariadb = getattr(connection.dialect, "is_mariadb", False)
            connection.exec_driver_sql(f"SET SESSION {limit if is_mariadb else f'max_execution_time = {milliseconds}'}")
            connection.exec_driver_sql("SET SESSION time_zone = '+00:00'")
            # Of the session: DDL commits a transaction by itself, and would run in the next one.
            connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
            connection.exec_driver_sql("START TRANSACTION READ ONLY")
        case "duckdb":  # the connection itself was opened to read only
            connection.exec_driver_sql("SET TimeZone = 'UTC'")
            watch.interrupt(raw.interrupt)


def _statement(query: Query) -> sa.TextClause:
    """The SQL, in which a colon before a word means a parameter only if it is one of ours."""
    return sa.text(_OTHER_COLON.sub(r"\\:", query.sql))


def _values(query: Query, period: Period) -> Mapping[str, object]:
    bounds = dict(zip(PARAMETERS, (period.start, period.end), strict=True))
    return {name: _bound(moment, query.dialect) for name, moment in bounds.items() if name in query.parameters}


def _bound(moment: datetime, dialect: str) -> object:
    """A moment in UTC, as the database's own times are: text in SQLite, without an offset in MySQL."""
    utc = moment.astimezone(UTC)
    match dialect:
        case "sqlite":
            return utc.strftime("%Y-%m-%d %H:%M:%S")
        case "mysql":
            return utc.replace(tzinfo=None)
    return utc


def _took_too_long(query: Query) -> str:
    return f"the query took longer than {query.timeout_seconds:g} s; make it quicker, or raise timeout_seconds"
