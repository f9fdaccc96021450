"""Are the generated clients those of the plan, and does somebody notice when they are not?"""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from analytics_platform.commands.generate import GENERATED, generate
from event_registry import registry
from event_registry.defining import Deprecation
from event_registry.generate.outputs import LANGUAGES, rendered, stale, write
from event_registry.generate.plan import Entry, GenerationError, Plan, describe
from tests.generated import awkward

REPOSITORY = Path(__file__).parents[1]

APP = typer.Typer()
APP.command()(generate)


def planned(*names: str) -> Plan:
    """A plan with these events."""
    none = awkward.PLAN.group
    events = tuple(Entry("track", name, "It happened.", "team", "2026-01-31", None, {}, ()) for name in names)
    return Plan(events, awkward.PLAN.identify, none)


def test_what_is_committed_is_what_the_plan_says() -> None:
    """If not: `analytics plan generate`, and commit what it writes."""
    files = rendered(describe(registry.default()), LANGUAGES)

    assert stale(files, REPOSITORY / GENERATED) == []


def test_the_same_plan_gives_the_same_files() -> None:
    """Byte for byte, so that --check can tell."""
    assert rendered(awkward.PLAN, LANGUAGES) == rendered(awkward.PLAN, LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_opens_with_do_not_edit(language: str) -> None:
    """It says how it is made; a file without content says nothing."""
    openings = [text[:300] for text in rendered(awkward.PLAN, [language]).values() if text]

    assert [text for text in openings if "do not edit" not in text.lower()] == []
    assert [text for text in openings if "`analytics plan generate`" not in text] == []


@pytest.mark.parametrize(
    ("path", "mark"),
    [
        ("typescript/product_analytics.ts", "@deprecated Since 2026-01-31: it is old; send report.created instead."),
        ("python/product_analytics/__init__.py", "DeprecationWarning"),
        ("ruby/product_analytics.rb", "@deprecated Since 2026-01-31"),
        ("go/productanalytics/events.go", "// Deprecated: Since 2026-01-31"),
    ],
)
def test_a_deprecated_event_is_marked_as_the_language_does(path: str, mark: str) -> None:
    """With its successor; the editors of its callers show it."""
    deprecation = Deprecation("2026-01-31", "report.created", "it is old.")
    event = Entry("track", "report.made", "It happened.", "team", "2026-01-31", deprecation, {}, ())
    plan = Plan((event,), awkward.PLAN.identify, awkward.PLAN.group)

    files = rendered(plan, LANGUAGES)

    assert mark in files[path]


@pytest.mark.parametrize("language", ["typescript", "python", "ruby", "go"])
def test_two_events_of_one_name_in_a_language_are_refused(language: str) -> None:
    """Nobody could call the second one."""
    with pytest.raises(GenerationError, match=r"page.view_ed and page_view.ed both become .*: rename one of them"):
        rendered(planned("page.view_ed", "page_view.ed"), [language])


def test_files_that_differ_are_missing_or_left_over_are_stale(tmp_path: Path) -> None:
    """All of them are named, by their path below the folder."""
    write(rendered(planned("a.done", "b.done"), ["json_schema"]), tmp_path)
    (tmp_path / "json_schema" / "b.done.schema.json").unlink()

    found = stale(rendered(planned("b.done"), ["json_schema"]), tmp_path)

    assert found == [f"json_schema/{name}.schema.json" for name in ("a.done", "b.done", "plan")]


def test_writing_takes_away_what_is_no_longer_generated(tmp_path: Path) -> None:
    """And nothing that somebody else has put there."""
    write(rendered(planned("a.done", "b.done"), ["json_schema"]), tmp_path)
    (tmp_path / "json_schema" / "README").write_text("ours")

    write(rendered(planned("b.done"), ["json_schema"]), tmp_path)

    names = {path.name for path in (tmp_path / "json_schema").iterdir()}
    assert "a.done.schema.json" not in names
    assert {"README", "b.done.schema.json"} <= names


def test_check_names_each_stale_file_and_writes_nothing(tmp_path: Path) -> None:
    """It exits with 1, so that CI fails."""
    finished = CliRunner().invoke(APP, ["--check", "--language", "ruby", "--out", str(tmp_path)])

    assert finished.exit_code == 1
    assert f"stale: {tmp_path}/ruby/product_analytics.rb\n" in finished.stderr
    assert [*tmp_path.iterdir()] == []


def test_check_passes_after_generating(tmp_path: Path) -> None:
    """Only the languages that were asked for are written."""
    arguments = ["--language", "ruby", "--language", "go", "--out", str(tmp_path)]

    written = CliRunner().invoke(APP, arguments)
    checked = CliRunner().invoke(APP, ["--check", *arguments])

    assert (written.exit_code, checked.exit_code) == (0, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["go", "ruby"]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """It may be a file."""
    (tmp_path / "taken").touch()

    finished = CliRunner().invoke(APP, ["--language", "ruby", "--out", str(tmp_path / "taken")])

    assert (finished.exit_code, finished.stderr) == (
        1,
        f"analytics: {tmp_path}/taken cannot be written (NotADirectoryError)\n",
    )


def test_an_unknown_language_is_refused() -> None:
    """With those that there are."""
    finished = CliRunner().invoke(APP, ["--language", "cobol"])

    assert finished.exit_code == 2
    assert "cobol is none of typescript, python, ruby, go" in finished.stderr
