"""Checks the envelope of a call, which is everything but its properties and traits.

The six calls and their common fields are named as in Segment's spec
(https://segment.com/docs/connections/spec/common/). A null counts as absent everywhere, because
many SDKs send the ids that they do not have as null.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

CALL_TYPES = ("track", "identify", "group", "page", "screen", "alias")

# Segment's spec limits the messageId only; the other limits are ours, wide enough for every SDK.
MAX_MESSAGE_ID_LENGTH = 100  # characters
MAX_ID_LENGTH = 512  # characters; in UTF-8 they still fit into an index of Postgres, which ends at 2,704 bytes
MAX_EVENT_NAME_LENGTH = 512  # characters; for the same reason
MAX_DEPTH = 32  # levels, the call itself being the first; writers of JSON give up at 254 and more
MAX_KEYS = 1000  # in one object
MAX_KEY_LENGTH = 1024  # characters

_IDS = ("userId", "anonymousId", "previousId", "groupId")
_OBJECTS = ("properties", "traits", "context", "integrations")
_TIMES = ("timestamp", "originalTimestamp", "sentAt")
_LIST = ord("[")
_NUMBER_TOO_LONG = 10**MAX_ID_LENGTH

_TYPE_NAMES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "list",
    type(None): "null",
}

# Written out because what datetime.fromisoformat takes differs between versions of Python.
_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?[0-5]\d)?)?",
    re.ASCII,
)

_Keys = tuple[str | int, ...]
_Located = tuple[_Keys, dict[str, object] | list[object]]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a call: where, which rule, and what was expected; never the value found."""

    path: str  # JSONPath: `$.properties.report_id`
    code: str  # for programs: `missing_user`
    message: str  # for people


_Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_LENGTH)]


class AnyObject(msgspec.Struct):
    """An object, whatever it holds."""


class PlainContext(msgspec.Struct, gc=False):
    """Of a context, what has a type."""

    traits: AnyObject | None = None


class PlainCall(msgspec.Struct, rename="camel", gc=False):
    """The envelope of almost every call: one that fits is looked at by msgspec, in a tenth of the time."""

    type: Literal["track", "identify", "group", "page", "screen"]
    event: Annotated[str, Meta(min_length=1, max_length=MAX_EVENT_NAME_LENGTH)] | None = None
    user_id: _Id | None = None
    anonymous_id: _Id | None = None
    previous_id: _Id | None = None
    group_id: _Id | None = None
    message_id: Annotated[str, Meta(min_length=1, max_length=MAX_MESSAGE_ID_LENGTH)] | None = None
    properties: AnyObject | None = None
    traits: AnyObject | None = None
    context: PlainContext | None = None
    integrations: AnyObject | None = None
    timestamp: str | None = None
    original_timestamp: str | None = None
    sent_at: str | None = None


P = TypeVar("P", bound=PlainCall)


def check_call(call: object, encoded: bytes | None = None) -> list[Problem]:
    """Every problem of the envelope of a call; `call` is any decoded JSON value.

    `encoded` is the same as JSON in UTF-8, if the caller has it: it spares most calls the walk through all that they
    hold, which is half of the work.
    """
    if not isinstance(call, dict):
        return [Problem("$", "invalid_call", _expected("object", call))]
    problems = [*_find_problems(call)] if plain_call(call, PlainCall) is None else []
    if encoded is None or not _is_surely_shallow(encoded):
        problems.extend(_check_nesting(call))
    return problems


def plain_call(call: dict[str, Any], form: type[P]) -> P | None:
    """The envelope of a call that surely has no problem, as almost every one has none; others may have none, either.

    What a call holds is not looked at: how deep it is, and how long its keys are.
    """
    try:
        plain = msgspec.convert(call, form)
    except msgspec.ValidationError:
        return None
    return plain if _is_sound(plain) else None


def is_shallow(call: dict[str, object], encoded: bytes) -> bool:
    """Whether `check_call` finds nothing too deep, too long or too many; `encoded` holds no less than the call."""
    return _is_surely_shallow(encoded) or next(_check_nesting(call), None) is None


def parse_timestamp(text: str) -> datetime | None:
    """The moment, in UTC, that an ISO 8601 date-time names; None when `text` is none.

    Without an offset it is taken as UTC. Digits below a microsecond are dropped. A moment outside
    the years 1 to 9999 in UTC is None too.
    """
    if not _DATE_TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1024)  # a call's own is asked for when it is checked and when it is enriched
def timestamp_seconds(text: str) -> float | None:
    """The same moment in seconds since the epoch."""
    moment = parse_timestamp(text)
    return None if moment is None else moment.timestamp()


def type_name(value: object) -> str:
    """What JSON calls the type of a decoded value: string, integer, number, boolean, object, list or null."""
    return _TYPE_NAMES.get(type(value), "unknown")


def json_path(keys: Iterable[str | int]) -> str:
    """The JSONPath of a value inside a call; odd keys are quoted, so that a path is always one printable line."""
    return "$" + "".join(
        f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{json.dumps(key)}]" for key in keys
    )


def _is_sound(plain: PlainCall) -> bool:
    """What the types do not say: ids that a call of its type needs, blank texts, times that are none."""
    if plain.user_id is None and plain.anonymous_id is None:
        return False
    if (plain.event is None and plain.type == "track") or (plain.group_id is None and plain.type == "group"):
        return False
    for text in (plain.event, plain.user_id, plain.anonymous_id, plain.previous_id, plain.group_id, plain.message_id):
        if text is not None and text.isspace():
            return False
    for time in (plain.timestamp, plain.original_timestamp, plain.sent_at):
        if time is not None and timestamp_seconds(time) is None:
            return False
    return True


def _find_problems(call: Mapping[str, object]) -> Iterator[Problem]:
    yield from _check_type(call)
    yield from _check_ids(call)
    yield from _check_message_id(call)
    yield from _check_objects(call)
    yield from _check_times(call)


def _check_type(call: Mapping[str, object]) -> Iterator[Problem]:
    kind = call.get("type")
    if kind not in CALL_TYPES:
        yield Problem("$.type", "invalid_type", _expected(f"one of {', '.join(CALL_TYPES)}", kind))
    elif kind == "track" and (fault := _text_fault(call.get("event"), MAX_EVENT_NAME_LENGTH)):
        yield Problem("$.event", "invalid_event_name", fault)


def _check_ids(call: Mapping[str, object]) -> Iterator[Problem]:
    yield from _check_required_ids(call)
    for field in _IDS:
        if not _is_absent(value := call.get(field)) and (fault := _id_fault(value)):
            yield Problem(f"$.{field}", f"invalid_{field}", fault)


def _check_required_ids(call: Mapping[str, object]) -> Iterator[Problem]:
    kind = call.get("type")
    if _is_absent(call.get("userId")):
        if kind == "alias":
            yield Problem("$.userId", "missing_user", "expected a userId, found none")
        elif _is_absent(call.get("anonymousId")):
            yield Problem("$.userId", "missing_user", "expected a userId or an anonymousId, found neither")
    if kind == "alias" and _is_absent(call.get("previousId")):
        yield Problem("$.previousId", "missing_previousId", "expected a previousId, found none")
    if kind == "group" and _is_absent(call.get("groupId")):
        yield Problem("$.groupId", "missing_groupId", "expected a groupId, found none")


def _check_message_id(call: Mapping[str, object]) -> Iterator[Problem]:
    message_id = call.get("messageId")
    if message_id is not None and (fault := _text_fault(message_id, MAX_MESSAGE_ID_LENGTH)):
        yield Problem("$.messageId", "invalid_messageId", fault)


def _check_objects(call: Mapping[str, object]) -> Iterator[Problem]:
    for field in _OBJECTS:
        value = call.get(field)
        if value is not None and not isinstance(value, dict):
            yield Problem(f"$.{field}", f"invalid_{field}", _expected("object", value))
    context = call.get("context")
    traits = context.get("traits") if isinstance(context, dict) else None
    if traits is not None and not isinstance(traits, dict):
        yield Problem("$.context.traits", "invalid_traits", _expected("object", traits))


def _check_times(call: Mapping[str, object]) -> Iterator[Problem]:
    for field in _TIMES:
        value = call.get(field)
        if value is not None and not (isinstance(value, str) and timestamp_seconds(value) is not None):
            yield Problem(f"$.{field}", "invalid_timestamp", _expected("ISO 8601 date-time", value))


def _is_surely_shallow(encoded: bytes) -> bool:
    """Whether there is no room for a key too long or for too many of them, nor signs enough for too many levels."""
    if len(encoded) > MAX_KEY_LENGTH:
        return False
    lists = encoded.count(b"[") if _LIST in encoded else 0  # most have none, and a byte is found sooner than counted
    return encoded.count(b"{") + lists <= MAX_DEPTH


def _check_nesting(call: dict[str, object]) -> Iterator[Problem]:
    """Walk the call level by level, never by recursion, which hostile nesting would exhaust."""
    level: list[_Located] = [((), call)]
    for _ in range(MAX_DEPTH):
        below: list[_Located] = []
        for path, container in level:
            # All keys joined are seldom longer than one may be; joining them costs less than looking at each.
            if isinstance(container, dict) and (len(container) > MAX_KEYS or len("".join(container)) > MAX_KEY_LENGTH):
                yield from _check_keys(path, container)
            for key, value in container.items() if isinstance(container, dict) else enumerate(container):
                # Comparing types costs a third of isinstance, and this line sees every value of every call.
                if type(value) is dict or type(value) is list:
                    below.append(((*path, key), value))
        if not below:
            return
        level = below
    yield Problem(json_path(level[0][0]), "too_deep", f"expected at most {MAX_DEPTH} levels, found more")


def _check_keys(path: _Keys, container: Collection[str]) -> Iterator[Problem]:
    if len(container) > MAX_KEYS:
        yield Problem(json_path(path), "too_many_keys", _at_most(MAX_KEYS, "keys in an object", len(container)))
    longest = max(map(len, container))
    if longest > MAX_KEY_LENGTH:
        yield Problem(json_path(path), "key_too_long", _at_most(MAX_KEY_LENGTH, "characters in a key", longest))


def _is_absent(value: object) -> bool:
    return value is None or value == ""


def _id_fault(value: object) -> str | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return None if abs(value) < _NUMBER_TOO_LONG else f"expected at most {MAX_ID_LENGTH} digits, found more"
    if isinstance(value, str):
        return _text_fault(value, MAX_ID_LENGTH)
    return _expected("string or number", value)


def _text_fault(value: object, longest: int) -> str | None:
    if not isinstance(value, str):
        return _expected("string", value)
    if len(value) > longest:
        return _at_most(longest, "characters", len(value))
    if not value.strip():
        return "expected a string with more than spaces, found a blank one"
    return None


def _at_most(limit: int, unit: str, found: int) -> str:
    return f"expected at most {limit} {unit}, found {found}"


def _expected(expected: str, found: object) -> str:
    return f"expected {expected}, found {type_name(found)}"
