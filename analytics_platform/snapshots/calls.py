"""Makes of a row the call that it becomes."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from analytics_platform.snapshots.declaration import Declaration, planned
from event_registry.calls import Problem, check_call
from event_registry.fields import Kind
from event_registry.registry import Registry

SOURCE = "snapshots"
LARGEST_CALL = 32 * 1024  # bytes of JSON, as the ingest API takes at most
NUL = b"\\u0000"

Call = dict[str, Any]


def message_id(snapshot: str, partition: str, entity: str, digest: bytes, nth: int) -> str:
    """A UUID (RFC 9562, version 8) that the same state of the same entity has again when a partition is read again.

    `nth` is how many calls about the entity the partition has had before: a state that comes back is a new call.
    """
    content = msgspec.json.encode((snapshot, partition, entity, digest.hex(), nth))
    digits = blake2b(content, digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def caller(
    declaration: Declaration, registry: Registry, at: datetime, now: datetime
) -> Callable[[Sequence[Any]], Call]:
    """What makes calls, still without messageId, of values in the order of the declaration's columns.

    `at` is when the state was so, `now` when it was read.
    """
    fields = planned(declaration, registry)
    kinds = {trait: fields[trait].type.kind for trait in declaration.traits}
    first = len(declaration.columns) - len(declaration.traits)
    sent_at = times(at, now)

    def call(values: Sequence[Any]) -> Call:
        own = zip(declaration.traits, values[first:], strict=True)
        traits = {trait: fitting(plain(value), kinds[trait]) for trait, value in own}
        user = values[1] if declaration.user else None
        return frame(declaration, identified(values[0]), identified(user), traits, sent_at)

    return call


def times(at: datetime, now: datetime) -> dict[str, str]:
    """What all calls of a reading say of time."""
    return {"timestamp": iso(at), "originalTimestamp": iso(at), "receivedAt": iso(now)}


def frame(
    declaration: Declaration,
    entity: str | None,
    user: str | None,
    traits: Mapping[str, Any],
    sent_at: Mapping[str, str],
) -> Call:
    """A call about an entity, which is a group or a user; `sent_at` is its times."""
    ids = {"groupId": entity, "userId": user} if declaration.call == "group" else {"userId": entity}
    return {
        "type": declaration.call,
        **{name: value for name, value in ids.items() if value is not None},
        "traits": dict(traits),
        "context": {"library": {"name": f"snapshot-{declaration.name}", "version": "1"}},
        **sent_at,
    }


def problems(call: Call, encoded: bytes, registry: Registry) -> list[Problem]:
    """What is wrong with a call, given as JSON, too; as the ingest API sees it, but a group may name no user."""
    found = [each for each in check_call(call) if not (each.code == "missing_user" and call["type"] == "group")]
    found = found or registry.validate(call)
    found += [
        Problem(f"$.traits.{name}", "invalid_property", "expected a finite number")
        for name, value in call["traits"].items()
        if isinstance(value, float) and not math.isfinite(value)  # which JSON would have as null
    ]
    if len(encoded) > LARGEST_CALL:
        found.append(Problem("$", "event_too_large", f"expected at most {LARGEST_CALL} bytes, found {len(encoded)}"))
    if NUL in encoded:
        found.append(Problem("$", "invalid_json", "expected no NUL characters, found one"))
    return found


def plain(value: Any) -> Any:
    """A database's value as JSON has it; a time without an offset is one in UTC."""
    match value:
        case Decimal():
            return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
        case datetime():
            return iso(value if value.tzinfo else value.replace(tzinfo=UTC))
        case date():
            return value.isoformat()
        case None | bool() | int() | float() | str() | list() | dict() | bytes():
            return value
        case _:
            return str(value)


def fitting(value: Any, kind: Kind) -> Any:
    """The value in the type that the plan wants, where its database, or pandas, has no such type.

    SQLite and MySQL have numbers for booleans, pandas has floats for integers of which one is missing.
    """
    if kind == "boolean" and value in (0, 1) and not isinstance(value, str):
        return bool(value)
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def identified(value: Any) -> str | None:
    """An id as text, so that 7 and "7" are one entity; bytes, such as MySQL's UUIDs, in hex; None for a missing one."""
    if isinstance(value, bytes):
        return value.hex() or None
    text = "" if value is None else str(value).strip()
    return text or None


def iso(moment: datetime) -> str:
    """A moment as every destination takes it: 2026-01-01T00:00:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
