"""Has every row of docs/bad-input.md a test that bears its number?"""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCUMENT = (TESTS.parent / "docs" / "bad-input.md").read_text(encoding="utf-8")
INPUTS, THREATS = DOCUMENT.split("## Threats")
# In the id of a parameter, in a name, in a sentence: `row-12-trace`, `test_row_7_a_source`, `Rows 5, 6 and 9`. A range
# in a sentence counts with its ends only.
MENTION = r"{}s?[-_ ](\d+(?:(?:, | and | to )\d+)*)"


def numbers(word: str, text: str) -> set[int]:
    """The numbers that a text has behind the word."""
    found = re.findall(MENTION.format(word), text, re.IGNORECASE)
    return {int(number) for mention in found for number in re.findall(r"\d+", mention)}


def rows(text: str) -> list[int]:
    """The numbers in the first column of the tables."""
    return [int(number) for row in re.findall(r"^\| ([\d, ]+) \|", text, re.MULTILINE) for number in row.split(",")]


@pytest.mark.parametrize(("word", "text"), [("row", INPUTS), ("threat", THREATS)])
def test_every_row_has_a_test_and_every_number_a_row(word: str, text: str) -> None:
    """So that neither says more than is so."""
    files = [*TESTS.glob("test_ingest_*.py"), TESTS / "test_suppression.py"]

    named = {number for path in files for number in numbers(word, path.read_text(encoding="utf-8"))}

    assert named == {*rows(text)}


def test_the_rows_are_numbered_without_a_gap() -> None:
    """The numbers are those by which tests, and people, speak of them."""
    assert rows(INPUTS) == [*range(1, 84)]
