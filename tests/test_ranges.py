"""Do a cursor and a few ranges say exactly which numbers are settled?"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.staging.ranges import Ranges, add, advance, gaps

numbers = st.sets(st.integers(min_value=1, max_value=60))


def members(ranges: Ranges) -> set[int]:
    """The numbers in the ranges."""
    return {number for low, high in ranges for number in range(low, high + 1)}


def open_up_to(end: int, cursor: int, ranges: Ranges) -> set[int]:
    """The numbers up to `end` that the gaps hold."""
    return {number for low, high in gaps(cursor, ranges) for number in range(low + 1, high or end + 1)}


@pytest.mark.parametrize(
    ("ranges", "more", "expected"),
    [
        ((), [], ()),
        ((), [5], ((5, 5),)),
        (((5, 5),), [7], ((5, 5), (7, 7))),
        (((5, 5), (7, 7)), [6], ((5, 7),)),
        (((5, 9),), [7], ((5, 9),)),
        (((5, 9),), [4, 10], ((4, 10),)),
        (((20, 30),), [3, 1, 2], ((1, 3), (20, 30))),
    ],
)
def test_neighbours_become_one_range(ranges: Ranges, more: list[int], expected: Ranges) -> None:
    """Numbers that touch a range widen it; the result is sorted and as short as can be."""
    assert add(ranges, more) == expected


@given(numbers, numbers)
def test_ranges_hold_what_a_set_would_hold(first: set[int], second: set[int]) -> None:
    """Whatever is added in whatever order, the ranges have the members of the union."""
    assert members(add(add((), first), second)) == first | second


@given(numbers)
def test_ranges_are_sorted_disjoint_and_never_adjacent(settled: set[int]) -> None:
    """Between two ranges there is at least one number that is not settled."""
    ranges = add((), settled)

    assert all(low <= high for low, high in ranges)
    assert all(high + 1 < low for (_, high), (low, _) in pairwise(ranges))


@given(numbers, st.integers(min_value=0, max_value=60))
def test_the_cursor_stops_before_the_first_gap(settled: set[int], cursor: int) -> None:
    """The cursor moves over everything that is settled without a gap, and over nothing else."""
    done = settled | set(range(1, cursor + 1))

    moved, rest = advance(cursor, add((), settled))

    assert set(range(1, moved + 1)) <= done
    assert moved + 1 not in done
    assert members(rest) == {number for number in settled if number > moved}


@given(numbers, st.integers(min_value=0, max_value=60))
def test_the_gaps_hold_what_is_not_settled(settled: set[int], cursor: int) -> None:
    """Cursor, ranges and gaps together are all numbers, and none of them twice."""
    moved, rest = advance(cursor, add((), settled))

    assert open_up_to(100, moved, rest) == set(range(moved + 1, 101)) - settled


def test_what_is_settled_twice_moves_nothing_back() -> None:
    """A number at or before the cursor says nothing new."""
    cursor, ranges = advance(10, add(((15, 16),), [3, 10]))

    assert (cursor, ranges) == (10, ((15, 16),))
    assert list(gaps(cursor, ranges)) == [(10, 15), (16, None)]
