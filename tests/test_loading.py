"""Is the plan found that a person names, and is it said plainly when there is none?"""

import json
import subprocess
from pathlib import Path

import pytest

from event_registry.defining import DefinitionError
from event_registry.dumped import UnreadablePlan, dump, parse
from event_registry.loading import PLAN, definitions
from event_registry.registry import default

ONE_EVENT = '''
from typing import Annotated
from event_registry.definitions import PERSONAL, Event

class Done(Event, name="it.was_done", owner="team", since="2026-01-31", example={}):
    """It was done."""

    by: Annotated[str | None, PERSONAL] = None
    """Who did it."""
'''


def git(folder: Path, *arguments: str) -> None:
    """Run git as somebody."""
    somebody = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")
    command = ["git", *somebody, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose plan has one event."""
    (tmp_path / PLAN).parent.mkdir()
    (tmp_path / PLAN).write_text(ONE_EVENT, encoding="utf-8")
    return tmp_path


def test_a_file_a_folder_and_a_revision_have_the_same_plan(checkout: Path) -> None:
    """With all that stands below its fields; also when the working folder has moved on."""
    git(checkout, "init", "-b", "main")
    git(checkout, "add", ".")
    git(checkout, "commit", "-m", "The plan")

    [of_file], [of_folder] = definitions(PLAN, checkout), definitions(".", checkout)
    (checkout / PLAN).unlink()
    [of_revision] = definitions("main", checkout)

    assert of_file == of_folder == of_revision
    assert (of_file.name, of_file.fields[0].description) == ("it.was_done", "Who did it.")


def test_a_dump_is_read_back_as_it_was() -> None:
    """Everything that a definition can say."""
    plan = [*default()]

    assert parse(dump(plan), "plan.json") == plan


def test_a_dump_is_a_plan_of_its_own(checkout: Path) -> None:
    """It needs no Python, and no git."""
    (checkout / "plan.json").write_text(dump(definitions(".", checkout)), encoding="utf-8")

    assert definitions("plan.json", checkout) == definitions(".", checkout)


def test_a_dump_has_no_more_than_json_has() -> None:
    """Other programs may read it."""
    document = json.loads(dump(default()))

    assert document["tracking_plan"] == 1
    assert [each["name"] for each in document["definitions"]] == [each.name for each in default()]


@pytest.mark.parametrize(
    ("named", "text", "told"),
    [
        ("plan.json", "{}", "plan.json was not written by `analytics plan dump`: tracking_plan: Field required"),
        ("plan.json", "[", "plan.json was not written by `analytics plan dump`: the file: Invalid JSON"),
        ("plan.py", "import no_such_module", "plan.py does not run here: ModuleNotFoundError: No module named"),
        ("plan.py", "def", "plan.py does not run here: SyntaxError"),
        ("plan.py", "x = 1", "plan.py defines no event and no traits"),
        ("other", "", "nope is neither a file nor a folder, nor a revision with event_registry/events.py"),
    ],
)
def test_what_is_no_plan_is_one_sentence(tmp_path: Path, named: str, text: str, told: str) -> None:
    """With what was named, and why."""
    (tmp_path / named).write_text(text, encoding="utf-8")

    with pytest.raises(UnreadablePlan, match=told.partition(":")[0]) as error:
        definitions(named if named != "other" else "nope", tmp_path)

    assert str(error.value).startswith(told)


def test_a_folder_without_a_plan_is_one_sentence(tmp_path: Path) -> None:
    """With the file that it should have."""
    with pytest.raises(UnreadablePlan, match=f"{PLAN} cannot be read"):
        definitions(".", tmp_path)


def test_a_wrong_definition_is_named_with_where_it_stands(tmp_path: Path) -> None:
    """The plan that was asked for, the class, and the fault."""
    (tmp_path / "plan.py").write_text(ONE_EVENT.replace('owner="team", ', ""), encoding="utf-8")

    with pytest.raises(DefinitionError, match=r"^plan\.py\.Done: the owner is missing"):
        definitions("plan.py", tmp_path)


def test_an_option_of_git_is_no_revision(checkout: Path) -> None:
    """Nobody makes git write a file by the name of a plan."""
    git(checkout, "init")

    with pytest.raises(UnreadablePlan):
        definitions("--output=written", checkout)

    assert not (checkout / f"written:./{PLAN}").exists()
