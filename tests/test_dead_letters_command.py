"""What do `analytics dead-letters` and `analytics replay` do?"""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner, Result

from analytics_platform.cli import app
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Burial, Dead, Entry, Settlement, Staging
from tests.fakes.clock import Clock
from tests.fakes.vendor import Vendor
from tests.stores import take

pytest_plugins = ["tests.destination_fixtures"]

BURIED_AT = 1_767_225_600.0  # the beginning of 2026
LAUNCHED = {"data": {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": "new-run"}}}}


def analytics(folder: Path, *arguments: str, dagster_port: str = "9") -> Result:
    """Run the command for the installation in a folder."""
    environment = {"ANALYTICS_DATA_DIR": str(folder), "ANALYTICS_QUEUE": None, "DAGSTER_PORT": dagster_port}
    return CliRunner().invoke(app, arguments, env=environment)


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    """The installation's store, in which `crm` has refused three events."""
    with closing(open_staging(f"sqlite:///{tmp_path}/staging.db", Clock(BURIED_AT))) as staging:
        staging.register(["crm"])
        calls = [{"type": "track", "event": event, "userId": "u1"} for event in ("made", "made\x1b[31m", "sold")]
        staging.append([Entry("web", f"m-{at}", BURIED_AT, json.dumps(call)) for at, call in enumerate(calls)])
        burials = [Burial(event, "HTTP 400", "no such thing") for event in staging.pending("crm", 10)]
        staging.settle(take(staging, "run-1", "crm"), Settlement(dead=burials))
        staging.end_run("run-1", "buried")
        yield staging


@pytest.mark.usefixtures("staging")
def test_a_list_has_a_line_for_each_letter_and_the_counts(tmp_path: Path) -> None:
    """What a sender has named cannot command the terminal."""
    done = analytics(tmp_path, "dead-letters", "list", "--limit", "2")

    assert done.output == (
        "1  2026-01-01 00:00:00Z  crm  made  HTTP 400\n"
        "2  2026-01-01 00:00:00Z  crm  made?[31m  HTTP 400\n"
        "3 dead\n"
        "  3  crm  HTTP 400\n"
    )


@pytest.mark.usefixtures("staging")
def test_one_letter_is_shown_with_the_call_and_the_vendors_words(tmp_path: Path) -> None:
    """As JSON; the run is the one to re-execute."""
    shown = json.loads(analytics(tmp_path, "dead-letters", "show", "3").output)

    assert (shown["call"]["event"], shown["answer"], shown["run"]) == ("sold", "no such thing", "run-1")


def test_a_folder_without_a_store_is_not_taken_for_an_installation_without_letters(tmp_path: Path) -> None:
    """Somebody may be in the wrong folder; the second time the store is there, and nothing is said of it."""
    first, second = (analytics(tmp_path / "elsewhere", "dead-letters", "list") for _ in range(2))

    assert first.stderr == (
        f"there was no store, {tmp_path}/elsewhere/staging.db is a new one: if the installation is elsewhere, "
        "give the command the folder and the variables that `analytics run` has\n"
    )
    assert (second.stderr, second.stdout) == ("", "0 dead\n")


@pytest.mark.usefixtures("staging")
def test_a_letter_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    """It may have been delivered meanwhile."""
    done = analytics(tmp_path, "dead-letters", "show", "9")

    assert done.exit_code == 1
    assert done.stderr == "analytics: 9 is no open dead letter: it was delivered or discarded, or never there\n"


@pytest.mark.parametrize(
    "command",
    [("dead-letters", "list"), ("dead-letters", "discard"), ("dead-letters", "discard", "--dry-run"), ("replay",)],
)
@pytest.mark.usefixtures("staging")
def test_a_misspelt_destination_is_not_taken_for_one_without_letters(tmp_path: Path, command: tuple[str, ...]) -> None:
    """One that has letters although it is configured no more is found, and nothing is said of it."""
    misspelt = analytics(tmp_path, *command, "--destination", "cmr")

    assert misspelt.stderr == "cmr is not one of the configured destinations: file\n"
    assert misspelt.exit_code == 0
    assert analytics(tmp_path, "dead-letters", "list", "--destination", "crm").stderr == ""


def test_what_is_discarded_is_counted_first(tmp_path: Path, staging: Staging) -> None:
    """A dry run changes nothing."""
    dry = analytics(tmp_path, "dead-letters", "discard", "--event", "sold", "--dry-run")
    done = analytics(tmp_path, "dead-letters", "discard", "--event", "sold")

    assert dry.output == "1 dead\n  1  crm  HTTP 400\n"
    assert done.output == "1 discarded\n"
    assert [letter.id for letter in staging.dead_letters(Dead(), 0, 10)] == [1, 2]


@pytest.mark.usefixtures("staging")
def test_nothing_is_discarded_unless_it_is_said_what(tmp_path: Path) -> None:
    """Everything would be too easy to lose."""
    done = analytics(tmp_path, "dead-letters", "discard")

    assert done.exit_code == 2
    assert "say which" in done.stderr


def test_a_replay_is_counted_first(tmp_path: Path, staging: Staging, vendor: Vendor) -> None:
    """A dry run starts no run and selects nothing."""
    done = analytics(tmp_path, "replay", "--dry-run", dagster_port=_port(vendor))

    assert done.output == "3 dead\n  3  crm  HTTP 400\n"
    assert vendor.requests == []
    assert staging.count_open_letters("crm", ["run-1"]) == 3


def test_a_replay_is_a_run_of_dagsters_for_each_destination(tmp_path: Path, staging: Staging, vendor: Vendor) -> None:
    """With its selection and its rate; the run finds the letters by the selection."""
    vendor.will_answer(200, json.dumps(LAUNCHED))

    done = analytics(tmp_path, "replay", "--event", "sold", "--rate", "2", dagster_port=_port(vendor))

    asked = vendor.requests[0].body["variables"]["params"]
    config = asked["runConfigData"]["ops"]["deliver"]["config"]
    assert done.output.endswith("crm: 1 are replayed by the run new-run\n")
    assert (config["destination"], config["rate"]) == ("crm", 2.0)
    assert asked["executionMetadata"]["tags"] == [
        {"key": "destination", "value": "crm"},
        {"key": "stream", "value": "crm/replay"},
        {"key": "replay", "value": config["selection"]},
    ]
    assert [each.id for each in staging.open_letters("crm", [config["selection"]], 0, 9)] == [3]


@pytest.mark.usefixtures("staging")
def test_a_replay_without_dagster_says_what_to_do(tmp_path: Path) -> None:
    """In one line."""
    done = analytics(tmp_path, "replay")

    assert done.exit_code == 1
    assert "start it with `analytics run`. Nothing was sent" in done.stderr


@pytest.mark.usefixtures("staging")
def test_dagsters_refusal_is_said(tmp_path: Path, vendor: Vendor) -> None:
    """Such as while its code is being loaded."""
    vendor.will_answer(200, json.dumps({"data": {"launchRun": {"__typename": "PipelineNotFoundError"}}}))

    done = analytics(tmp_path, "replay", dagster_port=_port(vendor))

    assert "refuses to start the run (PipelineNotFoundError)" in done.stderr


def _port(vendor: Vendor) -> str:
    return str(urlsplit(vendor.url).port)
