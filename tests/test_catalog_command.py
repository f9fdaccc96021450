"""What does `analytics plan catalog` write?"""

import json
from contextlib import closing
from pathlib import Path

from typer.testing import CliRunner, Result

from analytics_platform.cli import app
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry
from event_registry.catalog.page import render
from event_registry.registry import default


def catalog(folder: Path, *arguments: str) -> Result:
    """Run the command for the installation in a folder."""
    environment = {"ANALYTICS_DATA_DIR": str(folder), "ANALYTICS_QUEUE": None}
    return CliRunner().invoke(app, ["plan", "catalog", *arguments], env=environment)


def test_the_plan_is_written_to_the_file(tmp_path: Path) -> None:
    """Without looking at any store."""
    done = catalog(tmp_path / "data", str(tmp_path / "plan.html"))

    assert done.output == f"{len(default().names)} events written to {tmp_path}/plan.html\n"
    assert (tmp_path / "plan.html").read_text(encoding="utf-8") == render(default())
    assert not (tmp_path / "data").exists()


def test_with_a_moment_the_store_is_counted(tmp_path: Path) -> None:
    """From then on."""
    call = json.dumps({"type": "track", "event": "report.created"})
    with closing(open_staging(f"sqlite:///{tmp_path}/staging.db")) as staging:
        staging.append([Entry("demo", "m-1", 1_767_225_600.0, call), Entry("demo", "m-2", 1_735_689_600.0, call)])

    catalog(tmp_path, str(tmp_path / "plan.html"), "--since", "2026-01-01")

    assert "1 accepted, 0 in quarantine" in (tmp_path / "plan.html").read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """With the remedy's first half: where."""
    done = catalog(tmp_path, str(tmp_path / "missing" / "plan.html"))

    assert (done.exit_code, done.output) == (
        1,
        f"analytics: {tmp_path}/missing/plan.html cannot be written (FileNotFoundError)\n",
    )
