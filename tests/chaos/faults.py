"""What goes wrong: each fault is done to a running installation, and is over when its function returns."""

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress

import psycopg

from tests.chaos.installation import Installation

LOCKED_SECONDS = 3.0
DOWN_SECONDS = 20.0
FROZEN_SECONDS = 8.0
BEYOND_ITS_LEASE = 40.0  # seconds

Fault = Callable[[Installation, random.Random], None]
RARE = (
    "everything is killed",
    "the supervisor is killed",
    "a run is frozen beyond its lease",
    "a vendor is down",
)
"""Faults that take long; they come a third as often as the others."""


def _kill(part: str) -> Fault:
    def fault(installation: Installation, _: random.Random) -> None:
        _signal(installation.product.part(part), signal.SIGKILL)

    return fault


def _kill_a_run(installation: Installation, dice: random.Random) -> None:
    if runs := installation.product.run_workers():
        _signal(dice.choice(runs), signal.SIGKILL)


def _freeze_a_run(installation: Installation, dice: random.Random) -> None:
    if runs := installation.product.run_workers():
        _freeze(dice.choice(runs), BEYOND_ITS_LEASE)


def _freeze_ingest(installation: Installation, _: random.Random) -> None:
    _freeze(installation.product.part("ingest"), FROZEN_SECONDS)


def _kill_the_supervisor(installation: Installation, _: random.Random) -> None:
    installation.kill(whole=False)
    installation.stop()
    installation.start()


def _kill_everything(installation: Installation, _: random.Random) -> None:
    installation.kill(whole=True)
    installation.stop()
    installation.start()


def _take_the_vendor_down(installation: Installation, _: random.Random) -> None:
    installation.moody.is_down = True
    time.sleep(DOWN_SECONDS)
    installation.moody.is_down = False


def _lock_the_store(installation: Installation, _: random.Random) -> None:
    with closing(sqlite3.connect(installation.queue.removeprefix("sqlite:///"), isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("PRAGMA busy_timeout = 10000")
        db.execute("BEGIN IMMEDIATE")
        time.sleep(LOCKED_SECONDS)


def _cut_all_connections(installation: Installation, _: random.Random) -> None:
    with psycopg.connect(installation.queue) as db:
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


def _kill_postgres(installation: Installation, dice: random.Random) -> None:
    if installation.postgres:
        installation.postgres.kill()
        time.sleep(dice.random() * LOCKED_SECONDS)
        installation.postgres.start()


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _freeze(pid: int, seconds: float) -> None:
    _signal(pid, signal.SIGSTOP)
    time.sleep(seconds)
    _signal(pid, signal.SIGCONT)


ALWAYS: dict[str, Fault] = {
    "ingest is killed": _kill("ingest"),
    "a run is killed": _kill_a_run,
    "the code server is killed": _kill("code server"),
    "the daemon is killed": _kill("daemon"),
    "the webserver is killed": _kill("webserver"),
    "a run is frozen beyond its lease": _freeze_a_run,
    "ingest is frozen": _freeze_ingest,
    "the supervisor is killed": _kill_the_supervisor,
    "everything is killed": _kill_everything,
    "a vendor is down": _take_the_vendor_down,
}
FAULTS: dict[str, dict[str, Fault]] = {
    "sqlite": ALWAYS | {"another process locks the store": _lock_the_store},
    "postgres": ALWAYS | {"all connections are cut": _cut_all_connections, "Postgres is killed": _kill_postgres},
}
"""By the store, and by what is then said of them."""


def choose(store: str, dice: random.Random) -> str:
    """The next fault."""
    names = [*FAULTS[store]]
    return dice.choices(names, [1 if name in RARE else 3 for name in names])[0]
