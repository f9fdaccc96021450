"""Connections to a vendor that keep to a deadline, however slowly it speaks, and to addresses that are allowed."""

import io
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPResponse
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.response import BaseHTTPResponse
from urllib3.util.connection import create_connection

from analytics_platform.destinations.addresses import is_public

Resolve = Callable[[str, int], list[str]]
"""From a host and a port to the addresses that the name leads to at this moment; raises OSError."""


class PrivateAddress(NewConnectionError):
    """The host leads to an address that is not public; nothing was connected."""


class PunctualAdapter(HTTPAdapter):
    """What `requests` sends with: each answer arrives within `total` seconds, or not at all.

    With `resolve`, a host is connected only if every address that it leads to is public. The address that was
    checked is the one that is connected, on each connection anew, so that no name can be turned round in between.
    """

    def __init__(self, connections: int, total: float, resolve: Resolve | None = None) -> None:
        self._facts = {"total": total, "resolve": staticmethod(resolve) if resolve else None}
        self._pools = dict[str | None, ConnectionPool]()
        self._targets = dict[str | None, str]()
        super().__init__(pool_maxsize=connections)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """See HTTPAdapter; the connections are ours."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("_Pool", (HTTPConnectionPool,), {"ConnectionCls": self._with_facts(_Punctual)}),
            "https": type("_TLSPool", (HTTPSConnectionPool,), {"ConnectionCls": self._with_facts(_PunctualTLS)}),
        }

    def get_connection_with_tls_context(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> ConnectionPool:
        """See HTTPAdapter; it is looked up once for each address, since all else is the same for each request."""
        if (pool := self._pools.get(request.url)) is None:
            pool = self._pools[request.url] = super().get_connection_with_tls_context(request, *args, **kwargs)
        return pool

    def request_url(self, request: PreparedRequest, proxies: Mapping[str, str] | None) -> str:
        """See HTTPAdapter; it, too, is looked up once for each address."""
        if (target := self._targets.get(request.url)) is None:
            target = self._targets[request.url] = super().request_url(request, proxies)
        return target

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        """See HTTPAdapter; without what nobody asks for here, such as cookies."""
        response = Response()
        response.request, response.raw, response.status_code = req, resp, resp.status
        response.headers = resp.headers  # type: ignore[assignment]  # they know no case, either
        return response

    def _with_facts(self, connection: type[HTTPConnection]) -> type:
        return type(connection.__name__, (connection,), self._facts)


class _Punctual(HTTPConnection):
    total: float  # seconds
    resolve: Resolve | None
    _deadline = 0.0  # by the monotonic clock

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._deadline = time.monotonic() + self.total
        super().request(*args, **kwargs)

    def getresponse(self) -> BaseHTTPResponse:  # type: ignore[override]  # as urllib3 itself overrides it
        self.response_class = partial(_Response, deadline=self._deadline)  # type: ignore[assignment]  # is called only
        return super().getresponse()

    def _new_conn(self) -> socket.socket:
        """Where urllib3 connects; its own SOCKS connections take the same place."""
        if self.resolve is None:
            return super()._new_conn()
        try:
            addresses = self.resolve(self.host.strip("[]"), self.port or self.default_port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        if not all(is_public(address) for address in addresses):
            raise PrivateAddress(self, "the host leads to a private address")
        try:
            return create_connection((addresses[0], self.port), self.timeout, socket_options=self.socket_options)
        except OSError as error:
            raise NewConnectionError(self, type(error).__name__) from error


class _PunctualTLS(_Punctual, HTTPSConnection):
    """The same over TLS, for which the certificate is still that of the name."""


class _Response(HTTPResponse):
    """An answer that is read until a deadline."""

    def __init__(self, sock: socket.socket, *args: Any, deadline: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Until(self.fp, sock, deadline))


class _Until(io.RawIOBase):
    """Reads from a socket, each time no longer than is left until the deadline."""

    def __init__(self, file: io.BufferedReader, sock: socket.socket, deadline: float) -> None:
        self._file = file  # keeps the socket open for as long as the answer is read
        self._sock = sock
        self._deadline = deadline
        self._patience = sock.gettimeout() or float("inf")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(min(left, self._patience))
        return self._file.raw.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
