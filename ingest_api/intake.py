"""Sorts the calls of a request into entries for the store and notes for the answer."""

from typing import Any

import msgspec

from analytics_platform.settings import Source
from analytics_platform.staging.base import Entry
from event_registry.calls import MAX_MESSAGE_ID_LENGTH, Problem
from event_registry.verdicts import marks
from ingest_api.batch import Batch
from ingest_api.enrichment import Facts, enrich
from ingest_api.permission import Session, check_key, identify_call
from ingest_api.validation import Rules, judge


class Note(msgspec.Struct, frozen=True, omit_defaults=True, rename={"message_id": "messageId"}):
    """A call that the answer names, and what is wrong with it, if anything is."""

    index: int
    message_id: str | None
    problems: list[Problem] = []


class Intake(msgspec.Struct, frozen=True):
    """What becomes of the calls of one request."""

    entries: list[Entry] = []
    quarantined: list[Note] = []
    rejected: list[Note] = []
    warnings: list[Note] = []


def sort_calls(
    batch: Batch,
    source: Source,
    rules: Rules,
    facts: Facts,
    session: Session | None = None,
) -> Intake:
    """Judge every call by itself, as its session's user's if there is one; what is not rejected becomes an entry."""
    intake = Intake()
    protect, hash_key = rules.registry.protect, rules.hash_key
    for index, call in enumerate(batch):
        refused = identify_call(call, session) if session else None
        if source.refused_calls:
            refused = refused or check_key(call, source)
        outcome, problems = ("rejected", [refused]) if refused else judge(call, batch.kind, source, rules)
        if outcome == "rejected":
            intake.rejected.append(Note(index, _message_id(call), problems))
            continue
        enriched = enrich(protect(call, hash_key), facts, index)
        message_id = enriched["messageId"]
        why = None
        if problems:
            note = Note(index, message_id, problems)
            if outcome == "quarantined":
                intake.quarantined.append(note)
                why = msgspec.json.encode(problems).decode()
            else:
                intake.warnings.append(note)
                enriched["context"]["warnings"] = marks(problems)
        payload = msgspec.json.encode(enriched).decode()
        intake.entries.append(Entry(source.name, message_id, facts.received_at, payload, why))
    return intake


def _message_id(call: Any) -> str | None:
    """The messageId of a rejected call, if it is sound enough to be repeated."""
    message_id = call.get("messageId") if isinstance(call, dict) else None
    return message_id if isinstance(message_id, str) and len(message_id) <= MAX_MESSAGE_ID_LENGTH else None
