"""The digests by which calls are recognised and searched for, in place of what clients say."""

from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from analytics_platform.staging.base import Entry


class Names(NamedTuple):
    """Digests of what people search a call by; None where the call has no such thing."""

    event: str | None  # of a track call's event, else of the call's type
    user: str | None
    anonymous: str | None


class _Call(msgspec.Struct, rename="camel"):
    event: Any = None
    type: Any = None
    user_id: Any = None
    anonymous_id: Any = None


_decoder = msgspec.json.Decoder(_Call)


def digest(text: str) -> str:
    """16 bytes that stand for a text, in hexadecimal, as Postgres takes a uuid."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def message_hash(entry: Entry) -> str:
    """What stands for a messageId within its source."""
    return digest(f"{entry.source}\0{entry.message_id}")


def names_in(payload: str) -> Names:
    """What this call can be searched by; nothing when it is no call."""
    try:
        call = _decoder.decode(payload)
    except msgspec.MsgspecError:
        return Names(None, None, None)
    return Names(_of(call.type if call.event is None else call.event), _of(call.user_id), _of(call.anonymous_id))


def _of(name: object) -> str | None:
    return digest(name) if isinstance(name, str) else None
