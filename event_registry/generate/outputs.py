"""All generated files, by output language."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from event_registry.generate.go import go
from event_registry.generate.json_schema import json_schema
from event_registry.generate.plan import Plan
from event_registry.generate.python import python
from event_registry.generate.ruby import ruby
from event_registry.generate.typescript import typescript

LANGUAGES: Mapping[str, Callable[[Plan], Mapping[str, str]]] = {
    "typescript": typescript,
    "python": python,
    "ruby": ruby,
    "go": go,
    "json_schema": json_schema,
}
"""What renders the plan in each language: the files' texts by their path, below a folder named after the language."""


_SIGN = b"`analytics plan generate`"  # stands in the opening of every generated file
_OPENING = 500  # bytes


def rendered(plan: Plan, languages: Iterable[str]) -> dict[str, str]:
    """The files of these languages, by path; raises GenerationError."""
    return {path: text for language in languages for path, text in LANGUAGES[language](plan).items()}


def stale(files: Mapping[str, str], folder: Path) -> list[str]:
    """The files below the folder that differ from these, are missing, or are no longer generated."""
    differing = {path for path, text in files.items() if _text(folder / path) != text}
    return sorted(differing | _surplus(files, folder))


def write(files: Mapping[str, str], folder: Path) -> None:
    """Make the folder hold these files, without what is no longer generated in their languages."""
    for path in _surplus(files, folder):
        (folder / path).unlink()
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")


def _surplus(files: Mapping[str, str], folder: Path) -> set[str]:
    """Generated earlier, and no more: such as the schema of an event that is gone. What others have put there stays."""
    languages = {path.partition("/")[0] for path in files}
    there = {path for language in languages for path in (folder / language).rglob("*") if path.is_file()}
    others = there - {folder / path for path in files}
    return {path.relative_to(folder).as_posix() for path in others if _SIGN in path.read_bytes()[:_OPENING]}


def _text(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else None
