"""The connections of a process to the Postgres staging store, and its transactions."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from analytics_platform.staging.base import StagingError, StagingFull, Usage
from analytics_platform.staging.postgres.schema import SchemaError, bring_up_to_date

Database: TypeAlias = psycopg.Connection[tuple[Any, ...]]

MOST_CONNECTIONS = 4
"""Of one process: a run settles from several threads, and its heart must not wait for them."""

PATIENCE_SECONDS = 5.0
"""How long a statement waits for a connection, and for whoever holds what it needs."""

RETRY_SECONDS = 0.5
"""How often whoever waits has the pool look for a server that is away; by itself it would wait longer each time."""

# The planner's statistics lag behind a log that grows all the time; a new day or a restored store has none at all. It
# would then read whole days to find a few events. All that is asked here has an index, so that is what it uses.
BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"

# What belongs to a session would be somebody else's behind a pooler, so each transaction says it for itself.
BEGIN_WRITING = f"""
BEGIN; {BY_INDEX};
SET LOCAL synchronous_commit = on;  -- a commit is on disk before it returns
SET LOCAL lock_timeout = '5s';
SET LOCAL idle_in_transaction_session_timeout = '10s'  -- a process that has stopped holds up the others no longer
"""
# Whoever appends has the log alone; what is read of it from the next statement on is the newest.
LOCK_LOG = "SELECT FROM analytics.log FOR UPDATE"
BEGIN_APPENDING = f"{BEGIN_WRITING.rstrip()}\n; {LOCK_LOG}"
BEGIN_READING = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {BY_INDEX}"

SIZE = """
SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class
WHERE relnamespace = to_regnamespace('analytics') AND relkind = 'r'
"""

# A server that is gone without a word is noticed in 10 seconds (https://www.postgresql.org/docs/current/libpq-connect.html).
OPTIONS: dict[str, Any] = {
    "autocommit": True,  # the statements below begin transactions, with all that belongs to them
    "prepare_threshold": None,  # behind a pooler the next statement may go to another session
    "application_name": "analytics",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
}


def one(rows: Iterator[tuple[Any, ...]]) -> Any:
    """The one value of a query that always gives one."""
    return next(rows)[0]


def address(url: str) -> str:
    """Where the database is, without user and password; raises StagingError for what is no address.

    That does not say what is wrong with it, since that may be a part of a password in the wrong place.
    """
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        parts = {"host": "@"}
    host, port = parts.get("host", "localhost"), parts.get("port", "")
    if "@" in host or (port and not port.replace(",", "").isdigit()):
        raise StagingError(
            "the address of the staging store cannot be read: write postgresql://user:password@host/database, "
            "with %-escapes for what is special in addresses"
        )
    return f"postgresql://{host}{port and ':'}{port}/{parts.get('dbname') or parts.get('user', '')}"


class Connection:
    """A few connections that the threads of a process take turns with."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # whoever asks in vain says so, once
        self.clock = clock
        self.newest_day = 0  # its number, as somebody here has last seen it
        self._where = address(url)
        self._prepare(url)
        self._pool = ConnectionPool(
            url,
            connection_class=psycopg.Connection[tuple[Any, ...]],
            kwargs=OPTIONS,
            min_size=1,
            max_size=MOST_CONNECTIONS,
            timeout=RETRY_SECONDS,
            reconnect_timeout=0,  # see RETRY_SECONDS
            check=_check,
            num_workers=1,
            open=True,
        )

    def _prepare(self, url: str) -> None:
        """Make the tables, or bring them up to date, over a connection of its own: what is wrong is said at once."""
        try:
            with psycopg.connect(url, **OPTIONS) as db:
                bring_up_to_date(db)
        except SchemaError as error:
            raise StagingError(f"the staging store {self._where} {error}") from error
        except psycopg.Error as error:
            cause = next(iter(str(error).splitlines()), type(error).__name__)
            raise StagingError(
                f"the staging store {self._where} cannot be opened: {cause}; "
                "see that its server runs and lets us in, or correct ANALYTICS_QUEUE"
            ) from error

    def reading(self) -> AbstractContextManager[Database]:
        """A connection, for statements that all read the same moment of the store."""
        return self._transaction(BEGIN_READING)

    def writing(self) -> AbstractContextManager[Database]:
        """A connection in a transaction, committed and on disk when the block has ended well.

        Each of its statements reads what is committed when it begins; what must not change meanwhile is locked first.
        Where a transaction locks several things, it goes from the log or the leases to the runs and the streams.
        """
        return self._transaction(BEGIN_WRITING)

    def appending(self) -> AbstractContextManager[Database]:
        """The same, once this transaction has the log for itself."""
        return self._transaction(BEGIN_APPENDING)

    @contextmanager
    def statement(self) -> Iterator[Database]:
        """A connection, for statements that are each a transaction by themselves."""
        with self._staging_errors():
            db = self._taken()
            try:
                with db:  # leaving it commits what has been begun, or rolls it back
                    yield db
            finally:
                self._pool.putconn(db)

    def _taken(self) -> Database:
        """A connection of the pool's, or one that it makes as soon as the server is there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._pool.getconn()
            except PoolTimeout:
                if time.monotonic() > deadline:
                    raise

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Database]:
        with self.statement() as db:
            db.execute(begin)
            yield db

    def usage(self) -> Usage:
        """See Staging.usage; the disk is the server's."""
        with self.reading() as db:
            size = int(one(db.execute(SIZE)))
        return Usage(size, size, None)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    @contextmanager
    def _staging_errors(self) -> Iterator[None]:
        """Turn what Postgres refuses now, but may take later, into StagingError.

        A value that cannot be stored is none of these, and stays what it is.
        """
        try:
            yield
        except (psycopg.IntegrityError, psycopg.DataError):
            raise
        except psycopg.errors.DiskFull as error:
            raise StagingFull(f"the disk of the staging store {self._where} is full") from error
        except psycopg.Error as error:
            raise StagingError(f"the staging store {self._where} is unavailable: {type(error).__name__}") from error


def _check(db: Database) -> None:
    """Raise OperationalError for a connection whose other end is known to be closed; asks nobody."""
    db.pgconn.consume_input()  # the server's last words, if there are any
    db.pgconn.consume_input()  # and that nothing more will come
