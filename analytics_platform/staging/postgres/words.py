"""Makes what a vendor says fit for a column of Postgres."""

from typing import overload


@overload
def storable(words: str) -> str: ...


@overload
def storable(words: str | None) -> str | None: ...


def storable(words: str | None) -> str | None:
    """The words with a mark in place of what Postgres takes in no text: NUL, and halves of a surrogate pair."""
    return None if words is None else words.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
