"""Which numbers beyond a cursor are settled, as a few ranges."""

import json
from collections.abc import Iterable, Iterator

Ranges = tuple[tuple[int, int], ...]
"""Sorted, disjoint, never adjacent; both ends belong to the range."""


def read(text: str) -> Ranges:
    """The ranges that a store keeps as JSON."""
    return tuple((low, high) for low, high in json.loads(text))


def add(ranges: Ranges, numbers: Iterable[int]) -> Ranges:
    """The ranges with these numbers in them."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted([*ranges, *_runs(numbers)]):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def _runs(numbers: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Ranges with these numbers in them: mostly a single one, as one lane settles them."""
    distinct = {*numbers}
    if distinct and max(distinct) - min(distinct) == len(distinct) - 1:
        return [(min(distinct), max(distinct))]
    return [(number, number) for number in distinct]


def advance(cursor: int, ranges: Ranges) -> tuple[int, Ranges]:
    """The cursor moved over what is settled right after it, and the ranges that remain beyond it."""
    while ranges and ranges[0][0] <= cursor + 1:
        cursor, ranges = max(cursor, ranges[0][1]), ranges[1:]
    return cursor, ranges


def gaps(cursor: int, ranges: Ranges) -> Iterator[tuple[int, int | None]]:
    """The open intervals beyond the cursor that hold what is not settled; the last one has no end."""
    for low, high in ranges:
        yield cursor, low
        cursor = high
    yield cursor, None
