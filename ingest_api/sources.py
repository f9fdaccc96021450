"""Finds the source that a request comes from, by its write key."""

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

from analytics_platform.settings import Source
from ingest_api.head import Head
from ingest_api.refusal import Refusal


class Sources:
    """All sources, by the hash of their write key: a lookup that takes as long for a close guess as for a far one."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._by_digest = {_digest(source.write_key.get_secret_value()): source for source in sources}

    def of_header(self, head: Head) -> Source | None:
        """The source by Basic authentication, None when the request has none; raises Refusal."""
        header = _authorization(head)
        key = _basic_user(header) if header is not None else ""
        return self._of_key(key) if key else None

    def of_document(self, document: Any, head: Head) -> Source:
        """The source by the `writeKey` of the body, of its first message, or of the query; raises Refusal."""
        for key in _keys(document, head):
            if key is not None:
                return self._of_key(key)
        raise Refusal(
            "missing_write_key",
            "No write key: send it as the user of Basic authentication, or as writeKey in the body.",
        )

    def _of_key(self, key: object) -> Source:
        if not isinstance(key, str) or not key:
            raise Refusal("bad_credentials", "The write key must be a text that is not empty.")
        source = self._by_digest.get(_digest(key))
        if source is None:
            # RudderStack's Android SDK retries for ever unless an answer holds these three words.
            raise Refusal("invalid_write_key", "invalid write key: no source has it.")
        return source


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _authorization(head: Head) -> str | None:
    """The Authorization header, of which there may be one."""
    if head.is_repeated("authorization"):
        raise Refusal("duplicate_authorization", "Send one Authorization header.")
    return head.get("authorization")


def _basic_user(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic" or not value.strip():
        raise Refusal("bad_credentials", "The Authorization header must be: Basic base64(writeKey + ':').")
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
    except ValueError:  # not base64, or not UTF-8
        raise Refusal("bad_credentials", "The Basic credentials are not base64 of a text in UTF-8.") from None


def _keys(document: Any, head: Head) -> Iterable[object]:
    """Where a write key can be besides the header, the first to look at first."""
    if isinstance(document, dict):
        yield document.get("writeKey")
        batch = document.get("batch")
        if isinstance(batch, list) and batch and isinstance(batch[0], dict):
            yield batch[0].get("writeKey")
    if head.query_string:
        yield head.query().get("writeKey")
