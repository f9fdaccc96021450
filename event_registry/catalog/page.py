"""Renders the tracking plan as one page of HTML that loads nothing."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count

from jinja2 import Environment, PackageLoader, StrictUndefined

from event_registry.defining import Definition, Mode, UnplannedMode
from event_registry.fields import Privacy

_IDS_OF_THE_PAGE = ("events", "owner", "query", "search", "status", "traits")

_FATES: Mapping[Mode | UnplannedMode, str] = {
    "enforce": "rejected",
    "reject": "rejected",
    "quarantine": "kept aside",
    "warn": "accepted with a warning",
    "off": "accepted, nobody looks",
}
_PRIVACIES: Mapping[str | None, str] = {
    None: "",
    "redact": ": nobody may have it; a fixed text is stored in its place",
    "hash": ": nobody may read it; a keyed hash is stored in its place",
}


@dataclass(frozen=True, slots=True)
class Volume:
    """How often a definition was sent."""

    accepted: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class Volumes:
    """How often each definition was sent, by its kind and name."""

    since: str  # from which moment on, as people read it
    of: Mapping[tuple[str, str], Volume] = field(default_factory=dict)


def render(plan: Iterable[Definition], volumes: Volumes | None = None) -> str:
    """The whole page; with volumes if there are some."""
    definitions = [*plan]
    environment = Environment(
        loader=PackageLoader("event_registry.catalog"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"privacy": _privacy, "json": _json, "count": "{:,}".format, "fate": _FATES.__getitem__}
    return environment.get_template("catalog.html.jinja").render(
        events=[each for each in definitions if each.kind == "track"],
        traits=[each for each in definitions if each.kind != "track"],
        anchors=_anchors(definitions),
        owners=sorted({each.owner for each in definitions}),
        volumes=volumes,
        nothing=Volume(),
        policy=policy(),
        style=_asset("catalog.css"),
        script=_asset("catalog.js"),
    )


def policy() -> str:
    """The Content-Security-Policy under which the page works: its one script and its one style, by their hashes."""
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"script-src {_hash(_asset('catalog.js'))}; style-src {_hash(_asset('catalog.css'))}"
    )


def _asset(name: str) -> str:
    loader = PackageLoader("event_registry.catalog")
    return loader.get_source(Environment(autoescape=True), name)[0]


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _anchors(definitions: Iterable[Definition]) -> Mapping[tuple[str, str], str]:
    """What stands behind the # in the address of each definition."""
    anchors: dict[tuple[str, str], str] = {}
    taken = {*_IDS_OF_THE_PAGE}
    for each in definitions:
        wish = re.sub(r"[^\w.-]", "_", each.name if each.kind == "track" else f"traits-of-{each.name}")
        free = next(name for name in _spellings(wish) if name not in taken)
        anchors[each.kind, each.name] = free
        taken.add(free)
    return anchors


def _spellings(wish: str) -> Iterable[str]:
    yield wish
    yield from (f"{wish}-{number}" for number in count(2))


def _privacy(privacy: Privacy) -> str:
    return privacy.level + _PRIVACIES[privacy.treatment]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
