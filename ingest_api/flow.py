"""Reads and closes a connection no faster than its client can follow."""

import asyncio
from collections.abc import Callable, Collection

from uvicorn.protocols.http.flow_control import FlowControl


class PatientFlow(FlowControl):
    """Reads nothing more while requests wait; uvicorn's reads on with each answer, and they become ever more."""

    def __init__(self, transport: asyncio.Transport, waiting: Collection[object]) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """Read on, unless requests wait."""
        if not self._waiting:
            super().resume_reading()


class LingeringTransport(asyncio.Transport):
    """A transport for the answer to a request that may still be arriving: `close` is the connection's to do."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        super().__init__()
        self._transport = transport
        self._close = close

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send."""
        self._transport.write(data)

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Close when the client has stopped sending."""
        self._close()
