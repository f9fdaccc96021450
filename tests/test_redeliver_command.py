"""What does `analytics redeliver` do?"""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analytics_platform.cli import app
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, Settlement, Staging
from analytics_platform.staging.streams import Part
from tests.fakes.clock import Clock
from tests.stores import take

NOON = 1_767_268_800.0  # of the first day of 2026
SETTINGS = """
[destinations.crm]
type = "file"
batch_size = 2
rate_limit = 4
"""


def analytics(folder: Path, *arguments: str) -> Result:
    """Run the command for the installation in a folder."""
    environment = {"ANALYTICS_DATA_DIR": str(folder), "ANALYTICS_CONFIG": str(folder / "analytics.toml")}
    return CliRunner().invoke(app, ["redeliver", *arguments], env=environment | {"ANALYTICS_QUEUE": None})


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    """The installation's store: `crm` has had an event of each hour from noon to five, and has still to get one."""
    (tmp_path / "analytics.toml").write_text(SETTINGS)
    with closing(open_staging(f"sqlite:///{tmp_path}/staging.db", Clock(NOON + 86400))) as staging:
        staging.register(["crm"])
        for hour in range(7):
            call = {"type": "track", "event": "made" if hour % 2 else "sold", "userId": "u1"}
            if hour == 4:
                call["integrations"] = {"crm": False}  # type: ignore[assignment]
            staging.append([Entry("web", f"m-{hour}", NOON + hour * 3600, json.dumps(call))])
        staging.settle(take(staging, "run-1", "crm"), Settlement(delivered=staging.pending("crm", 6)))
        yield staging


@pytest.mark.usefixtures("staging")
def test_a_dry_run_says_how_much_of_what_time_and_how_long(tmp_path: Path) -> None:
    """That what is confirmed is sent again, that the rest is left to live delivery, and begins nothing."""
    done = analytics(tmp_path, "--destination", "crm", "--since", "2026-01-01T13:00:00Z", "--dry-run")

    assert done.output == (
        "1 that crm is still to get are left to live delivery\n"
        "4 events would be sent to crm, those that it has confirmed before as well\n"
        "  accepted from 2026-01-01 13:00:00Z to 2026-01-01 17:00:00Z\n"
        "  1 more would not: routed elsewhere, without consent, or of a suppressed person\n"
        "  less than 1 s at 4 requests a second, or longer: live delivery goes first\n"
    )
    assert analytics(tmp_path, "list").output == "none\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--event", "sold"), 2),
        (("--until", "2026-01-01T14:00:00Z"), 2),
        (("--since", "2026-01-01T14:00:00Z", "--until", "2026-01-01T16:00:00Z", "--event", "made"), 1),
    ],
)
@pytest.mark.usefixtures("staging")
def test_what_is_wanted_may_be_named_closer(tmp_path: Path, options: tuple[str, ...], expected: int) -> None:
    """By time and by event; the last one of an option counts."""
    done = analytics(tmp_path, "--destination", "crm", "--since", "2026-01-01", *options, "--dry-run")

    assert f"\n{expected} events would be sent" in done.output


@pytest.mark.parametrize(
    ("rate", "expected"), [("0.001", "about 50 min at 0.001 requests"), ("0", "about 1 s at 4 requests")]
)
@pytest.mark.usefixtures("staging")
def test_the_slower_of_two_rates_decides_how_long_it_takes(tmp_path: Path, rate: str, expected: str) -> None:
    """The command's, or the destination's."""
    done = analytics(tmp_path, "--destination", "crm", "--since", "2026-01-01", "--rate", rate, "--dry-run")

    assert expected in done.output


def test_it_begins_a_stream_for_the_sensor_to_find(tmp_path: Path, staging: Staging) -> None:
    """From the first to the last event of that time; whether Dagster runs or not."""
    done = analytics(
        *(tmp_path, "--destination", "crm", "--since", "2026-01-01T14:00:00Z"),
        *("--until", "2026-01-01T16:30:00Z", "--event", "sold", "--rate", "2.5"),
    )

    (begun,) = staging.redeliveries()
    assert done.output.splitlines()[-1] == (
        "redelivery-1 begins: what was accepted from 2026-01-01 14:00:00Z to 2026-01-01 16:00:00Z goes to crm once "
        "more. `analytics redeliver list` shows how far it is, `analytics redeliver cancel redelivery-1` ends it"
    )
    assert (begun.destination, begun.stream, begun.rate) == ("crm", "redelivery-1", 2.5)
    assert begun.part == Part(2, 5, since=NOON + 7200, until=NOON + 16200, event="sold")
    assert [state.stream for state in staging.streams(["crm"], 10)] == ["live", "redelivery-1"]


def test_the_list_shows_how_far_each_is(tmp_path: Path, staging: Staging) -> None:
    """What a sender has named cannot command the terminal."""
    staging.redeliver("crm", Part(0, 4, since=NOON), 0)
    staging.redeliver("crm", Part(0, 4, until=NOON, event="made\x1b[31m"), 0)
    staging.start_run("again", "crm")
    lease = staging.acquire("crm/redelivery-1", "again")
    assert lease is not None
    staging.settle(lease, Settlement(delivered=staging.pending("crm", 2, "redelivery-1")))
    analytics(tmp_path, "cancel", "redelivery-2")

    assert analytics(tmp_path, "list").output == (
        "redelivery-1  crm  goes on  50%  2 delivered, 0 not for it  (since 2026-01-01 12:00:00Z)\n"
        "redelivery-2  crm  cancelled  0 delivered, 0 not for it  (until 2026-01-01 12:00:00Z, made?[31m)\n"
    )
    assert analytics(tmp_path, "list", "--destination", "other").output == "none\n"
    staging.settle(lease, Settlement(skipped=staging.pending("crm", 2, "redelivery-1")))
    assert "redelivery-1  crm  finished  100%  2 delivered, 2 not for it" in analytics(tmp_path, "list").output


def test_cancelling_ends_it_once(tmp_path: Path, staging: Staging) -> None:
    """A second time there is nothing to end, and it says so."""
    staging.redeliver("crm", Part(0, 6), 0)

    first, second = (analytics(tmp_path, "cancel", "redelivery-1") for _ in range(2))

    assert first.output == "redelivery-1 is cancelled; requests that are on their way arrive\n"
    assert (second.exit_code, second.output) == (
        1,
        "analytics: redelivery-1 is no redelivery that goes on: `analytics redeliver list` has their names\n",
    )
    assert staging.is_over("crm", "redelivery-1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "7d"), "say to whom and from when on: --destination NAME --since 7d"),
        (("--destination", "crm"), "say to whom and from when on: --destination NAME --since 7d"),
        (
            ("--destination", "cmr", "--since", "7d"),
            "analytics: cmr is not one of the configured destinations: crm; if",
        ),
        (("--destination", "crm", "--since", "soon"), "write 2026-01-31"),
        (("--destination", "crm", "--since", "2026-01-02", "--until", "2026-01-01"), "--until is before --since"),
    ],
)
def test_what_it_cannot_do_is_said_and_begins_nothing(
    tmp_path: Path, staging: Staging, arguments: tuple[str, ...], said: str
) -> None:
    """With what to write instead."""
    done = analytics(tmp_path, *arguments)

    assert done.exit_code != 0
    assert said in " ".join(done.output.replace("│", " ").split())
    assert staging.redeliveries() == []


def test_a_time_of_which_the_log_has_nothing_is_said(tmp_path: Path, staging: Staging) -> None:
    """With how far back it goes; a destination that was added a moment ago may ask as well."""
    done = analytics(tmp_path, "--destination", "crm", "--since", "2025-01-01", "--until", "2025-02-01")

    assert done.output.splitlines()[-1] == (
        "nothing to send: the log has nothing of that time that live delivery is done with; "
        "it goes back to 2026-01-01 12:00:00Z"
    )
    assert staging.redeliveries() == []
    (tmp_path / "analytics.toml").write_text(SETTINGS.replace("crm", "new"))
    assert "redelivery-1 begins" in analytics(tmp_path, "--destination", "new", "--since", "2026-01-01").output
    assert staging.redeliveries("new")[0].part.last == 7
