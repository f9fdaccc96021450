"""What does `analytics plan check` say of a plan?"""

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analytics_platform.cli import app
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry

RECEIVED = 1_767_225_600.0  # 2026-01-01T00:00:00Z
SECRET = "ada@example.com"
PLAN = '''
from event_registry.definitions import Event

class Created(Event, name="report.created", owner="team", since="2026-01-31", example={"report_id": "r"}):
    """A report was created."""

    report_id: str
    """Its id."""
    email: int
    """Something else than before."""
'''


def check(folder: Path, *arguments: str, mode: str = "quarantine") -> Result:
    """Run the command for the installation in a folder."""
    environment = {"ANALYTICS_DATA_DIR": str(folder), "ANALYTICS_QUEUE": None, "ANALYTICS_PLAN_MODE": mode}
    return CliRunner().invoke(app, ["plan", "check", *arguments], env=environment)


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """One with a plan beside it, that two of three stored events would break."""
    (tmp_path / "plan.py").write_text(PLAN.replace('{"report_id": "r"}', '{"report_id": "r", "email": 1}'))
    good, bad = {"report_id": "r", "email": 7}, {"report_id": "r", "email": SECRET}
    calls = [{"type": "track", "event": "report.created", "properties": each} for each in (bad, good, bad)]
    with closing(open_staging(f"sqlite:///{tmp_path}/staging.db")) as staging:
        staging.append([Entry("demo", f"m-{place}", RECEIVED, json.dumps(each)) for place, each in enumerate(calls)])
    return tmp_path


def test_a_change_is_held_against_what_was_sent(installation: Path) -> None:
    """How much it would have refused, of what, why, and where to look; never what was sent."""
    done = check(installation, f"{installation}/plan.py", "--against-history", "--since", "2026-01-01")

    assert done.output == (
        f"{installation}/plan.py would have quarantined 2 and rejected 0 of 3 events since 2026-01-01 00:00:00Z\n"
        "by event:\n"
        "  2 of 3  report.created  quarantined\n"
        "by problem:\n"
        "  2  report.created  $.properties.email: expected integer, found string\n"
        "here are 2:\n"
        "  m-0  2026-01-01 00:00:00Z  demo  report.created  $.properties.email: expected integer, found string\n"
        "  m-2  2026-01-01 00:00:00Z  demo  report.created  $.properties.email: expected integer, found string\n"
    )
    assert SECRET not in done.output
    assert done.exit_code == 1


def test_a_change_that_refuses_nothing_passes(installation: Path) -> None:
    """Warnings are told."""
    done = check(installation, f"{installation}/plan.py", "--against-history", "--since", "2026-01-01", mode="warn")

    assert done.exit_code == 0
    assert done.output.endswith(
        " 0 and rejected 0 of 3 events since 2026-01-01 00:00:00Z\nand accepted 2 with a warning\n"
    )


def test_without_history_the_plan_is_loaded(installation: Path) -> None:
    """And no store is looked at."""
    done = check(installation / "elsewhere", f"{installation}/plan.py")

    assert (done.exit_code, done.output) == (0, f"{installation}/plan.py is right; events: 1, calls with traits: 0\n")
    assert not (installation / "elsewhere").exists()


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        (PLAN, 1, "plan.py.Created: the example breaks the definition"),
        ("x = 1", 2, "plan.py defines no event and no traits"),
    ],
)
def test_a_plan_that_is_wrong_is_one_line(tmp_path: Path, text: str, status: int, told: str) -> None:
    """With the class and the fault."""
    (tmp_path / "plan.py").write_text(text)

    done = check(tmp_path, f"{tmp_path}/plan.py")

    assert done.exit_code == status
    assert told in done.output
    assert done.output.count("\n") == 1
