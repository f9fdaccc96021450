"""What a request says before its body, parsed once from the ASGI scope."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl


class Head:
    """The address, the query and the header fields of one request."""

    __slots__ = ("fields", "method", "path", "peer", "query_string", "repeated", "source")

    def __init__(self, scope: Mapping[str, Any]) -> None:
        """Fields that come several times are joined by a comma, as RFC 9110 (5.3) says; `repeated` names them."""
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query_string: bytes = scope["query_string"]
        self.source: str | None = None  # the name of the source, once it is known whose request it is
        client = scope.get("client")
        self.peer: str | None = client[0] if client else None  # the address of the other end of the connection
        self.fields: dict[bytes, bytes] = {}
        self.repeated: set[bytes] | tuple[()] = ()
        for name, value in scope["headers"]:
            if name in self.fields:
                self.fields[name] += (b"; " if name == b"cookie" else b", ") + value
                self.repeated = {*self.repeated, name}
            else:
                self.fields[name] = value

    def get(self, name: str) -> str | None:
        """The value of the header field with this name in lower case; None when there is none."""
        value = self.fields.get(name.encode())
        return None if value is None else value.decode("latin-1")

    def is_repeated(self, name: str) -> bool:
        """Whether the field came more than once."""
        return name.encode() in self.repeated

    def query(self) -> dict[str, str]:
        """The parameters of the query string; of several with one name the last."""
        return dict(parse_qsl(self.query_string.decode("latin-1"), keep_blank_values=True))
