"""Prints the table of `make bench`."""

import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import delivery, ingest, latency, snapshots, validation


def main() -> None:
    """Measure everything once, one thing after the other."""
    table = Table("what", "ours", "beside it", "ratio", title="Ratios count, the machine decides the rest")
    with tempfile.TemporaryDirectory() as folder:
        for part in (ingest, validation, delivery, latency, snapshots):
            for row in part.measure(Path(folder)):
                table.add_row(*row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
