"""Sorts the calls of a request into entries for the store and notes for the answer."""

from typing import Any

import msgspec

from analytics_platform.settings import Source
from analytics_platform.staging.base import Entry
from event_registry.calls import MAX_MESSAGE_ID_LENGTH, Problem
from event_registry.verdicts import Verdict, marks
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
    for index, call in enumerate(batch):
        refused = identify_call(call, session) if session else None
        if source.refused_calls:
            refused = refused or check_key(call, source)
        verdict = Verdict("rejected", [refused]) if refused else judge(call, batch.kind, source, rules)
        if verdict.outcome == "rejected":
            intake.rejected.append(Note(index, _message_id(call), verdict.problems))
            continue
        enriched = enrich(rules.registry.protect(call, rules.hash_key), facts, index)
        entry = _entry(enriched, source, facts, verdict)
        intake.entries.append(entry)
        if verdict.problems:
            notes = intake.quarantined if verdict.outcome == "quarantined" else intake.warnings
            notes.append(Note(index, entry.message_id, verdict.problems))
    return intake


def _entry(enriched: dict[str, Any], source: Source, facts: Facts, verdict: Verdict) -> Entry:
    quarantined = verdict.outcome == "quarantined"
    if verdict.problems and not quarantined:
        enriched["context"]["warnings"] = marks(verdict.problems)
    return Entry(
        source=source.name,
        message_id=enriched["messageId"],
        received_at=facts.received_at,
        payload=msgspec.json.encode(enriched).decode(),
        problems=msgspec.json.encode(verdict.problems).decode() if quarantined else None,
    )


def _message_id(call: Any) -> str | None:
    """The messageId of a rejected call, if it is sound enough to be repeated."""
    message_id = call.get("messageId") if isinstance(call, dict) else None
    return message_id if isinstance(message_id, str) and len(message_id) <= MAX_MESSAGE_ID_LENGTH else None
