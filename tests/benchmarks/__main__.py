"""Prints the table of `make bench`; with names of parts, as in `python -m tests.benchmarks ingest`, theirs alone.

Those that take half an hour are measured by name alone, as `make latency` does.
"""

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import delivery, ingest, large, latency, memory, postgres, runs, snapshots, store, validation

PARTS = {"ingest": ingest, "validation": validation, "delivery": delivery, "store": store, "snapshots": snapshots}
LONG_PARTS = {"memory": memory, "large": large, "latency": latency, "runs": runs, "postgres": postgres}
"""Those that are measured only when they are named: ten minutes, ten million rows, twenty and five minutes."""


def main(names: list[str]) -> None:
    """Measure each part once, one after the other."""
    table = Table("what", "ours", "beside it", "ratio", title="Ratios count, the machine decides the rest")
    with tempfile.TemporaryDirectory() as folder:
        for part in [(PARTS | LONG_PARTS)[name] for name in names or PARTS]:
            for row in part.measure(Path(folder)):
                table.add_row(*row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
