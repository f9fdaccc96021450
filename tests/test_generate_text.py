"""Do the plan's texts stay inside the comments and strings that they are put into?"""

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_registry.generate import text

PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@given(PRINTABLE)
def test_a_docstring_ends_where_it_should(found: str) -> None:
    """Python reads it back as it was written."""
    assert ast.literal_eval(f'"""{text.docstring(found)}"""') == found


@given(PRINTABLE)
def test_a_quoted_text_is_a_string_of_python_and_json(found: str) -> None:
    """TypeScript and Go read such strings as well."""
    assert ast.literal_eval(text.quoted(found)) == json.loads(text.quoted(found)) == found


@pytest.mark.parametrize("found", ["#{raise}", "#@x", "#$x"])
def test_ruby_evaluates_nothing_in_a_string(found: str) -> None:
    """A # before a brace or a variable would be an expression."""
    assert text.ruby_quoted(found) == f'"\\{found}"'


@given(PRINTABLE)
def test_no_text_ends_a_comment_of_typescript(found: str) -> None:
    """Nor does it begin a tag, such as @deprecated."""
    comment = "\n".join(text.javadoc(found))

    assert "*/" not in comment
    assert "@" not in comment.replace("\\@", "")


@given(st.text())
def test_each_line_of_a_comment_begins_with_its_sign(found: str) -> None:
    """Whatever a language takes for the end of a line."""
    lines = text.commented(found, "#").split("\n") if found else []

    assert [line for line in lines if not line.startswith("#")] == []
