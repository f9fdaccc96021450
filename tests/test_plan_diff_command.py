"""What does `analytics plan diff` tell a person, and what a CI job?"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analytics_platform.cli import app
from event_registry.dumped import dump
from event_registry.registry import default

OLD = '''
from event_registry.definitions import Event

class Created(Event, name="report.created", owner="team", since="2026-01-31", example={"report_id": "r"}):
    """A report was created."""

    report_id: str
    """Its id."""
    pages: int | None = None
    """How many."""
'''
WIDER = (
    OLD
    + '''    title: str | None = None
    """Its title."""
'''
)
NARROWER = OLD.replace("pages: int | None = None", "pages: int").replace('{"report_id"', '{"pages": 1, "report_id"')
GONE = NARROWER.replace("report.created", "report.made")


def diff(folder: Path, new: str, *options: str) -> Result:
    """Compare the old plan with a new one."""
    (folder / "old.py").write_text(OLD, encoding="utf-8")
    (folder / "new.py").write_text(new, encoding="utf-8")
    return CliRunner().invoke(app, ["plan", "diff", f"{folder}/old.py", f"{folder}/new.py", *options])


@pytest.mark.parametrize(
    ("new", "status", "told"),
    [
        (OLD, 0, "no change that anybody could notice\n"),
        (WIDER, 0, "breaks nothing (1)\n  report.created.title is new, optional, string\n"),
        (
            NARROWER,
            1,
            "breaks senders: calls that kept the old plan (1)\n  report.created.pages is required now\n",
        ),
        (
            GONE,
            1,
            (
                "breaks senders: calls that kept the old plan (1)\n  report.created is gone\n"
                "breaks destinations: what they could count on (1)\n  report.created is gone\n"
                "breaks nothing (1)\n  report.made is new\n"
            ),
        ),
    ],
)
def test_what_breaks_decides_the_exit_status(tmp_path: Path, new: str, status: int, told: str) -> None:
    """Senders and destinations have sections of their own."""
    done = diff(tmp_path, new)

    assert (done.exit_code, done.output) == (status, told)


def test_a_break_that_is_meant_can_be_accepted(tmp_path: Path) -> None:
    """By the event's name; it is still told."""
    done = diff(tmp_path, GONE, "--accept", "report.created")

    assert done.exit_code == 0
    assert "breaks something, as accepted (1)\n  report.created is gone\n" in done.output


def test_what_is_accepted_in_vain_is_told(tmp_path: Path) -> None:
    """The name may be misspelt, or the break long past; what breaks still does."""
    done = diff(tmp_path, GONE, "--accept", "report.craeted")

    assert done.exit_code == 1
    assert done.stderr == "analytics: --accept report.craeted is not needed: nothing of it breaks\n"


def test_programs_get_a_list(tmp_path: Path) -> None:
    """With the same exit status."""
    done = diff(tmp_path, NARROWER, "--json")

    assert done.exit_code == 1
    assert json.loads(done.output) == [
        {
            "name": "report.created",
            "field": "pages",
            "message": "is required now",
            "breaks_senders": True,
            "breaks_destinations": False,
        }
    ]


def test_what_cannot_be_compared_has_a_status_of_its_own(tmp_path: Path) -> None:
    """A CI job can tell it from a break."""
    done = diff(tmp_path, "x = 1")

    assert (done.exit_code, done.output) == (2, f"analytics: {tmp_path}/new.py defines no event and no traits\n")


def test_a_dump_is_printed_or_written(tmp_path: Path) -> None:
    """The same text, of the plan that is installed."""
    printed = CliRunner().invoke(app, ["plan", "dump"])
    written = CliRunner().invoke(app, ["plan", "dump", f"{tmp_path}/plan.json"])

    assert printed.output == (tmp_path / "plan.json").read_text(encoding="utf-8") == dump(default())
    assert written.exit_code == 0
