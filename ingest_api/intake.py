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
from ingest_api.quick_look import is_moderate, is_plain
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
    sorter = Sorter(batch.kind, source, rules, facts)
    for index, call in enumerate(batch):
        refused = identify_call(call, session) if session else None
        if source.refused_calls:
            refused = refused or check_key(call, source)
        if refused:
            sorter.reject(index, call, [refused])
        elif entry := sorter.plain_entry(index, call):
            sorter.intake.entries.append(entry)
        else:
            sorter.look_closely(index, call)
    return sorter.intake


class Sorter:
    """Knows of a request what it takes to sort one of its calls, which stands at an `index` in it."""

    def __init__(self, kind: str | None, source: Source, rules: Rules, facts: Facts) -> None:
        """`kind` is the type that the path asks for, None where each call says its own."""
        self.intake = Intake()
        self._kind = kind
        self._source = source
        self._rules = rules
        self._facts = facts
        self._may_be_plain = facts.privacy.user_agent  # without it, what is stored of a call may be much less than it

    def plain_entry(self, index: int, call: Any) -> Entry | None:
        """The entry of a call of which there is surely nothing to say, as of almost every one; or None."""
        try:
            if not self._may_be_plain or not is_plain(call, self._kind, self._source, self._rules):
                return None
            enriched = enrich(call, self._facts, index)
            payload = msgspec.json.encode(enriched)
        except RecursionError:  # how deep it is, a close look asks first
            return None
        return self._entry(enriched, payload) if is_moderate(call, payload, self._rules) else None

    def look_closely(self, index: int, call: Any) -> None:
        """Reject the call, or put it among the entries; with all that there is to say of it."""
        outcome, problems = judge(call, self._kind, self._source, self._rules)
        if outcome == "rejected":
            self.reject(index, call, problems)
            return
        enriched = enrich(self._rules.registry.protect(call, self._rules.hash_key), self._facts, index)
        why = None
        if problems:
            note = Note(index, enriched["messageId"], problems)
            if outcome == "quarantined":
                self.intake.quarantined.append(note)
                why = msgspec.json.encode(problems).decode()
            else:
                self.intake.warnings.append(note)
                enriched["context"]["warnings"] = marks(problems)
        self.intake.entries.append(self._entry(enriched, msgspec.json.encode(enriched), why))

    def reject(self, index: int, call: Any, problems: list[Problem]) -> None:
        """Say what is wrong with a call, of which nothing is stored."""
        self.intake.rejected.append(Note(index, _message_id(call), problems))

    def _entry(self, enriched: dict[str, Any], payload: bytes, why: str | None = None) -> Entry:
        return Entry(self._source.name, enriched["messageId"], self._facts.received_at, payload.decode(), why)


def _message_id(call: Any) -> str | None:
    """The messageId of a rejected call, if it is sound enough to be repeated."""
    message_id = call.get("messageId") if isinstance(call, dict) else None
    return message_id if isinstance(message_id, str) and len(message_id) <= MAX_MESSAGE_ID_LENGTH else None
