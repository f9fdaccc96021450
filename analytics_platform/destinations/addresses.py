"""Which network addresses are anybody's, and which lead into a network of our own."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

CARRIERS = tuple(ip_network(block) for block in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""NAT64, 6to4 and Teredo: such an address carries an IPv4 address, and that may be a private one."""

SPECIAL = tuple(ip_network(block) for block in ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "fec0::/10"))
"""Reserved blocks that not every Python 3.11 counts as such."""


def is_public(address: str) -> bool:
    """Whether it is a global unicast address (RFC 6890), and carries no other one."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return is_public(str(found.ipv4_mapped))
    if found.is_multicast or found.is_unspecified or not found.is_global:
        return False
    return not any(_is_in(found, block) for block in (*CARRIERS, *SPECIAL))


def _is_in(address: IPv4Address | IPv6Address, block: object) -> bool:
    return address in block  # type: ignore[operator]  # the union of the two kinds of network


def resolve(host: str, port: int) -> list[str]:
    """The addresses that a name leads to at this moment; raises OSError when it leads nowhere."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
