"""Counts what all connections of a process hold together."""

from ingest_api.limits import Limits


class Connections:
    """How many connections there are, from which addresses, and the bytes of the bodies that they hold."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._count = 0
        self._of_address: dict[str, int] = {}
        self._body_bytes = 0

    def admit(self, address: str) -> bool:
        """Count a connection; False when it is one too many, of all or of its address."""
        self._count += 1
        self._of_address[address] = self._of_address.get(address, 0) + 1
        most = self._limits.connections
        return self._count <= most and self._of_address[address] <= most / 2

    def dismiss(self, address: str) -> None:
        """Count a connection, admitted or not, no more."""
        self._count -= 1
        self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]

    def held(self) -> tuple[int, int]:
        """How many connections there are, and the bytes of the bodies that they hold."""
        return self._count, self._body_bytes

    def is_crowded(self) -> bool:
        """Whether places are so few that no connection is kept for a client's next request."""
        return self._count > self._limits.connections * 3 / 4

    def hold(self, size: int) -> bool:
        """Count bytes of a body; False when all bodies together are too large now."""
        self._body_bytes += size
        return self._body_bytes <= self._limits.bodies_bytes

    def release(self, size: int) -> None:
        """Count bytes of bodies no more."""
        self._body_bytes -= size
