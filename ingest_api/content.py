"""Checks what a call holds, whatever the plan says of it: its size, its envelope, its characters."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from event_registry.calls import Problem, check_call, json_path

BACKSLASH = ord("\\")
ENOUGH_PROBLEMS = 10  # of one kind in one call; paths are as long as the caller's keys


def check_content(call: Any, kind: str | None, event_bytes: int) -> list[Problem]:
    """The problems of a call whatever the plan says; a call too large to be looked at has only this one."""
    try:
        encoded = msgspec.json.encode(call)
    except RecursionError:
        return check_call(call)
    if len(encoded) > event_bytes:
        message = f"expected at most {event_bytes} bytes as JSON, found {len(encoded)}"
        return [Problem("$", "event_too_large", message)]
    problems = check_call(call, encoded)
    if not problems and kind is not None and call["type"] != kind:
        problems = [Problem("$.type", "invalid_type", f"expected {kind} or no type on this path, found another")]
    if not problems and has_nul(encoded):
        problems = list(islice(_find_nul(call, ()), ENOUGH_PROBLEMS))
    return problems


def has_nul(encoded: bytes) -> bool:
    """Whether a text of the call may have a NUL character in it; almost none has."""
    return BACKSLASH in encoded and b"\\u0000" in encoded  # a single byte is found ten times as fast


def _find_nul(value: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    """NUL characters, which databases refuse or take for the end of a text."""
    if isinstance(value, str):
        if "\0" in value:
            yield Problem(json_path(path), "invalid_json", "expected no NUL characters, found one")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _find_nul(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _find_nul(key, (*path, key))
            yield from _find_nul(item, (*path, key))
