"""How long a snapshot of a million accounts takes and how much memory, beside a loop that calls group() for each."""

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from tests.application import write
from tests.benchmarks import servers

ACCOUNTS = 1_000_000
CHANGED = ACCOUNTS // 100
SQL = "SELECT account_id, plan, seat_count, mrr FROM accounts"

Row = tuple[str, str, str, str]


def measure(folder: Path) -> Iterator[Row]:
    """Rows of the table: a first reading, one with 1 % changed, each in time and memory."""
    database = folder / "accounts.db"
    _create(database)
    write(folder / "snapshots", SQL)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")} | {
        "ANALYTICS_DATA_DIR": str(folder / "snapshot-data"),
        "ANALYTICS_SNAPSHOTS": str(folder / "snapshots"),
        "APPLICATION_DATABASE": f"sqlite:///{database}",
    }
    command = [str(Path(sys.executable).with_name("analytics")), "snapshot", "run", "accounts"]
    with servers.ingest(folder / "snapshot-data"):  # as in production, where it tidies up the store that both write
        first = _run(command, environment, f"{ACCOUNTS} call(s) sent")
        with closing(sqlite3.connect(database)) as db, db:
            db.execute("UPDATE accounts SET seat_count = seat_count + 1 WHERE rowid % 100 = 0")
        second = _run(command, environment, f"{CHANGED} call(s) sent")
    with servers.ingest(folder / "loop-data") as api:
        program = [sys.executable, "-m", "tests.benchmarks.by_loop", str(database), f"http://127.0.0.1:{api.port}"]
        loop = _run(program, environment, "")
    yield from _rows("1,000,000 accounts, 1 % changed", second, loop)
    yield from _rows("1,000,000 accounts for the first time", first, loop)


def _rows(what: str, ours: tuple[float, float], loop: tuple[float, float]) -> Iterator[Row]:
    beside = "pandas, and group() for each row"
    yield f"{what}, s", f"{ours[0]:.1f}", f"{loop[0]:.1f}, {beside}", f"{ours[0] / loop[0]:.2f}"
    yield "the same, peak memory, MB", f"{ours[1]:.0f}", f"{loop[1]:.0f}, the same", f"{ours[1] / loop[1]:.2f}"


def _create(path: Path) -> None:
    """A database of so many accounts."""
    rows = ((f"account-{n:07}", ("free", "team", "business")[n % 3], n % 50, n % 997 / 4) for n in range(ACCOUNTS))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE accounts (account_id TEXT PRIMARY KEY, plan TEXT, seat_count INTEGER, mrr REAL)")
        db.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?)", rows)


def _run(command: Sequence[str], environment: Mapping[str, str], says: str) -> tuple[float, float]:
    """Run a process to its end; its seconds, and its greatest memory in MB. It must say this at the end."""
    started, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while process.poll() is None:
        peak = _peak(process.pid) or peak  # asked of the process itself: rusage counts its parent's memory in
        time.sleep(0.02)
    elapsed = time.perf_counter() - started
    output = process.stdout.read() if process.stdout else ""
    if process.returncode or says not in output:
        raise RuntimeError(f"{command[0]} said: {output}")
    return elapsed, peak


def _peak(pid: int) -> float | None:
    """The most memory that a living process has had, in MB."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    except OSError:
        return None
    return int(found[1]) / 1024 if found else None
