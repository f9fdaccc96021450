"""What do the parts find when they start?"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml  # type: ignore[import-untyped]  # comes with Dagster, without types

from analytics_platform.settings import ConfigurationError, load
from analytics_platform.supervisor.data_folder import DAGSTER_YAML, DAGSTER_YAML_ON_POSTGRES, prepare
from analytics_platform.supervisor.parts import environment_of_parts
from tests.databases import postgres


def refusal(folder: Path) -> str:
    """Why the parts cannot start on a data folder."""
    settings = load({"ANALYTICS_DATA_DIR": str(folder)}, folder)
    with pytest.raises(ConfigurationError) as refused:
        prepare(settings, environment_of_parts(os.environ, settings, 4266))
    return str(refused.value)


def test_everything_is_there_before_the_first_part_starts(tmp_path: Path) -> None:
    """The parts start at the same moment: tables that two of them make at once would stop one of them."""
    settings = load({"ANALYTICS_DATA_DIR": str(tmp_path)}, tmp_path)

    prepare(settings, environment_of_parts(os.environ, settings, 4266))

    assert (tmp_path / "logs").is_dir()
    assert (tmp_path / "staging.db").exists()
    assert (tmp_path / "demo.db").exists()
    assert (tmp_path / "dagster" / "dagster.yaml").read_text() == DAGSTER_YAML.read_text()
    assert (tmp_path / "dagster" / "history" / "runs.db").exists()


def test_what_cannot_be_prepared_is_one_sentence(tmp_path: Path) -> None:
    """A folder where a file must be, as an example of a disk that does not do what it should."""
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").mkdir()

    assert refusal(tmp_path) == (
        f"{tmp_path}/dagster/dagster.yaml in the data folder {tmp_path} cannot be used (Is a directory): "
        "move the folder away that is where a file must be, or set ANALYTICS_DATA_DIR to another folder"
    )


def test_a_database_that_sqlite_cannot_make_is_one_sentence_too(tmp_path: Path) -> None:
    """SQLite's errors are none of the system's; on a full disk it is the demo's database that is made first."""
    (tmp_path / "demo.db").mkdir()

    assert refusal(tmp_path) == (
        f"{tmp_path}/demo.db in the data folder {tmp_path} cannot be used (unable to open database file): "
        "let the user of this process write it, or set ANALYTICS_DATA_DIR to another folder"
    )


def test_a_damaged_storage_of_dagster_is_one_sentence_with_a_remedy(tmp_path: Path) -> None:
    """Runs are all that it holds."""
    (tmp_path / "dagster" / "history").mkdir(parents=True)
    (tmp_path / "dagster" / "history" / "runs.db").write_text("this is no database" * 100)

    assert refusal(tmp_path) == (
        f"Dagster's storage in {tmp_path}/dagster cannot be prepared: file is not a database; "
        "move that folder away to begin with a new one, which knows no earlier runs; events are elsewhere"
    )


@pytest.mark.parametrize(
    ("queue", "sentence"),
    [
        ("memory://", "ANALYTICS_QUEUE: a store in memory is one process's alone"),
        (
            "postgresql://me:canary@127.0.0.1:1/db",
            r"the staging store \S+127\.0\.0\.1:1/db cannot be opened: ",
        ),
    ],
)
def test_a_store_that_the_parts_cannot_share_is_one_sentence(tmp_path: Path, queue: str, sentence: str) -> None:
    """Before any of them is started; there is no password in it."""
    settings = load({"ANALYTICS_DATA_DIR": str(tmp_path), "ANALYTICS_QUEUE": queue}, tmp_path)

    with pytest.raises(ConfigurationError, match=f"^{sentence}") as refused:
        prepare(settings, environment_of_parts(os.environ, settings, 4266))

    assert "canary" not in str(refused.value)


def test_with_dagsters_storage_on_postgres_its_tables_are_made_there(tmp_path: Path) -> None:
    """At the first start, and again when the storage is another one."""
    data = tmp_path / "data"
    prepare_on(None, data)
    with postgres() as url:
        prepare_on(url, data)

        with psycopg.connect(url) as db:
            tables = {name for (name,) in db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert {"runs", "event_logs", "job_ticks"} <= tables
    assert (data / "dagster" / "dagster.yaml").read_text() == DAGSTER_YAML_ON_POSTGRES.read_text()


def test_store_and_dagsters_storage_may_be_in_one_database_of_a_user_named_as_the_stores_schema(tmp_path: Path) -> None:
    """As in the compose file; Postgres looks for tables in a schema of the user's name first, and both have `runs`."""
    with postgres() as url:
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("CREATE ROLE analytics LOGIN")
            db.execute("CREATE DATABASE analytics OWNER analytics")
            place = urlsplit(url)
            own = place._replace(netloc=f"analytics@{place.netloc.rpartition('@')[2]}", path="/analytics").geturl()

            prepare_on(own, tmp_path, ANALYTICS_QUEUE=own)

        with psycopg.connect(own) as db:
            places = {where for (where,) in db.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'runs'")}
    assert places == {"analytics", "public"}


def test_a_database_with_other_tables_in_it_is_one_sentence_with_what_the_driver_says(tmp_path: Path) -> None:
    """Whatever kind of error that is."""
    with postgres() as url:
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("CREATE TABLE runs (theirs integer)")

        with pytest.raises(ConfigurationError, match=r"cannot be prepared: column runs\.\w+ does not exist; see that"):
            prepare_on(url, tmp_path)


def test_a_storage_that_cannot_be_reached_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    """It says which setting is meant, and what the driver says."""
    with pytest.raises(ConfigurationError) as refused:
        prepare_on("postgresql://u:secret@127.0.0.1:9/x", tmp_path)

    sentence = str(refused.value)
    assert sentence.startswith(
        "Dagster's storage in Postgres (ANALYTICS_DAGSTER_STORAGE) cannot be prepared: connection"
    )
    assert "refused" in sentence
    assert sentence.endswith("; see that its server runs and lets us in, or correct ANALYTICS_DAGSTER_STORAGE")
    assert "secret" not in sentence


def test_dagsters_settings_are_the_same_on_both_but_for_the_storage() -> None:
    """What is changed in one of the two files is changed in the other."""
    embedded, on_postgres = (yaml.safe_load(path.read_text()) for path in (DAGSTER_YAML, DAGSTER_YAML_ON_POSTGRES))

    assert on_postgres.pop("storage") == {"postgres": {"postgres_url": {"env": "ANALYTICS_DAGSTER_STORAGE"}}}
    assert on_postgres == embedded


def prepare_on(storage: str | None, data: Path, **others: str) -> None:
    """Prepare a data folder with Dagster's storage there."""
    environ = {**os.environ, **others, "ANALYTICS_DATA_DIR": str(data)} | (
        {"ANALYTICS_DAGSTER_STORAGE": storage} if storage else {}
    )
    settings = load(environ, data.parent)
    prepare(settings, environment_of_parts(environ, settings, 4266))
