"""What may a snapshot's declaration say, and what does its author read when it may not?"""

from pathlib import Path
from typing import Any

import pytest

from analytics_platform.settings import ConfigurationError
from analytics_platform.settings.snapshots import CHECKOUT
from analytics_platform.snapshots.declaration import read, read_all
from event_registry import registry
from tests.application import OF_A_DAY, PRESENT, write


def test_a_declaration_needs_little(tmp_path: Path) -> None:
    """The rest has defaults; numbers of the plan are metrics."""
    write(tmp_path)

    declaration = read(tmp_path, "accounts", registry.default())

    assert (declaration.name, declaration.timezone, declaration.partitions) == ("accounts", "UTC", "daily")
    assert declaration.metrics == ("seat_count", "mrr")
    assert not declaration.is_of_any_time


def test_a_query_that_names_a_partitions_time_can_be_asked_about_the_past(tmp_path: Path) -> None:
    """Nothing else needs to be declared for it."""
    write(tmp_path, OF_A_DAY)

    assert read(tmp_path, "accounts", registry.default()).is_of_any_time


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"owner": None}, "owner: is needed"),
        ({"own": "me"}, "own: there is no such setting; correct its name or remove it"),
        ({"dialect": "oracle"}, "dialect: must be 'sqlite', 'postgresql', 'mysql' or 'duckdb'"),
        (
            {"database_env": "postgresql://u:canary@h/d"},
            "database_env: must be the name of an environment variable, such as APPLICATION_DATABASE",
        ),
        ({"call": "track"}, "call: must be 'group' or 'identify'"),
        ({"traits": []}, "traits: must name at least one column"),
        (
            {"traits": ["colour"]},
            "traits: the plan has no trait colour for group; add it in event_registry/events.py",
        ),
        ({"traits": ["plan", "plan"]}, "traits: the columns of id, user and traits must differ; name each once"),
        ({"call": "identify", "user": "owner"}, "user: identify names its user by id; remove user"),
        (
            {"farewell": {"gone": True}},
            "farewell: the plan has no trait gone for group; add it in event_registry/events.py",
        ),
        ({"farewell": {"is_deleted": "yes"}}, "farewell: $.traits.is_deleted: expected boolean, found string"),
        ({"cron": "0 25 * * *"}, "cron: the hour must be *, or numbers from 0 to 23 such as 1, 1-5, 1,3 or */2"),
        ({"cron": "daily"}, 'cron: must have five fields, such as "0 6 * * *", found 1'),
        ({"timezone": "Mars/Olympus"}, 'timezone: is no time zone; write one such as "Europe/Berlin"'),
        ({"partitions": "weekly"}, "partitions: must be 'daily' or 'hourly'"),
        ({"start": "soon"}, "start: must be a valid date or datetime, input is too short"),
        ({"metrics": ["seats"]}, "metrics: seats is none of the traits; add it there, or remove it here"),
        (
            {"tolerances": {"seats": 0.1}},
            "tolerances: seats is neither row_count nor one of the traits; remove it",
        ),
        ({"tolerance": 0}, "tolerance: must be greater than 0"),
    ],
)
def test_a_mistake_is_one_sentence_with_file_field_and_remedy(
    tmp_path: Path, fields: dict[str, Any], sentence: str
) -> None:
    """Never with the value, which may be a password in the wrong place."""
    path = write(tmp_path, **fields)

    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, "accounts", registry.default())

    assert str(caught.value) == f"{path}: {sentence}"


def test_the_select_stands_beside_the_declaration(tmp_path: Path) -> None:
    """The sentence names the file that is missing."""
    write(tmp_path).with_suffix(".sql").unlink()

    with pytest.raises(ConfigurationError, match=r"accounts\.sql: cannot be read .* put the snapshot's SELECT there"):
        read(tmp_path, "accounts", registry.default())


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELECT 1; SELECT 2", "must be one SELECT, found 2 statements; keep one"),
        ("DELETE FROM accounts", "must only read, found DELETE; a snapshot is one SELECT"),
        (f"{PRESENT}; DROP TABLE accounts", "must be one SELECT, found 2 statements; keep one"),
    ],
)
def test_sql_that_is_not_one_select_is_refused_at_load(tmp_path: Path, sql: str, sentence: str) -> None:
    """Before a database sees it; the sentence names the file."""
    path = write(tmp_path, sql)

    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, "accounts", registry.default())

    assert str(caught.value) == f"{path.with_suffix('.sql')}: {sentence}"


def test_a_snapshot_has_the_name_of_its_files(tmp_path: Path) -> None:
    """So that it has one alone."""
    path = write(tmp_path)
    path.write_text(f'name = "other"\n{path.read_text()}')

    with pytest.raises(ConfigurationError, match=r"accounts\.toml: name: comes from the files; remove it"):
        read(tmp_path, "accounts", registry.default())


def test_toml_that_is_none_is_named_with_its_line(tmp_path: Path) -> None:
    """By the reader's own words, which have the place."""
    write(tmp_path).write_text("description =\n")

    with pytest.raises(ConfigurationError, match=r"accounts\.toml: is no TOML, where texts stand in quotes: .*line 1"):
        read(tmp_path, "accounts", registry.default())


def test_one_broken_snapshot_leaves_the_others(tmp_path: Path) -> None:
    """Each by its name, the broken one with its fault."""
    write(tmp_path)
    write(tmp_path, name="broken", owner=None)

    good, faults = read_all(tmp_path, registry.default())

    assert [each.name for each in good] == ["accounts"]
    assert faults == {"broken": f"{tmp_path / 'broken.toml'}: owner: is needed"}


def test_the_snapshots_that_come_with_the_product_can_be_read() -> None:
    """Those of the folder `snapshots/`."""
    good, faults = read_all(CHECKOUT, registry.default())

    assert ([each.name for each in good], faults) == (["accounts", "mrr"], {})
