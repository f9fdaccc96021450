"""The exception with which a step ends a request that is the caller's to mend."""


class Refusal(Exception):
    """The request is answered with this code and nothing of it is taken; the handler is in `app.py`."""

    def __init__(self, code: str, message: str, retry_after: int | None = None) -> None:
        """`retry_after` is in whole seconds."""
        super().__init__(code)
        self.code = code
        self.message = message
        self.retry_after = retry_after
