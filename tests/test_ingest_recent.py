"""What does a bounded table still know?"""

import pytest

from ingest_api.recent import Recent


@pytest.fixture
def table() -> Recent[str, int]:
    """A table for three."""
    return Recent(3)


def test_what_was_put_in_is_there(table: Recent[str, int]) -> None:
    """With its last value."""
    table.put("a", 1)
    table.put("a", 2)

    assert (table.get("a"), table.get("b")) == (2, None)


def test_the_last_ones_are_there_and_early_ones_are_not(table: Recent[str, int]) -> None:
    """As many as the table is for, at least."""
    for number, name in enumerate("abcdefg"):
        table.put(name, number)

    assert [name for name in "abcdefg" if table.get(name) is not None] == ["d", "e", "f", "g"]


def test_a_lookup_keeps_an_entry(table: Recent[str, int]) -> None:
    """What is in use is not forgotten, however many others come."""
    table.put("used", 1)

    seen = []
    for number in range(100):
        table.put(f"other {number}", number)
        seen.append(table.get("used"))

    assert {*seen} == {1}


def test_it_never_grows_beyond_twice_its_size(table: Recent[str, int]) -> None:
    """However many come."""
    sizes = set()
    for number in range(100):
        table.put(f"{number}", number)
        table.get(f"{number - 4}")
        sizes.add(len(table))

    assert max(sizes) <= 6
