"""Finds the tracking plan that a person names: a file, a checkout, or a revision of the repository."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory

from event_registry.defining import Definition, DefinitionError
from event_registry.dumped import UnreadablePlan, parse
from event_registry.registry import Registry, collect

PLAN = "event_registry/events.py"
"""Where a checkout has its plan."""


def definitions(named: str, cwd: Path) -> list[Definition]:
    """The definitions of a plan: those of a dump, or those of Python. Raises UnreadablePlan and DefinitionError."""
    path = cwd / named
    if path.suffix == ".json" and path.is_file():
        return parse(_read(path), named)
    return [*plan(named, cwd)]


def plan(named: str, cwd: Path) -> Registry:
    """The plan of a Python file, of a checkout's folder or of a revision, which runs the Python that it is written in.

    Raises UnreadablePlan and DefinitionError.
    """
    path = cwd / named
    if path.suffix == ".json" and path.is_file():
        raise UnreadablePlan(f"{named} is JSON, which calls cannot be held against: name the plan's Python")
    if path.is_dir():
        return _run(_read(path / PLAN), f"{named}/{PLAN}")
    if path.is_file():
        return _run(_read(path), named)
    return _run(_at_revision(named, cwd), f"{named}:{PLAN}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadablePlan(f"{path} cannot be read ({type(error).__name__})") from None


def _at_revision(revision: str, cwd: Path) -> str:
    """The text of the plan as git has it, below the folder `cwd`."""
    command = ["git", "show", "--end-of-options", f"{revision}:./{PLAN}"]
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)
    except OSError:
        raise UnreadablePlan(f"{revision} is no file, and git is not installed, which knows revisions") from None
    if done.returncode != 0:
        said = done.stderr.strip().partition("\n")[0]
        raise UnreadablePlan(
            f"{revision} is neither a file nor a folder, nor a revision with {PLAN} ({said}); "
            "CI must have fetched it: git fetch origin main"
        )
    return done.stdout


def _run(source: str, label: str) -> Registry:
    """The plan that a text of Python makes up; the label is what its errors name."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "plan.py")
        path.write_text(source, encoding="utf-8")  # docstrings below fields are read from the file
        spec = spec_from_file_location(label, path)
        if spec is None or spec.loader is None:
            raise UnreadablePlan(f"{label} is no Python")
        module = module_from_spec(spec)
        sys.modules[label] = module  # Pydantic looks there for the names in annotations
        try:
            spec.loader.exec_module(module)
            found = collect(module)
        except DefinitionError:
            raise
        except Exception as error:
            raise UnreadablePlan(f"{label} does not run here: {type(error).__name__}: {error}") from error
        finally:
            del sys.modules[label]
    if not [*found]:
        raise UnreadablePlan(f"{label} defines no event and no traits")
    return found
