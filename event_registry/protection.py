"""Takes the secrets out of a call before it is stored."""

import hmac
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import is_
from typing import Any

from event_registry.defining import Definition
from event_registry.fields import Treatment
from event_registry.spelling import Spelling, plainly

REDACTED_TEXT = "[redacted]"
HASH_PREFIX = "hmac-sha256:"

_HASH = re.compile(rf"{HASH_PREFIX}[0-9a-f]{{64}}")
_SHORTEST_PART = 4  # characters of a secret's name that is looked for inside of other names
_REMEMBERED = 4096  # names; senders use the same ones again and again

# What Segment's spec has in page and screen calls, which no plan describes.
_OF_PAGES: Mapping[str, Treatment | None] = dict.fromkeys(
    ("category", "keywords", "name", "path", "referrer", "search", "title", "url")
)


class Protection:
    """The secrets of a plan.

    A property that the plan declares is treated as declared. Any other one, at whatever depth, is treated as the
    secret whose name it contains or nearly has: it may be a secret misspelt, or one whose event the plan does not
    know yet, and such calls are kept in quarantine. Protecting twice changes nothing.
    """

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._planned: dict[tuple[str, str], dict[str, Treatment | None]] = {}
        self._secrets: dict[str, Treatment] = {}
        for each in definitions:
            self._planned[each.kind, each.name] = {field.name: field.privacy.treatment for field in each.fields}
            for field in each.fields:
                if field.privacy.treatment and self._secrets.get(field.name) != "redact":
                    self._secrets[field.name] = field.privacy.treatment
        self._spelling = Spelling(self._secrets)
        self._parts = {plainly(name): name for name in self._secrets if len(plainly(name)) >= _SHORTEST_PART}
        self._treatment_of = lru_cache(_REMEMBERED)(self._find_treatment)

    def protect(self, call: dict[str, Any], key: bytes) -> dict[str, Any]:
        """The call without secrets in its properties and traits: itself when it has none, else a copy.

        Hashes are HMAC-SHA256 under `key`, the installation's.
        """
        if not self._secrets:
            return call
        kind = call["type"]
        found: dict[str, Any] = {}
        if properties := call.get("properties"):
            planned = self._planned.get(("track", call["event"]), {}) if kind == "track" else _OF_PAGES
            if (safe := self._protected(properties, planned, key)) is not properties:
                found["properties"] = safe
        traits = call.get("traits")
        if traits and (safe := self._protected(traits, self._planned.get((kind, kind), {}), key)) is not traits:
            found["traits"] = safe
        context = call.get("context")
        if context and (traits := context.get("traits")):  # the user's, whatever the call
            user = self._planned.get(("identify", "identify"), {})
            if (safe := self._protected(traits, user, key)) is not traits:
                found["context"] = {**context, "traits": safe}
        return {**call, **found} if found else call

    def _protected(self, values: dict[str, Any], planned: Mapping[str, Treatment | None], key: bytes) -> dict[str, Any]:
        """The values without secrets: themselves when they have none."""
        found: dict[str, Any] = {}
        for name, value in values.items():
            if value is None:
                continue
            treatment = planned[name] if name in planned else self._treatment_of(name)
            if treatment:
                found[name] = treated(value, treatment, key)
            elif type(value) is dict or type(value) is list:
                inside = self._inside(value, key)
                if inside is not value:
                    found[name] = inside
        return {**values, **found} if found else values

    def _inside(self, value: Any, key: bytes) -> Any:
        """A value that may hold objects, in which nothing is planned; calls have few levels."""
        if isinstance(value, dict):
            return self._protected(value, {}, key)
        if not isinstance(value, list):
            return value
        items = [self._inside(item, key) for item in value]
        return value if all(map(is_, items, value)) else items

    def _find_treatment(self, name: str) -> Treatment | None:
        """How to treat a property that is not planned."""
        plain = plainly(name)
        secret = self._spelling.closest(name) or next(
            (self._parts[part] for part in self._parts if part in plain), None
        )
        return self._secrets[secret] if secret else None


def treated(value: object, treatment: Treatment, key: bytes) -> str:
    """What is stored in the place of a secret."""
    if treatment == "redact":
        return REDACTED_TEXT
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    if _HASH.fullmatch(text):
        return text
    return HASH_PREFIX + hmac.digest(key, b"property\0" + text.encode(), "sha256").hex()
