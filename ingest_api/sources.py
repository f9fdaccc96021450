"""Finds the source that a request comes from, by its write key.

SDKs send the key in one place or in several. The first that has one counts, in this order: the Authorization header
as Basic user, or as Bearer token if it is the key of a source; the body's `writeKey`; that of the batch's first call;
the query's. A Bearer token that is no key is looked past, since Segment's SDKs send the access token of an
authorization server beside the key in the body.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from analytics_platform.settings import Source
from ingest_api.credentials import authorization, basic_user
from ingest_api.head import Head
from ingest_api.rate_limit import WrongKeys
from ingest_api.recent import Recent
from ingest_api.refusal import Refusal

MOST_HEADERS = 1000  # that are remembered with the source that they have been found to name; at times twice as many
LONGEST_HEADER = 256  # characters of one that is


class Sources:
    """All sources, by the hash of their write keys: a lookup that takes as long for a close guess as for a far one."""

    def __init__(self, sources: Iterable[Source], wrong_keys: WrongKeys) -> None:
        self._wrong_keys = wrong_keys
        self.replace(sources)

    def replace(self, sources: Iterable[Source]) -> None:
        """Have these sources from the next lookup on; a request sees all of the old ones or all of the new ones."""
        sources = tuple(sources)
        by_name = {source.name: source for source in sources}
        by_digest = {bytes.fromhex(hashed): source for source in sources for hashed in source.write_key_sha256}
        self._by_name, self._by_digest = by_name, by_digest
        self._by_header: Recent[str, Source] = Recent(MOST_HEADERS)

    def named(self, name: str) -> Source:
        """The source of this name, which the settings say is there; raises Refusal when it is switched off."""
        source = self._by_name[name]
        if not source.enabled:
            raise _switched_off()
        return source

    def of_header(self, head: Head, address: str | None = None) -> Source | None:
        """The source by the Authorization header, None when no key is in it; raises Refusal."""
        header, known = head.get("authorization"), self._by_header
        if header is None:
            return None
        source = known.get(header)
        if source is None:
            source = self._of_new_header(head, address)
            if source and len(header) <= LONGEST_HEADER:
                known.put(header, source)
        return source

    def _of_new_header(self, head: Head, address: str | None) -> Source | None:
        found = authorization(head)
        if found is None:
            return None
        scheme, value = found
        if scheme == "basic" and value:
            key = basic_user(value)
            return self.of_key(key, address) if key else None
        if scheme == "bearer" and value:
            return self.of_key(value, address) if _digest(value) in self._by_digest else None
        raise Refusal("bad_credentials", "The Authorization header must be: Basic base64(writeKey + ':').")

    def of_document(self, document: Any, head: Head, address: str | None = None) -> Source:
        """The source by the `writeKey` of the body, of its first call, or of the query; raises Refusal."""
        for key in _keys(document, head):
            if key is not None:
                return self.of_key(key, address)
        found = authorization(head)
        if found and found[0] == "bearer":
            return self.of_key(found[1], address)
        raise Refusal(
            "missing_write_key",
            "No write key: send it as the user of Basic authentication, or as writeKey in the body.",
        )

    def of_key(self, key: object, address: str | None = None) -> Source:
        """The source that has this write key; `address` is whom a wrong one counts for. Raises Refusal."""
        if not isinstance(key, str) or not key:
            raise Refusal("bad_credentials", "The write key must be a text that is not empty.")
        source = self._by_digest.get(_digest(key))
        if source is None:
            self._wrong_keys.count(address)
            # RudderStack's Android SDK retries for ever unless an answer holds these three words.
            raise Refusal("invalid_write_key", "invalid write key: no source has it.")
        if not source.enabled:
            raise _switched_off()
        return source


def _switched_off() -> Refusal:
    return Refusal("source_disabled", "The source of this write key is switched off.")


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()


def _keys(document: Any, head: Head) -> Iterable[object]:
    """Where a write key can be besides the header, the first to look at first."""
    if isinstance(document, dict):
        yield document.get("writeKey")
        batch = document.get("batch")
        if isinstance(batch, list) and batch and isinstance(batch[0], dict):
            yield batch[0].get("writeKey")
    if head.query_string:
        yield head.query().get("writeKey")
