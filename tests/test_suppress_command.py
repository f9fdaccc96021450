"""What does `analytics suppress` do?"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analytics_platform.commands.suppress import app
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, Staging
from analytics_platform.staging.suppression import SuppressionList

KEY = "k" * 32
U1, A1 = '{"userId": "u1"}', '{"anonymousId": "a 1"}'


def suppress(folder: Path, *arguments: str, key: str = KEY) -> Result:
    """Run the command for the installation in a folder."""
    environment = {"ANALYTICS_DATA_DIR": str(folder), "ANALYTICS_HASH_KEY": key, "ANALYTICS_QUEUE": None}
    return CliRunner().invoke(app, arguments, env=environment)


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    """The installation's store, as the ingest API has it open meanwhile."""
    with closing(open_staging(f"sqlite:///{tmp_path}/staging.db")) as staging:
        yield staging


def kept_out(staging: Staging) -> list[str]:
    """Which of the two people the ingest API keeps out."""
    payloads = [U1, A1]
    entries = [Entry("web", "m-1", 1000.0, payload) for payload in payloads]
    return [payloads[place] for place in sorted(SuppressionList(staging, KEY.encode()).among(entries))]


def test_people_are_added_by_their_ids(tmp_path: Path, staging: Staging) -> None:
    """Several at once, of both kinds."""
    done = suppress(tmp_path, "add", "--user", "u1", "--user", "u2", "--anonymous", "a 1")

    assert (done.exit_code, done.output) == (0, "3 added\n")
    assert kept_out(staging) == [U1, A1]


def test_people_are_added_from_a_file(tmp_path: Path, staging: Staging) -> None:
    """One a line; empty lines do not matter, and an id may have spaces in it."""
    people = tmp_path / "people"
    people.write_text("user u1\n\n  anonymous\ta 1 \n")

    done = suppress(tmp_path, "add", "--from-file", str(people))

    assert (done.exit_code, done.output) == (0, "2 added\n")
    assert kept_out(staging) == [U1, A1]


def test_people_are_taken_off_again(tmp_path: Path, staging: Staging) -> None:
    """By the same options."""
    suppress(tmp_path, "add", "--user", "u1", "--anonymous", "a 1")

    done = suppress(tmp_path, "remove", "--user", "u1", "--user", "u9")

    assert (done.exit_code, done.output) == (0, "1 removed\n")
    assert kept_out(staging) == [A1]


def test_the_list_is_counted(tmp_path: Path, staging: Staging) -> None:
    """The ids on it, and the calls that it has kept out; never the ids themselves."""
    suppress(tmp_path, "add", "--user", "u1", "--user", "u2")
    SuppressionList(staging, KEY.encode()).append([Entry("web", "m-1", 1000.0, U1)])

    done = suppress(tmp_path, "count")

    assert (done.exit_code, done.output) == (0, "ids on the list: 2, calls dropped for it: 1\n")


@pytest.mark.parametrize("arguments", [["add"], ["remove"], ["add", "--user", ""]])
def test_nobody_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    """It is a slip, and would look as if it had worked."""
    done = suppress(tmp_path, *arguments)

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "analytics: name somebody with --user, --anonymous or --from-file\n"


@pytest.mark.parametrize("line", ["u1", "email u1@example.com", "user", "user: u1"])
def test_a_line_that_names_nobody_is_refused(tmp_path: Path, staging: Staging, line: str) -> None:
    """By its number, never by what is in it; nobody of the file is added then."""
    people = tmp_path / "people"
    people.write_text(f"user u1\n{line}\n")

    done = suppress(tmp_path, "add", "--from-file", str(people))

    assert done.exit_code == 1
    assert done.stderr.startswith(f"analytics: {people}, line 2: write `user ID` or `anonymous ID`")
    assert "u1" not in done.stderr
    assert kept_out(staging) == []


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """In one sentence."""
    done = suppress(tmp_path, "add", "--from-file", str(tmp_path / "missing"))

    assert done.exit_code == 1
    assert done.stderr == f"analytics: {tmp_path}/missing cannot be read (FileNotFoundError)\n"


def test_another_hash_key_is_one_line(tmp_path: Path, staging: Staging) -> None:
    """What is listed could not be recognised with it."""
    suppress(tmp_path, "add", "--user", "u1")

    done = suppress(tmp_path, "add", "--user", "u2", key="o" * 32)

    assert done.exit_code == 1
    assert done.stderr.startswith("analytics: the suppression list was made with another hash key: ")
    assert done.stderr.count("\n") == 1
    assert kept_out(staging) == [U1]


def test_a_list_whose_key_is_lost_can_be_given_up(tmp_path: Path, staging: Staging) -> None:
    """Everybody on it is off it then."""
    suppress(tmp_path, "add", "--user", "u1")

    done = suppress(tmp_path, "clear", key="o" * 32)

    assert (done.exit_code, done.output) == (0, "1 removed\n")
    assert kept_out(staging) == []
