"""Tells whether a text is a cron expression: minute, hour, day of month, month, day of week."""

import re

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))
_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?", re.ASCII)


def cron_fault(expression: str) -> str | None:
    """What is wrong with the expression, None for a good one; names of months and days are not taken."""
    words = expression.split()
    if len(words) != len(_FIELDS):
        return f'must have five fields, such as "0 6 * * *", found {len(words)}'
    for word, (field, least, most) in zip(words, _FIELDS, strict=True):
        if not all(_is_within(part, least, most) for part in word.split(",")):
            return f"the {field} must be *, or numbers from {least} to {most} such as 1, 1-5, 1,3 or */2"
    return None


def _is_within(part: str, least: int, most: int) -> bool:
    match = _PART.fullmatch(part)
    if match is None:
        return False
    first, last = match[1] or least, match[2] or match[1] or most
    return least <= int(first) <= int(last) <= most
