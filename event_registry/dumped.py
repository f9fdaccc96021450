"""A tracking plan as JSON: what one version writes down, and another one compares with its own."""

import json
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from event_registry.defining import Definition

FORMAT: Literal[1] = 1


class UnreadablePlan(Exception):
    """What was named as a plan is none; the sentence says what was named, and why."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tracking_plan: Literal[1]  # the format's version
    definitions: list[Definition]


def dump(plan: Iterable[Definition]) -> str:
    """The whole plan."""
    document = _Document(tracking_plan=FORMAT, definitions=[*plan]).model_dump(mode="json")
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def parse(text: str, label: str) -> list[Definition]:
    """The definitions of a plan that was dumped; raises UnreadablePlan."""
    try:
        return _Document.model_validate_json(text).definitions
    except ValidationError as error:
        [first, *_] = error.errors(include_url=False, include_input=False)
        place = ".".join(str(key) for key in first["loc"]) or "the file"
        raise UnreadablePlan(f"{label} was not written by `analytics plan dump`: {place}: {first['msg']}") from None
