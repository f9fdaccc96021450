"""What does `analytics snapshot` do?"""

import json
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analytics_platform.cli import app
from analytics_platform.staging import sqlite
from analytics_platform.staging.sqlite.message_ids import MessageIds
from tests.application import OF_A_DAY, Application, write

OVER = (
    "2026-03-04 is over, and the query reads the present state only. "
    "Take the current partition, or have the query name :partition_start or :partition_end"
)

pytest_plugins = ["tests.snapshot_fixtures"]


def snapshot(application: Application, *arguments: str, **environ: str | None) -> Result:
    """Run the command for the installation in the application's folder."""
    environment = {
        "ANALYTICS_DATA_DIR": str(application.folder),
        "ANALYTICS_SNAPSHOTS": str(application.folder / "snapshots"),
        "APPLICATION_DATABASE": application.url,
        **environ,
    }
    return CliRunner().invoke(app, ["snapshot", *arguments], env=environment)


def test_a_dry_run_shows_the_first_calls_and_sends_none(application: Application) -> None:
    """Calls on stdout, as JSON; the count on stderr. Nothing is remembered either."""
    dry = snapshot(application, "run", "accounts", "--dry-run")
    after = snapshot(application, "run", "accounts")

    assert [call["groupId"] for call in json.loads(dry.stdout)] == ["acme", "globex"]
    assert "2 row(s) read, 2 changed; 2 call(s) would be sent, the first 2 are above" in dry.stderr
    assert "2 call(s) sent" in after.stdout


def test_a_run_sends_what_has_changed(application: Application) -> None:
    """The second one finds nothing."""
    outputs = [snapshot(application, "run", "accounts").stdout for _ in range(2)]

    assert [output.partition(": ")[2] for output in outputs] == [
        "2 row(s) read, 2 changed, 0 gone, 2 call(s) sent\n",
        "2 row(s) read, 0 changed, 0 gone, 0 call(s) sent\n",
    ]
    assert len(application.calls()) == 2


def test_a_full_run_sends_everything(application: Application) -> None:
    """Again."""
    snapshot(application, "run", "accounts")

    assert "2 call(s) sent" in snapshot(application, "run", "accounts", "--full").stdout


def test_what_was_sent_is_known_by_the_stores_index(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not for long by the memory of this process, which a million calls would fill; here one is too many."""
    monkeypatch.setattr(sqlite, "MessageIds", partial(MessageIds, most=1))

    snapshot(application, "run", "accounts")

    with closing(sqlite3.connect(application.folder / "staging.db")) as db:
        (folded,) = db.execute("SELECT folded FROM log").fetchone()
    assert max(json.loads(folded)) == 2


def test_a_day_of_the_past_can_be_named(application: Application) -> None:
    """Where the query can go back to it."""
    application.declare(OF_A_DAY)

    done = snapshot(application, "run", "accounts", "--partition", "2026-03-04")

    assert done.stdout.startswith("2026-03-04: 2 row(s) read")
    assert {call["timestamp"] for call in application.calls()} == {"2026-03-04T23:59:59.999Z"}


@pytest.mark.parametrize("option", ["--dry-run", "--full"])
def test_nonsense_ends_the_command_with_what_is_wrong(application: Application, option: str) -> None:
    """With 1, and nothing sent; --accept-changes sends it."""
    snapshot(application, "run", "accounts")
    application.has(("acme", "team", 3, 43.5), ("globex", "business", 2, 49.0))

    stopped = snapshot(application, "run", "accounts", option)
    accepted = snapshot(application, "run", "accounts", "--accept-changes")

    assert (stopped.exit_code, accepted.exit_code) == (1, 0)
    assert "the sum of mrr went from 185 to 92.5 (-50%), 40% is tolerated" in stopped.stderr
    assert len(application.calls()) == 4


@pytest.mark.parametrize(
    ("arguments", "environ", "sentence"),
    [
        (["nothing"], {}, "nothing is none of the snapshots in {folder}/snapshots: accounts"),
        (["accounts", "--partition", "x"], {}, "accounts has no partition of this name; write one such as 2026-11-24"),
        (
            ["accounts", "--partition", "2026-03-04"],
            {},
            f"accounts: {OVER}",
        ),
        (
            ["accounts"],
            {"APPLICATION_DATABASE": "sqlite:////nowhere/canary.db"},
            "accounts: the database in APPLICATION_DATABASE refused (OperationalError): unable to open database file",
        ),
    ],
)
def test_what_cannot_be_taken_is_one_line(
    application: Application, arguments: list[str], environ: dict[str, str | None], sentence: str
) -> None:
    """With the remedy, and an exit code that a script understands."""
    done = snapshot(application, "run", *arguments, **environ)

    assert done.exit_code == 1
    assert done.stderr == f"analytics: {sentence.format(folder=application.folder)}\n"


def test_the_list_has_every_snapshot_and_what_is_wrong_with_it(application: Application, tmp_path: Path) -> None:
    """A broken one ends the command with 1."""
    write(application.folder / "snapshots", name="broken", cron="daily")

    done = snapshot(application, "list")

    assert done.exit_code == 1
    assert done.stdout == (
        "ok   accounts: group(), 0 1 * * * UTC, daily, billing\n"
        f'BAD  broken: {tmp_path}/snapshots/broken.toml: cron: must have five fields, such as "0 6 * * *", found 1\n'
    )
