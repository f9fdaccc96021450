"""The exception with which a step ends a request that is the caller's to mend."""

from collections.abc import Mapping


class Refusal(Exception):
    """The request is answered with this code and nothing of it is taken; the handler is in `app.py`."""

    def __init__(self, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        """`headers` are those that the answer needs besides the usual ones."""
        super().__init__(code)
        self.code = code
        self.message = message
        self.headers = headers or {}
