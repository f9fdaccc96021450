"""Decides whether a call is accepted, quarantined or rejected."""

from typing import Any

import msgspec

from analytics_platform.settings import Source
from event_registry import verdicts
from event_registry.registry import Registry
from event_registry.verdicts import Verdict
from ingest_api.consent import check_consent
from ingest_api.content import check_content
from ingest_api.placeholders import check_placeholders


class Rules(msgspec.Struct, frozen=True):
    """What every call is held to, whoever sends it."""

    registry: Registry
    event_bytes: int  # the most that a call may have
    hash_key: bytes  # under which the plan's secrets are hashed


def judge(call: Any, kind: str | None, source: Source, rules: Rules) -> Verdict:
    """The verdict on one call, by what every call must be and then by the plan as the source's modes have it.

    `kind` is the type that the path asks for, None where each call says its own.
    """
    problems = check_content(call, kind, rules.event_bytes)
    if problems:
        return Verdict("rejected", problems)
    verdict = verdicts.judge(call, source, rules.registry)
    warnings = check_consent(call) + check_placeholders(call)
    return Verdict(verdict.outcome, [*verdict.problems, *warnings]) if warnings else verdict
