"""The digests by which calls are recognised and searched for, in place of what clients say."""

import json
from hashlib import blake2b
from typing import NamedTuple

from analytics_platform.staging.base import Entry


class Names(NamedTuple):
    """Digests of what people search a call by; None where the call has no such thing."""

    event: str | None  # of a track call's event, else of the call's type
    user: str | None
    anonymous: str | None


def digest(text: str) -> str:
    """16 bytes that stand for a text, in hexadecimal, as Postgres takes a uuid."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def message_hash(entry: Entry) -> str:
    """What stands for a messageId within its source."""
    return digest(f"{entry.source}\0{entry.message_id}")


def names_in(payload: str) -> Names:
    """What this call can be searched by; nothing when it is no call."""
    try:
        call = json.loads(payload)
    except (ValueError, RecursionError):
        call = None
    if not isinstance(call, dict):
        return Names(None, None, None)
    name = call.get("type") if call.get("event") is None else call["event"]
    return Names(_of(name), _of(call.get("userId")), _of(call.get("anonymousId")))


def _of(name: object) -> str | None:
    return digest(name) if isinstance(name, str) else None
