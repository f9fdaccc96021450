"""What does `analytics plan infer` make of what was sent?"""

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analytics_platform.cli import app
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry
from event_registry.defining import OBJECT_ACTION

RECEIVED = 1_767_225_600.0  # 2026-01-01T00:00:00Z


def infer(folder: Path, *arguments: str, queue: str | None = None) -> Result:
    """Run the command for the installation in a folder."""
    environment = {"ANALYTICS_DATA_DIR": str(folder), "ANALYTICS_QUEUE": queue}
    return CliRunner().invoke(app, ["plan", "infer", *arguments], env=environment)


def sent(message_id: str, problems: str | None = None, **call: object) -> Entry:
    """A call on its way into the store."""
    whole: Mapping[str, object] = {"type": "track", "userId": "u-1", "properties": {}, **call}
    return Entry("demo", message_id, RECEIVED, json.dumps(whole), problems)


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """One with events that the plan does not know in the log and in quarantine, and others that it does."""
    with closing(open_staging(f"sqlite:///{tmp_path}/staging.db")) as staging:
        staging.append(
            [
                sent("m-1", event="invoice.paid"),
                sent("m-2", problems="[]", event="invoice.sent"),
                sent("m-3", event="report.created"),
                sent("m-4", type="page"),
            ]
        )
    return tmp_path


def test_unplanned_events_are_drafted_wherever_they_are(installation: Path) -> None:
    """In the log and in quarantine; what the plan knows is left out."""
    done = infer(installation)

    assert done.exit_code == 0
    assert [line for line in done.output.splitlines() if "name=" in line] == [
        '    name="invoice.paid",',
        '    name="invoice.sent",',
    ]


def test_a_draft_is_written_to_a_new_file(installation: Path) -> None:
    """What is there already may have been worked on: it is not touched."""
    first = infer(installation, f"{installation}/draft.py")
    again = infer(installation, f"{installation}/draft.py")

    assert first.output == f"events that the plan does not know: 2, see {installation}/draft.py\n"
    assert (again.exit_code, again.output) == (
        1,
        f"analytics: {installation}/draft.py cannot be written (FileExistsError)\n",
    )


def test_nothing_unplanned_is_nothing_to_write(installation: Path) -> None:
    """Since a moment, for one."""
    done = infer(installation, f"{installation}/draft.py", "--since", "2026-01-02")

    assert (done.exit_code, done.output) == (0, "no event was seen that the plan does not know\n")
    assert not (installation / "draft.py").exists()


def test_events_that_cannot_have_a_class_are_nothing_to_write_either(installation: Path) -> None:
    """Each is said with the reason: a file without a class is no plan."""
    aside = [sent("m-5", problems="[]", event="report.craeted"), sent("m-6", problems="[]", event="Bad\x1b[31m")]
    with closing(open_staging(f"sqlite:///{installation}/other.db")) as staging:
        staging.append(aside)

    done = infer(installation, f"{installation}/draft.py", queue=f"sqlite:///{installation}/other.db")

    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == (
        "none of the events that the plan does not know can be drafted, so nothing is written:\n"
        f"  Bad?[31m: the name must be {OBJECT_ACTION.meaning}\n"
        "  report.craeted: most likely report.created, misspelt\n"
    )
    assert not (installation / "draft.py").exists()


def test_what_has_no_class_in_the_file_is_counted(installation: Path) -> None:
    """The others have one, and the file is a plan."""
    with closing(open_staging(f"sqlite:///{installation}/staging.db")) as staging:
        staging.append([sent("m-5", problems="[]", event="report.craeted")])
    path = f"{installation}/draft.py"

    done = infer(installation, path)

    assert done.output == (
        f"events that the plan does not know: 3, see {path}; without a class, remarks at the end say why: 1\n"
    )
    assert f"{path} is right; events: 2" in CliRunner().invoke(app, ["plan", "check", path]).output
