"""What does a destination more cost the store?"""

import json
import sqlite3
from pathlib import Path

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, Settlement, live
from tests.fakes.clock import Clock


def rows(folder: Path, events: int, destinations: int) -> int:
    """The rows of all tables once so many events are delivered to so many destinations."""
    path, clock = folder / f"{events}-{destinations}.db", Clock()
    names = [f"vendor-{number}" for number in range(destinations)]
    staging = open_staging(f"sqlite:///{path}", clock)
    staging.register(names)
    entries = [Entry("web", str(n), clock(), json.dumps({"userId": str(n)})) for n in range(events)]
    staging.append(entries)
    for name in names:
        staging.start_run(name, name)
        lease = staging.acquire(live(name), name)
        assert lease is not None
        while pending := staging.pending(name, 7):
            staging.settle(lease, Settlement(delivered=pending))
        assert staging.counts(name).delivered == events
    staging.close()
    db = sqlite3.connect(path)
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    found = sum(int(db.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]) for table in tables)
    db.close()
    return found


def test_an_event_is_no_row_more_for_a_destination_more(tmp_path: Path) -> None:
    """Ten events or two hundred: three destinations more are a few rows, whatever they have delivered."""
    few = rows(tmp_path, 10, 4) - rows(tmp_path, 10, 1)
    many = rows(tmp_path, 200, 4) - rows(tmp_path, 200, 1)

    assert few == many < 10
    assert rows(tmp_path, 201, 1) > rows(tmp_path, 200, 1)
