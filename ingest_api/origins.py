"""Decides from which pages' origins a request may come.

An origin is what a browser says of the page; whoever has no browser may say anything. So a list of origins keeps other
people's pages from using a key, and is no authentication.
"""

from collections.abc import Iterable

from analytics_platform.settings import Source
from ingest_api.head import Head
from ingest_api.refusal import Refusal

_NO_HOST = frozenset("/:@?# ")


def allowed(source: Source, origin: str | None) -> bool:
    """Whether a page of this origin may send with the source's keys; no origin, and `null`, is on no list."""
    return not source.origins or is_listed(origin, source.origins)


def check_origin(source: Source, head: Head) -> None:
    """Raise Refusal unless the request comes from where the source's keys may be used."""
    if not allowed(source, head.get("origin")):
        raise foreign("The write key's source does not list the page's origin")


def is_listed(origin: str | None, listed: Iterable[str]) -> bool:
    """Whether an origin is one of these, or below one of these as in `https://*.example.com`."""
    return origin is not None and any(origin == each or _is_below(origin, each) for each in listed)


def foreign(reason: str) -> Refusal:
    """The refusal of a request that comes from elsewhere."""
    return Refusal("origin_not_allowed", f"{reason}: an allowed Origin header is needed.")


def _is_below(origin: str, pattern: str) -> bool:
    before, star, behind = pattern.partition("*")
    if not star or not (origin.startswith(before) and origin.endswith(behind)):
        return False
    between = origin[len(before) : len(origin) - len(behind)]
    return bool(between) and _NO_HOST.isdisjoint(between)
