"""Is the docstring below a field found wherever the class stands?"""

import sys
from pathlib import Path

import pytest

from event_registry.docstrings import field_docstrings

MODULE = '''
from event_registry.docstrings import field_docstrings


class Noting:
    def __init_subclass__(cls):
        cls.found = field_docstrings(cls)


class Plain(Noting):
    """A class."""

    first: str
    """The first one."""
    second: int = 2
    third: int = 3
    """
    The third one,
    in two lines.
    """


if True:
    class Conditional(Noting):
        field: str
        """Below an if."""


def make():
    class Local(Noting):
        field: str
        """Within a function."""

    return Local


class Outer:
    class Inner(Noting):
        field: str
        """Within a class."""
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that can be imported."""
    (tmp_path / "noted.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "noted", raising=False)
    return "noted"


def test_the_text_below_a_field_is_its_docstring(module: str) -> None:
    """Indentation is not part of it; a field without one is left out."""
    noted = __import__(module)

    assert noted.Plain.found == {"first": "The first one.", "third": "The third one,\nin two lines."}


def test_it_is_found_in_any_scope(module: str) -> None:
    """Tests define classes in functions, and plans may define some on a condition."""
    noted = __import__(module)

    assert noted.Conditional.found == {"field": "Below an if."}
    assert noted.make().found == {"field": "Within a function."}
    assert noted.Outer.Inner.found == {"field": "Within a class."}


def test_without_source_there_is_none() -> None:
    """A class that is made of nothing written has no docstrings below its fields."""
    namespace: dict[str, object] = {"__name__": "unwritten", "field_docstrings": field_docstrings}

    exec("class Made:\n    field: str\n    'Below.'\nfound = field_docstrings(Made)", namespace)  # noqa: S102 - that is the point

    assert namespace["found"] == {}
