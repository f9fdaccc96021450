"""Reads what the Authorization header of a request says."""

import base64

from ingest_api.head import Head
from ingest_api.refusal import Refusal


def authorization(head: Head) -> tuple[str, str] | None:
    """The scheme in lower case with what follows it; None without the header. Raises Refusal.

    There may be one such header: of two, proxies and servers disagree which one counts.
    """
    header = head.get("authorization")
    if header is None:
        return None
    if head.is_repeated("authorization"):
        raise Refusal("duplicate_authorization", "Send one Authorization header.")
    scheme, _, value = header.partition(" ")
    return scheme.lower(), value.strip()


def basic_user(credentials: str) -> str:
    """The user of Basic credentials, which may come without a colon; raises Refusal."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except ValueError:  # not base64, or not UTF-8
        raise Refusal("bad_credentials", "The Basic credentials are not base64 of a text in UTF-8.") from None
