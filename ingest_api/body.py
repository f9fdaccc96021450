"""Reads a request's body, as the JSON value that it holds, within bounds that hold while it is read."""

import zlib
from typing import Any

import msgspec
from starlette.types import Receive

from ingest_api.head import Head
from ingest_api.limits import Limits
from ingest_api.refusal import Refusal

JSON_MEDIA_TYPES = ("", "application/json", "text/plain")  # text/plain: a beacon cannot say anything else
GZIP_MAGIC = b"\x1f\x8b"
GZIP_ONLY = 16 + zlib.MAX_WBITS


async def read_json(head: Head, receive: Receive, limits: Limits, *, is_sdk_path: bool) -> Any:
    """The JSON value in the body.

    SDKs label JSON as whatever they like and some send gzip without saying so, so on their paths the
    Content-Type is not looked at and gzip is recognised by its first bytes. Raises Refusal.
    """
    if not is_sdk_path:
        _check_media_type(head.get("content-type") or "")
    is_gzip = _is_gzip(head.get("content-encoding") or "")
    body = await _read(head, receive, limits.body_bytes)
    if is_gzip or (is_sdk_path and body.startswith(GZIP_MAGIC)):
        body = inflate(body, limits.body_bytes)
    return parse(body)


def inflate(data: bytes, limit: int) -> bytes:
    """The content of one gzip member; never holds more than `limit` bytes of it, whatever it would inflate to."""
    inflater = zlib.decompressobj(wbits=GZIP_ONLY)
    try:
        content = inflater.decompress(data, limit + 1)
    except zlib.error:
        raise Refusal("invalid_gzip", "The body is not valid gzip.") from None
    if len(content) > limit:
        raise _too_large(limit)
    if not inflater.eof or inflater.unused_data:
        raise Refusal("invalid_gzip", "The gzip body must be one whole member with nothing behind it.")
    return content


def parse(body: bytes) -> Any:
    """The JSON value; strict where parsers differ: no NaN, no lone surrogates, no byte order mark."""
    if not body.strip():
        raise Refusal("empty_body", "The body is empty: send a call as JSON.")
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise Refusal("too_deep", "The body's JSON is nested too deeply.") from None
    except UnicodeDecodeError:
        raise Refusal("invalid_json", "The body is not UTF-8.") from None
    except msgspec.DecodeError as error:
        raise Refusal("invalid_json", f"The body is not valid JSON: {error}.") from None


def _check_media_type(content_type: str) -> None:
    media_type, *parameters = [part.strip().lower() for part in content_type.split(";")]
    if media_type not in JSON_MEDIA_TYPES:
        raise Refusal("unsupported_media_type", "Send JSON, as application/json or text/plain.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            raise Refusal("unsupported_charset", "Send JSON in UTF-8.")


def _is_gzip(content_encoding: str) -> bool:
    encoding = content_encoding.strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise Refusal("unsupported_encoding", "The only Content-Encoding understood here is gzip, applied once.")
    return encoding == "gzip"


async def _read(head: Head, receive: Receive, limit: int) -> bytes:
    """The bytes on the wire; a body that says it is too large is refused before any of it is asked for.

    How long they may take, and how many all requests may hold together, is bounded in protocol.py.
    """
    length = head.get("content-length") or ""
    if length.isdecimal() and int(length) > limit:
        raise _too_large(limit)
    body, more = await _part(receive)
    if more:
        whole = bytearray(body)  # which grows without being copied, however small the parts are
        while more and len(whole) <= limit:
            body, more = await _part(receive)
            whole += body
        body = bytes(whole)
    if len(body) > limit:
        raise _too_large(limit)
    return body


async def _part(receive: Receive) -> tuple[bytes, bool]:
    """The next bytes, and whether more come behind them."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Refusal("disconnected", "The connection was closed before the body was complete.")
    return message["body"], message["more_body"]


def _too_large(limit: int) -> Refusal:
    return Refusal("body_too_large", f"The body may have {limit} bytes, before and after inflating: send it in parts.")
