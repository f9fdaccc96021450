"""Recognises the calls of which there is nothing to say, as of almost every one, at half of what judging them costs."""

from typing import Annotated, Any

import msgspec

from analytics_platform.settings import Source
from event_registry.calls import PlainCall, PlainContext, is_shallow, plain_call
from event_registry.verdicts import ACCEPTED, judge
from ingest_api.content import has_nul
from ingest_api.placeholders import check_placeholders
from ingest_api.validation import Rules

UNSTORED_BYTES = 1024  # more than a plain call may have of what is not stored

_Short = Annotated[str, msgspec.Meta(pattern=r"\A[ -~]{0,200}\Z")]


class _Consent(msgspec.Struct, rename="camel", gc=False):
    category_preferences: dict[str, bool] | None = None


class _Context(PlainContext, rename="camel", gc=False):
    """What is not stored of a context has to be short, so that what is stored tells how large the call was."""

    consent: _Consent | None = None
    ip: _Short | None = None
    warnings: None = None


class _Call(PlainCall, rename="camel", gc=False):
    """The same of a call."""

    context: _Context | None = None
    write_key: _Short | None = None
    received_at: None = None


def is_plain(call: Any, kind: str | None, source: Source, rules: Rules) -> bool:
    """Whether there is nothing to say of the call, nor to protect in it, unless it is too large, too deep or has NULs.

    `kind` is the type that the path asks for, None where each call says its own.
    """
    plain = plain_call(call, _Call)
    if plain is None or (kind is not None and plain.type != kind) or check_placeholders(call):
        return False
    registry = rules.registry
    return registry.passes(plain, call) or (
        judge(call, source, registry) is ACCEPTED and registry.protect(call, rules.hash_key) is call
    )


def is_moderate(call: dict[str, Any], stored: bytes, rules: Rules) -> bool:
    """Whether a plain call is surely neither too large nor too deep, and has no NULs; by how it is stored, as JSON."""
    return len(stored) + UNSTORED_BYTES <= rules.event_bytes and not has_nul(stored) and is_shallow(call, stored)
