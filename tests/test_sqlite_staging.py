"""Does the SQLite store keep its promises to several processes, a full disk and a kill?"""

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, Staging, StagingError, StagingFull
from analytics_platform.staging.sqlite.connection import WAL_LIMIT, Connection
from analytics_platform.staging.sqlite.log import Log
from analytics_platform.staging.sqlite.message_ids import MessageIds
from analytics_platform.staging.sqlite.schema import VERSION
from tests.fakes.clock import Clock
from tests.programs import start
from tests.stores import entry, pending_ids

BIG = 5 * 1024 * 1024  # more than the write-ahead log holds between two checkpoints


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is, or will be."""
    return tmp_path / "staging.db"


@pytest.fixture
def staging(path: Path) -> Iterator[Staging]:
    """A new store."""
    with closing(open_at(path)) as staging:
        yield staging


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    """A connection of the kind that every store uses."""
    with closing(Connection(path, Clock())) as connection:
        yield connection


def open_at(path: Path) -> Staging:
    """Open the store as a process does, with its one destination."""
    staging = open_staging(f"sqlite:///{path}")
    staging.register(["vendor"])
    return staging


def removed(path: Path) -> None:
    """The store's files are gone."""
    for each in path.parent.glob("staging.db*"):
        each.unlink()


def moved(path: Path) -> None:
    """Its file has another name."""
    path.rename(path.with_name("old.db"))


def replaced(path: Path) -> None:
    """Another store has come in its place, as from a backup."""
    successor = path.with_name("successor.db")
    open_at(successor).close()
    successor.rename(path)


def can_trace() -> bool:
    """Whether strace is there and may be used."""
    strace = shutil.which("strace")
    return strace is not None and subprocess.run([strace, "-o", os.devnull, "true"], check=False).returncode == 0


def big(message_id: str) -> Entry:
    """An event that makes a checkpoint due."""
    return Entry("web", message_id, 1000.0, "x" * BIG)


def pragma(db: sqlite3.Connection, name: str) -> object:
    """The value of a pragma."""
    return db.execute(f"PRAGMA {name}").fetchone()[0]


# On disk before the answer


def test_every_connection_forces_its_commits_to_disk(connection: Connection) -> None:
    """With a write-ahead log and synchronous=FULL, each commit ends with an fsync."""
    with connection.reading() as db:
        assert (pragma(db, "journal_mode"), pragma(db, "synchronous")) == ("wal", 2)


@pytest.mark.usefixtures("staging")
@pytest.mark.skipif(not can_trace(), reason="strace shows the order of system calls, and does not work here")
def test_an_append_returns_after_the_fsync(path: Path, tmp_path: Path) -> None:
    """Between one acknowledgement and the next the write-ahead log is synchronised."""
    trace = tmp_path / "trace"
    strace = ("strace", "-f", "-y", "-e", "trace=fsync,fdatasync,write", "-o", str(trace))

    output, errors = start("append", f"sqlite:///{path}", "m", "4", under=strace).communicate(timeout=60)

    assert output.split() == ["m-0", "m-1", "m-2", "m-3"], errors
    calls = re.findall(r'(?:f(?:data)?(sync)\(\d+<\S+-wal>\))|(?:write\(1<.*"(m-\d)")', trace.read_text())
    order = [sync or message_id for sync, message_id in calls]
    assert order[order.index("m-0") - 1 :] == ["sync", "m-0", "sync", "m-1", "sync", "m-2", "sync", "m-3"]


def test_a_kill_loses_nothing_that_was_acknowledged(staging: Staging, path: Path) -> None:
    """Every messageId that a process had said before it was killed is in the store, which is whole."""
    with start("append", f"sqlite:///{path}", "m", "0") as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(100)]

        process.kill()
        said += process.stdout.readlines()

    acknowledged = [line.strip() for line in said if line.endswith("\n")]
    assert pending_ids(staging)[: len(acknowledged)] == acknowledged
    with closing(sqlite3.connect(path)) as db:
        assert pragma(db, "integrity_check") == "ok"


# Several processes


def test_processes_that_append_at_once_wait_for_each_other(staging: Staging, path: Path) -> None:
    """No append fails because the database is locked, and the log has no hole."""
    processes = [start("append", f"sqlite:///{path}", name, "150") for name in ("a", "b", "c")]

    results = [process.communicate(timeout=60) for process in processes]

    assert [errors for _, errors in results] == ["", "", ""]
    events = staging.pending("vendor", 1000)
    assert [event.seq for event in events] == list(range(1, 451))
    assert {event.message_id for event in events} == {f"{name}-{n}" for name in "abc" for n in range(150)}


def test_processes_that_start_at_once_make_the_store_once(path: Path) -> None:
    """The first one makes the tables, the others wait for it."""
    processes = [start("append", f"sqlite:///{path}", name, "1") for name in ("a", "b", "c", "d")]

    results = [process.communicate(timeout=60) for process in processes]

    assert results == [("a-0\n", ""), ("b-0\n", ""), ("c-0\n", ""), ("d-0\n", "")]


def test_one_process_checkpoints(staging: Staging, path: Path) -> None:
    """The first one that asks does it for as long as it lives; SQLite before 3.51.3 needs it so."""
    staging.checkpoint()
    with closing(open_at(path)) as other:
        other.checkpoint()
        other.append([big("m-1")])
        untouched = path.stat().st_size

        staging.append([big("m-2")])

        assert untouched < BIG < path.stat().st_size


def test_another_process_takes_over_the_checkpoints(staging: Staging, path: Path) -> None:
    """When the one that did them has ended, the next one that asks does."""
    staging.checkpoint()
    with closing(open_at(path)) as other:
        staging.close()
        other.append([big("m-1")])
        untouched = path.stat().st_size

        other.checkpoint()
        other.append([big("m-2")])

        assert untouched < BIG < path.stat().st_size


def test_a_connection_checkpoints_only_when_it_is_its_turn(connection: Connection) -> None:
    """By itself no connection does."""
    with connection.reading() as db:
        assert pragma(db, "wal_autocheckpoint") == 0


def test_a_long_log_is_cut_off_once_nobody_reads_in_it(staging: Staging, path: Path) -> None:
    """A backup that reads for minutes lets it grow meanwhile; the checkpoint does what it can and goes on."""
    wal = path.with_name(f"{path.name}-wal")
    staging.checkpoint()
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT head FROM log").fetchone()
        staging.append([Entry("web", "m-1", 1000.0, "x" * WAL_LIMIT)])

        staging.checkpoint()

        assert wal.stat().st_size > WAL_LIMIT
    staging.checkpoint()
    assert wal.stat().st_size == 0


def test_a_reading_sees_one_moment(connection: Connection, path: Path) -> None:
    """Two statements of one reading agree, whatever another process writes between them."""
    count = "SELECT count(*) FROM events"
    with closing(open_at(path)) as other, connection.reading() as db:
        before = db.execute(count).fetchone()
        other.append([entry("m-1")])

        assert db.execute(count).fetchone() == before


# What can be wrong with a store


def test_a_store_of_a_newer_version_is_refused(staging: Staging, path: Path) -> None:
    """The sentence says what to do."""
    staging.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")

    with pytest.raises(StagingError, match=r"^the staging store .* was written by a newer version: install that one$"):
        open_at(path)


def test_a_store_whose_making_was_interrupted_is_finished(staging: Staging, path: Path) -> None:
    """A process that died between making the tables and noting their version leaves nothing to repair."""
    staging.append([entry("m-1")])
    staging.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 0")

    with closing(open_at(path)) as reopened:
        assert pending_ids(reopened) == ["m-1"]


def test_a_store_that_cannot_be_opened_is_a_staging_error(tmp_path: Path) -> None:
    """A folder, something else than a database, a path through a file: one sentence that names the path."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("this is no database, whatever its name says" * 100)

    with pytest.raises(StagingError, match="folder cannot be opened"):
        open_at(tmp_path / "folder")
    with pytest.raises(StagingError, match=r"text cannot be opened: .*; move it away .* `analytics restore` the last"):
        open_at(tmp_path / "text")
    with pytest.raises(StagingError, match=r"staging\.db cannot be opened"):
        open_at(tmp_path / "text" / "staging.db")


def test_damage_that_is_found_later_is_a_staging_error_with_the_same_remedy(path: Path) -> None:
    """Of a page that nobody had read before."""
    with closing(open_at(path)) as staging:
        staging.append([entry(f"m-{number}") for number in range(100)])
    with closing(sqlite3.connect(path)) as db:
        root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'events'").fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)

    with closing(open_at(path)) as staging, pytest.raises(StagingError) as refused:
        staging.logged(None, 0, 10)

    assert str(refused.value).startswith("the staging store is unavailable: SQLITE_CORRUPT; move it away with its -wal")


def test_a_locked_database_is_a_staging_error(connection: Connection, path: Path) -> None:
    """Whoever asked comes back later; nothing of the attempt stays, and the connection goes on."""
    log = Log(connection, MessageIds())
    with connection.reading() as db:
        db.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StagingError, match="SQLITE_BUSY"):
            log.append([entry("m-1")])

    assert log.append([entry("m-1")]) == [True]


def test_a_full_database_is_staging_full(connection: Connection) -> None:
    """What SQLite calls full is for the operator to mend; the connection goes on once there is room."""
    log = Log(connection, MessageIds())
    with connection.reading() as db:
        db.execute(f"PRAGMA max_page_count = {pragma(db, 'page_count')}")

    with pytest.raises(StagingFull):
        log.append([big("m-1")])

    with connection.reading() as db:
        db.execute("PRAGMA max_page_count = 100000")
    assert log.append([big("m-1")]) == [True]


def test_a_disk_without_room_is_a_staging_error_until_there_is_some(staging: Staging, path: Path) -> None:
    """What was acknowledged stays, what was refused can be sent again, and nobody has to open the store anew."""
    output, errors = start("fill_disk", f"sqlite:///{path}").communicate(timeout=60)

    assert errors == ""
    *acknowledged, no_room, again = output.split("\n")[:-1]
    assert (no_room, again) == ("no room", f"m-{len(acknowledged)}")
    assert pending_ids(staging) == [*acknowledged, again]


@pytest.mark.parametrize("change", [removed, moved, replaced])
def test_a_store_whose_file_is_another_takes_nothing(
    staging: Staging, path: Path, change: Callable[[Path], None]
) -> None:
    """SQLite would go on writing to a file that nobody else will ever open."""
    staging.append([entry("e1")])

    change(path)

    with pytest.raises(StagingError, match="is gone, or another one in its place; start this process again"):
        staging.append([entry("e2")])
    with pytest.raises(StagingError, match="is gone, or another one in its place"):
        staging.check()
