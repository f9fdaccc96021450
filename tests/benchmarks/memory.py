"""How much memory the ingest API takes while it is under load for ten minutes."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

from tests.benchmarks import ingest, servers

SECONDS = float(os.environ.get("MEMORY_SECONDS", "600"))
LOOKS = 20


def measure(folder: Path) -> Iterator[ingest.Row]:
    """Resident megabytes as the time goes by."""
    with servers.ingest(folder / "memory") as server:
        before = megabytes(server.pid)
        load = Thread(target=ingest.at_full_rate, args=(server, "one", SECONDS))
        load.start()
        seen = []
        for _ in range(LOOKS):
            time.sleep(SECONDS / LOOKS)
            seen.append(megabytes(server.pid))
        load.join()
    minutes = f"every {SECONDS / LOOKS:.0f} s: " + ", ".join(f"{each:.0f}" for each in seen)
    yield "resident memory after the first tenth of the time under load, MB", f"{max(seen[:2]):.0f}", minutes, ""
    yield "the same in the last tenth, MB", f"{max(seen[-2:]):.0f}", f"{before:.0f}, before the load", ""


def megabytes(pid: int) -> float:
    """What a process has in memory."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024 / 1e6
