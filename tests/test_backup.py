"""Is what a backup has put back the same as what was there?"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from typer.testing import CliRunner

from analytics_platform.backup.manifest import NAME, BackupError, read
from analytics_platform.backup.taking import take as take_backup
from analytics_platform.cli import app
from analytics_platform.settings import Settings, load
from analytics_platform.settings.hash_key import hash_key
from analytics_platform.snapshots.memory import opened
from analytics_platform.staging import open_staging
from analytics_platform.staging.aside import Aside
from analytics_platform.staging.base import Burial, Dead, Entry, Settlement
from analytics_platform.staging.suppression import Person, SuppressionList
from analytics_platform.supervisor.checks import claimed
from tests.databases import Server
from tests.programs import start
from tests.stores import pending_ids, take

pytest_plugins = ["tests.database_fixtures"]

NOW = datetime(2026, 3, 4, 10, 20, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the test's own environment counts."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("ANALYTICS_", "DAGSTER_"))]:
        monkeypatch.delenv(name)


def settings_of(data: Path, **environ: str) -> Settings:
    """The settings of an installation in this folder."""
    return load({"ANALYTICS_DATA_DIR": str(data), **environ}, data.parent)


def fill(settings: Settings) -> None:
    """Some of everything that a store may have in it."""
    with closing(open_staging(settings.queue)) as staging:
        staging.register(["file"])
        calls = [
            Entry("web", f"m-{n}", 1000.0 + n, json.dumps({"userId": "u1", "text": "Zoë \\u0000"})) for n in range(9)
        ]
        staging.append([*calls, Entry("web", "q-1", 1.0, "{}", '[{"path": "$"}]')])
        events = staging.pending("file", 4)
        lease = take(staging, "run-1", "file")
        dead = [Burial(events[2], "HTTP 400", "no")]
        staging.settle(lease, Settlement(delivered=[events[0], events[3]], dead=dead, failed=[events[1]]))
        staging.end_run("run-1", "buried")
        SuppressionList(staging, hash_key({}, settings.data_dir)).add([Person("user", "u9")])
    with opened(settings.data_dir / "snapshots", "seats") as memory:
        assert memory


def contents(settings: Settings) -> dict[str, object]:
    """All that a store tells of itself."""
    with closing(open_staging(settings.queue)) as staging:
        return {
            "log": staging.logged(None, 0, 1000),
            "pending": pending_ids(staging, "file"),
            "troubles": staging.troubles("file", staging.logged(None, 0, 1000)),
            "counts": staging.counts("file"),
            "dead": staging.dead_letters(Dead(), 0, 100),
            "quarantine": staging.quarantined(Aside(), 0, 100),
            "runs": staging.runs(["run-1"]),
            "suppressions": staging.suppressions(0),
            "known": staging.append([Entry("web", "m-0", 1.0, "{}")]),
        }


def run(data: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
    """What `analytics` says, in an installation in this folder; the exit code comes first if it is not 0."""
    result = CliRunner().invoke(app, arguments, env={"ANALYTICS_DATA_DIR": str(data), **(environ or {})})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return (f"{result.exit_code}: " if result.exit_code else "") + result.output


def test_what_is_restored_is_what_was_there(tmp_path: Path) -> None:
    """Events, cursors, dead letters, quarantine, suppressions with their key, what snapshots remember."""
    old, new = settings_of(tmp_path / "old"), settings_of(tmp_path / "new")
    fill(old)

    taken = run(old.data_dir, "backup", "backup")
    said = run(new.data_dir, "restore", "backup")

    assert "as of" in taken
    assert "Waiting: 6 for file." in said
    assert "sent again, with the same deduplication keys" in said
    assert contents(new) == contents(old)
    assert (new.data_dir / "hash-key").read_bytes() == (old.data_dir / "hash-key").read_bytes()
    assert (new.data_dir / "snapshots" / "seats.db").is_file()
    with closing(sqlite3.connect(new.data_dir / "staging.db")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [path for path in new.data_dir.rglob("*") if path.is_file() and path.stat().st_mode & 0o077] == []


def test_a_backup_is_one_moment_of_a_store_that_is_written_to(tmp_path: Path) -> None:
    """Several processes append all the time: what is in it is the beginning of the log, whole and in order."""
    old, new = settings_of(tmp_path / "old"), settings_of(tmp_path / "new")
    fill(old)
    with ExitStack() as stack:
        writers = [stack.enter_context(start("append", old.queue, name, "0")) for name in ("a", "b")]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()  # it has begun

        run(old.data_dir, "backup", "backup")

        for writer in writers:
            writer.kill()
            writer.communicate()
    run(new.data_dir, "restore", "backup")

    with closing(open_staging(old.queue)) as before, closing(open_staging(new.queue)) as after:
        log = after.logged(None, 0, 1_000_000)
        assert len(log) == after.head() >= 11
        assert log == before.logged(None, 0, len(log))


def test_dagsters_runs_are_restored_with_their_events(tmp_path: Path) -> None:
    """So that a failed run can be re-executed as before."""
    old, new = tmp_path / "old", tmp_path / "new"
    fill(settings_of(old))
    (old / "dagster").mkdir()
    run_id = dagster_run(old / "dagster", {})

    run(old, "backup", "backup")
    said = run(new, "restore", "backup")

    assert said.startswith("Restored")
    with dg.instance_for_test(temp_dir=str(new / "dagster")) as instance:
        assert [record.run_id for record in instance.get_runs()] == [run_id]
        assert len(instance.all_logs(run_id)) > 5


@dg.op
def rest() -> None:
    """Does nothing."""


@dg.job(executor_def=dg.in_process_executor)
def resting() -> None:
    """A job that does nothing."""
    rest()


def dagster_run(home: Path, overrides: Mapping[str, object]) -> str:
    """A run in the Dagster that lives there; its id."""
    with dg.instance_for_test(temp_dir=str(home), overrides=dict(overrides)) as instance:
        return resting.execute_in_process(instance=instance).run_id


@pytest.fixture
def databases(postgres_server: Server) -> Iterator[tuple[str, str]]:
    """Two databases of a Postgres."""
    with postgres_server.database() as old, postgres_server.database() as new:
        yield old, new


def test_a_store_on_postgres_is_copied_in_one_transaction(tmp_path: Path, databases: tuple[str, str]) -> None:
    """The same contents, with the days of its log, and numbers that go on behind them."""
    on_old, on_new = ({"ANALYTICS_QUEUE": url} for url in databases)
    old, new = settings_of(tmp_path / "old", **on_old), settings_of(tmp_path / "new", **on_new)
    fill(old)

    run(old.data_dir, "backup", "backup", environ=on_old)
    said = run(new.data_dir, "restore", "backup", environ=on_new)

    assert "Waiting: 6 for file." in said
    assert rows(databases[1], "analytics") == rows(databases[0], "analytics")
    assert contents(new) == contents(old)
    with closing(open_staging(new.queue)) as staging:
        staging.append([Entry("web", "m-next", 1.0, "{}"), Entry("web", "q-2", 1.0, "{}", "[]")])
        assert (staging.head(), len(staging.quarantined(Aside(), 0, 10))) == (10, 2)


def test_a_store_on_postgres_that_is_written_to_is_copied_as_of_one_moment(
    tmp_path: Path, databases: tuple[str, str]
) -> None:
    """What is in it is the beginning of the log, whole and in order."""
    on_old, on_new = ({"ANALYTICS_QUEUE": url} for url in databases)
    old, new = settings_of(tmp_path / "old", **on_old), settings_of(tmp_path / "new", **on_new)
    fill(old)
    with start("append", old.queue, "a", "0") as writer:
        assert writer.stdout is not None
        writer.stdout.readline()  # it has begun

        run(old.data_dir, "backup", "backup", environ=on_old)

        writer.kill()
        writer.communicate()
    run(new.data_dir, "restore", "backup", environ=on_new)

    with closing(open_staging(old.queue)) as before, closing(open_staging(new.queue)) as after:
        log = after.logged(None, 0, 1_000_000)
        assert len(log) == after.head() >= 10
        assert log == before.logged(None, 0, len(log))


def test_a_store_on_postgres_that_somebody_uses_is_not_touched(tmp_path: Path, databases: tuple[str, str]) -> None:
    """Also from another machine, whose lock is elsewhere; nor is one that is not empty."""
    on_old = {"ANALYTICS_QUEUE": databases[0]}
    old = settings_of(tmp_path / "old", **on_old)
    fill(old)
    run(old.data_dir, "backup", "backup", environ=on_old)

    with closing(open_staging(databases[1])):
        used = run(tmp_path / "new", "restore", "backup", environ={"ANALYTICS_QUEUE": databases[1]})
    full = run(tmp_path / "new", "restore", "backup", environ=on_old)

    assert "the staging store is in use: stop everything that uses it" in used
    assert "the staging store is not empty" in full


def test_a_database_of_another_version_is_refused(tmp_path: Path, databases: tuple[str, str]) -> None:
    """On Postgres the tables are those of the version that took the backup."""
    on_old = {"ANALYTICS_QUEUE": databases[0]}
    fill(settings_of(tmp_path / "old", **on_old))
    run(tmp_path / "old", "backup", "backup", environ=on_old)
    open_staging(databases[1]).close()
    with psycopg.connect(databases[1]) as db:
        db.execute("ALTER TABLE analytics.streams ADD COLUMN later integer")

    said = run(tmp_path / "new", "restore", "backup", environ={"ANALYTICS_QUEUE": databases[1]})

    assert "the database is of another version than the backup" in said


def test_dagsters_storage_on_postgres_is_copied_in_one_transaction(tmp_path: Path, databases: tuple[str, str]) -> None:
    """And what numbers its rows goes on behind them: the next run is another one."""
    on_old, on_new = ({"ANALYTICS_DAGSTER_STORAGE": url} for url in databases)
    old, new = tmp_path / "old", tmp_path / "new"
    fill(settings_of(old))
    home = tmp_path / "home"
    home.mkdir()
    run_id = dagster_run(home, storage(databases[0]))

    run(old, "backup", "backup", environ=on_old)
    said = run(new, "restore", "backup", environ=on_new)

    assert said.startswith("Restored")
    assert rows(databases[1], "public") == rows(databases[0], "public")
    another = dagster_run(home, storage(databases[1]))
    with dg.instance_for_test(temp_dir=str(home), overrides=storage(databases[1])) as instance:
        assert {each.run_id for each in instance.get_runs()} == {run_id, another}
        assert len(instance.all_logs(run_id)) == len(instance.all_logs(another)) > 5


def test_a_storage_of_another_kind_is_refused(tmp_path: Path, databases: tuple[str, str]) -> None:
    """SQLite's files do not go into Postgres; the setting is named."""
    old, new = tmp_path / "old", tmp_path / "new"
    fill(settings_of(old))
    run(old, "backup", "backup")

    said = run(new, "restore", "backup", environ={"ANALYTICS_DAGSTER_STORAGE": databases[1]})

    assert said == (
        "1: analytics: Dagster's storage of the backup is sqlite, and here it is postgres: "
        "set ANALYTICS_DAGSTER_STORAGE accordingly\n"
    )


def test_a_database_that_cannot_be_reached_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    """And leaves no backup with a name."""
    old = tmp_path / "old"
    fill(settings_of(old))

    said = run(old, "backup", "backup", environ={"ANALYTICS_DAGSTER_STORAGE": "postgresql://u:secret@127.0.0.1:9/x"})

    assert said.startswith('1: analytics: Postgres: connection to server at "127.0.0.1", port 9 failed')
    assert "secret" not in said
    assert not (tmp_path / "backup").exists()


def storage(url: str) -> dict[str, object]:
    """Dagster's storage there, as dagster.yaml says it."""
    return {"storage": {"postgres": {"postgres_url": url.replace("postgresql://", "postgresql+psycopg2://")}}}


def rows(url: str, schema: str) -> dict[str, list[str]]:
    """Everything in a schema of a database."""
    with psycopg.connect(url) as db:
        found = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,))
        tables = [name for (name,) in found]
        return {name: sorted(map(str, db.execute(f"SELECT * FROM {schema}.{name}"))) for name in tables}


# What is refused


def test_a_store_that_is_not_empty_is_not_overwritten(tmp_path: Path) -> None:
    """The sentence says what to do; nothing has changed."""
    old = settings_of(tmp_path / "old")
    fill(old)
    run(old.data_dir, "backup", "backup")
    before = contents(old)

    said = run(old.data_dir, "restore", "backup")

    assert said.startswith(
        "1: analytics: the staging store is not empty, and restoring would overwrite it: set ANALYTICS"
    )
    assert contents(old) == before


def test_an_installation_that_runs_is_not_touched(tmp_path: Path) -> None:
    """Its lock says that it does."""
    old, new = settings_of(tmp_path / "old"), settings_of(tmp_path / "new")
    fill(old)
    run(old.data_dir, "backup", "backup")

    with claimed(new.data_dir):
        said = run(new.data_dir, "restore", "backup")

    assert said.startswith("1: analytics: Another `analytics run` or `analytics part` uses the data folder")
    assert not (new.data_dir / "staging.db").exists()


def test_a_folder_that_is_not_empty_gets_no_backup(tmp_path: Path) -> None:
    """An empty one does."""
    old = settings_of(tmp_path / "old")
    fill(old)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    (tmp_path / "empty").mkdir()

    assert "full is not empty: give the name of a new folder" in run(old.data_dir, "backup", "full")
    assert "as of" in run(old.data_dir, "backup", "empty")


def test_an_unfinished_backup_has_no_name(tmp_path: Path) -> None:
    """It is written beside it: what a killed one has left is not in the way, and never restored."""
    old = settings_of(tmp_path / "old")
    fill(old)
    draft = tmp_path / "backup.unfinished"
    draft.mkdir()
    (draft / "half").touch()

    run(old.data_dir, "backup", "backup")

    assert not draft.exists()
    assert not (tmp_path / "backup" / "half").exists()


@pytest.mark.parametrize("damage", [b"", b"other"])
def test_a_damaged_backup_is_refused(tmp_path: Path, damage: bytes) -> None:
    """A checksum of each file is in the manifest; nothing has been put anywhere then."""
    old, new = settings_of(tmp_path / "old"), settings_of(tmp_path / "new")
    fill(old)
    run(old.data_dir, "backup", "backup")
    (tmp_path / "backup" / "staging" / "staging.db").write_bytes(damage)

    said = run(new.data_dir, "restore", "backup")

    assert "staging.db is not as it was written: take another backup, this one is damaged" in said
    assert not (new.data_dir / "staging.db").exists()


@pytest.mark.parametrize("text", [None, "no JSON", "{}", '{"format": 1}'])
def test_what_is_no_backup_is_refused(tmp_path: Path, text: str | None) -> None:
    """A folder without a manifest, or with one that says nothing."""
    if text is not None:
        (tmp_path / NAME).write_text(text)

    with pytest.raises(BackupError, match="is no backup: give the folder that `analytics backup` has made"):
        read(tmp_path)


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """Whatever is in it."""
    (tmp_path / NAME).write_text('{"format": 2}')

    with pytest.raises(BackupError, match="was made by a newer version: install that one"):
        read(tmp_path)


def test_a_store_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """And makes none."""
    with pytest.raises(BackupError, match="unable to open database file"):
        take_backup(settings_of(tmp_path / "none"), tmp_path / "backup", NOW)

    assert not (tmp_path / "none").exists()
    assert not (tmp_path / "backup").exists()
