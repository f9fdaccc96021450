"""What does `analytics quarantine` do?"""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analytics_platform.commands.quarantine import app
from analytics_platform.staging import open_staging
from analytics_platform.staging.aside import Aside
from analytics_platform.staging.base import Entry, Staging

MISSPELT = {"path": "$.event", "code": "unplanned_event", "message": "the plan has no such event"}
MORE = {"path": "$.properties.x", "code": "unplanned_property", "message": "the plan has no such property"}


def quarantine(folder: Path, *arguments: str) -> Result:
    """Run the command for the installation in a folder."""
    environment = {"ANALYTICS_DATA_DIR": str(folder), "ANALYTICS_HASH_KEY": "k" * 32, "ANALYTICS_QUEUE": None}
    return CliRunner().invoke(app, arguments, env=environment)


def aside(message_id: str, event: str, *problems: dict[str, str], **properties: str) -> Entry:
    """A call for the quarantine, received at the beginning of 2026."""
    call = {"type": "track", "event": event, "userId": "u-1", "messageId": message_id, "properties": properties}
    return Entry("demo", message_id, 1_767_225_600.0, json.dumps(call), json.dumps(problems))


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    """The installation's store, in which three calls are in quarantine."""
    with closing(open_staging(f"sqlite:///{tmp_path}/staging.db")) as staging:
        staging.append(
            [
                aside("m-1", "report.craeted", MISSPELT, MORE),
                aside("m-2", "report.created", MORE, report_id="r-1"),
                aside("m-3", "report.craeted\x1b[31m", MISSPELT),
            ]
        )
        yield staging


@pytest.mark.usefixtures("staging")
def test_a_list_has_a_line_for_each_call(tmp_path: Path) -> None:
    """With its first problem; what a sender has named cannot command the terminal."""
    done = quarantine(tmp_path, "list")

    assert done.output == (
        "1  2026-01-01 00:00:00Z  demo  report.craeted  $.event: the plan has no such event (and 1 more)\n"
        "2  2026-01-01 00:00:00Z  demo  report.created  $.properties.x: the plan has no such property\n"
        "3  2026-01-01 00:00:00Z  demo  report.craeted?[31m  $.event: the plan has no such event\n"
        "3 in quarantine\n"
    )


@pytest.mark.usefixtures("staging")
@pytest.mark.parametrize(
    ("arguments", "last"),
    [
        (["--event", "report.craeted"], "1 in quarantine"),
        (["--source", "web"], "0 in quarantine"),
        (["--since", "2026-01-02"], "0 in quarantine"),
        (["--since", "2026-01-01"], "3 in quarantine"),
        (["--limit", "1"], "3 in quarantine, 1 of them shown"),
    ],
)
def test_a_list_can_be_cut(tmp_path: Path, arguments: list[str], last: str) -> None:
    """By event, source and time; the last line counts all that match."""
    assert quarantine(tmp_path, "list", *arguments).output.splitlines()[-1] == last


@pytest.mark.usefixtures("staging")
def test_one_call_is_shown_whole(tmp_path: Path) -> None:
    """With all its problems."""
    shown = json.loads(quarantine(tmp_path, "show", "1").output)

    assert shown["problems"] == [MISSPELT, MORE]
    assert (shown["id"], shown["source"], shown["call"]["messageId"]) == (1, "demo", "m-1")


@pytest.mark.usefixtures("staging")
def test_what_is_not_there_cannot_be_shown(tmp_path: Path) -> None:
    """One line says so."""
    done = quarantine(tmp_path, "show", "7")

    assert (done.exit_code, done.output) == (1, "analytics: 7 is not in quarantine: it was released, or never there\n")


def test_what_keeps_the_plan_is_released(tmp_path: Path, staging: Staging) -> None:
    """What does not is counted by event and problem."""
    done = quarantine(tmp_path, "release")

    assert done.output == (
        "1 released\n"
        "2 stay: they still break the plan\n"
        "  1  report.craeted  $.event: the plan has no such event: did you mean report.created?\n"
        "  1  report.craeted?[31m  $.event: the plan has no such event\n"
    )
    assert (staging.head(), staging.count_quarantined(Aside())) == (1, 2)


def test_a_dry_run_says_what_would_be(tmp_path: Path, staging: Staging) -> None:
    """And does nothing."""
    done = quarantine(tmp_path, "release", "--event", "report.created", "--dry-run")

    assert done.output == "1 would be released\n"
    assert (staging.head(), staging.count_quarantined(Aside())) == (0, 3)


def test_calls_are_released_by_their_ids(tmp_path: Path, staging: Staging) -> None:
    """As many as are named; an id that is not there may be a slip."""
    done = quarantine(tmp_path, "release", "2", "7")

    assert done.output == "1 released\n1 of these ids: not in quarantine, or not among what was asked for\n"
    assert staging.head() == 1


@pytest.mark.usefixtures("staging")
def test_a_moment_that_is_none_is_refused(tmp_path: Path) -> None:
    """Before anything is done."""
    assert quarantine(tmp_path, "release", "--since", "yesterday").exit_code == 2
