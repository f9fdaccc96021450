"""Finds ids that are a program's word for nobody, such as `undefined`, where a person's id should be."""

from collections.abc import Mapping
from typing import Any

from event_registry.calls import Problem

FIELDS = ("userId", "previousId")
LONGEST = 36  # characters, of the zero UUID
_WORDS = """
0 -1 00000000-0000-0000-0000-000000000000 anon anonymous distinct_id distinctid false guest n/a na nan nil none
not_authenticated null true undefined unknown [] {}
"""
NOBODY = frozenset(_WORDS.split()) | {"[object object]"}
"""In lower case. Mixpanel, PostHog and Amplitude refuse or ignore most of them; the others merge all who have one."""
EXPECTED = "expected the id of one person, found a word for nobody: all who have it are one person for vendors"


def check_placeholders(call: Mapping[str, Any]) -> list[Problem]:
    """The problems of a valid call's ids, which are warnings: it may be somebody's id all the same."""
    user, previous = call.get("userId"), call.get("previousId")
    if previous is None and (user is None or user.lower() not in NOBODY):
        return []  # as almost every call
    found = zip(FIELDS, (user, previous), strict=True)
    return [Problem(f"$.{field}", "placeholder_id", EXPECTED) for field, value in found if _is_for_nobody(value)]


def _is_for_nobody(value: str | None) -> bool:
    return value is not None and len(value) <= LONGEST and value.lower() in NOBODY
