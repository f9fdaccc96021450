"""The heads of requests, for tests that need no server."""

from ingest_api.head import Head


def head_of(*fields: tuple[str, str], peer: str | None = "198.51.100.7", query: str = "") -> Head:
    """The head of a POST from this peer with these header fields, names in lower case, odd bytes as surrogates."""
    return Head(
        {
            "method": "POST",
            "path": "/api/analytics/track",
            "query_string": query.encode(),
            "client": peer and (peer, 4711),
            "headers": [(name.encode(), value.encode(errors="surrogateescape")) for name, value in fields],
        }
    )
