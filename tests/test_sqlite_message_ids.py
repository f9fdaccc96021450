"""Is a messageId recognised wherever it is: in memory, in the index, in another process, before a restart?"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry
from analytics_platform.staging.sqlite.connection import Connection
from analytics_platform.staging.sqlite.log import Log
from analytics_platform.staging.sqlite.message_ids import MessageIds

MOST = 8  # hashes in memory, so that every few appends one slice after the other goes into the index

steps = st.lists(
    st.tuples(
        st.sampled_from(["append", "fold", "restart", "purge"]),
        st.sampled_from([0, 1]),
        st.lists(st.integers(0, 60).map("m-{}".format), min_size=1, max_size=12),
    ),
    max_size=30,
)


class Process:
    """A process that appends to the store."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = Connection(path, lambda: 0.0)
        self.log = Log(self.connection, MessageIds(MOST))

    def append(self, *names: str) -> list[bool]:
        """Append an event with each of these ids."""
        return self.log.append([Entry("web", name, 1.0, "{}") for name in names])

    def purge(self) -> list[str]:
        """Take the older half of the log away, as retention does; its ids."""
        with self.connection.writing() as db:
            query = (
                "DELETE FROM events WHERE seq <= (SELECT (min(seq) + max(seq)) / 2 FROM events) RETURNING message_id"
            )
            return [name for (name,) in db.execute(query).fetchall()]

    def indexed(self) -> int:
        """How many hashes are in the index."""
        with self.connection.reading() as db:
            return int(db.execute("SELECT count(*) FROM message_ids").fetchone()[0])


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """One of them."""
    process = Process(tmp_path / "staging.db")
    yield process
    process.connection.close()


def test_what_is_in_the_index_is_known(process: Process) -> None:
    """Also by a process that was not there when it came."""
    names = [f"m-{n}" for n in range(500)]
    process.append(*names)

    for _ in range(40):
        process.log.fold_ids()
    indexed, again = process.indexed(), process.append(*names)
    with closing(Connection(process.path, lambda: 0.0)) as other:
        elsewhere = Log(other, MessageIds()).append([Entry("web", name, 1.0, "{}") for name in names])

    assert indexed > 400
    assert again == elsewhere == [False] * 500


def test_few_are_kept_in_memory(process: Process) -> None:
    """What is over goes into the index, between two appends."""
    process.append(*[f"m-{n}" for n in range(100)])

    for _ in range(40):
        process.log.fold_ids()

    assert process.indexed() >= 100 - MOST


def test_an_id_leaves_the_index_with_its_event(process: Process) -> None:
    """The index grows no larger than the log."""
    process.append(*[f"m-{n}" for n in range(500)])
    for _ in range(40):
        process.log.fold_ids()
    before = process.indexed()

    purged = process.purge()

    assert before - process.indexed() > 200
    assert process.append(*purged) == [True] * len(purged)


@given(steps)
@settings(max_examples=60, deadline=None)
def test_an_event_is_new_unless_the_log_has_one_with_its_id(steps: list[tuple[str, int, list[str]]]) -> None:
    """Whatever two processes append, fold and forget, and retention takes away in between."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "staging.db"
        processes = [Process(path), Process(path)]
        logged: set[str] = set()
        for step, which, names in steps:
            process = processes[which]
            if step == "append":
                expected = [name not in logged and name not in names[:place] for place, name in enumerate(names)]
                assert process.append(*names) == expected
                logged.update(names)
            elif step == "fold":
                process.log.fold_ids()
            elif step == "purge":
                logged.difference_update(process.purge())
            else:
                process.connection.close()
                processes[which] = Process(path)
        for process in processes:
            process.connection.close()


def test_a_store_of_before_knows_its_ids(tmp_path: Path) -> None:
    """Those are in the index at once."""
    path = tmp_path / "staging.db"
    entries = [Entry("web", f"m-{n}", 1.0, "{}") for n in range(50)]
    with closing(open_staging(f"sqlite:///{path}")) as staging:
        staging.append(entries)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE UNIQUE INDEX as_before ON events (message_hash)")
        db.execute("DROP TRIGGER events_purged")
        db.execute("DROP TABLE message_ids")
        db.execute("ALTER TABLE log DROP COLUMN folded")
        db.execute("DELETE FROM _sqlite_migrations WHERE name LIKE 'm008%'")
        db.execute("PRAGMA user_version = 7")

    with closing(open_staging(f"sqlite:///{path}")) as staging:
        outcomes = staging.append([*entries, Entry("web", "new", 1.0, "{}")])
        head = staging.head()

    assert outcomes == [False] * 50 + [True]
    assert head == 51
