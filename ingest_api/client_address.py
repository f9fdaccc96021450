"""Finds the address of the client, also behind trusted proxies."""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from analytics_platform.settings.privacy import AddressHeader, IpPolicy, Network
from ingest_api.head import Head

MOST_HOPS = 32  # more proxies than anybody has, so that a header of 18 KB costs no more than one of 1 KB
LONGEST_NODE = 64  # characters; the longest address has 45, and a port and a zone have room


def client_address(head: Head, trusted: tuple[Network, ...], header: AddressHeader = "x-forwarded-for") -> str | None:
    """The address that the request comes from, in its shortest form; None when it is not known.

    That is the peer's, unless the peer is a trusted proxy: then it is that of the last hop in `header` that is none.
    Each proxy adds at the right whom it has the request from, so what a client claims stands left of its own
    address and is never looked at. Only one header is believed: a proxy passes the other one on as it came.
    """
    address = parse_address(head.peer or "")
    if not trusted or not _is_trusted(address, trusted):
        return address
    for hop in _hops(head.get(header) or ""):
        address = parse_address(_node(hop) if header == "forwarded" else hop)
        if not _is_trusted(address, trusted):
            break
    return address


@lru_cache(maxsize=4096)
def stored_address(address: str, policy: IpPolicy) -> str | None:
    """What may be stored of an address that `parse_address` gave: all of it, its /24 (/48 for IPv6), or nothing."""
    if policy == "none":
        return None
    if policy == "full":
        return address
    if ":" not in address:
        return f"{address.rpartition('.')[0]}.0"
    return str(IPv6Address(int(IPv6Address(address)) >> 80 << 80))


def parse_address(text: str) -> str | None:
    """The address in a node as proxies write it (RFC 7239, section 6), without quotes, port and zone.

    An IPv4 address that is mapped into IPv6 becomes one of IPv4. None where there is no address, as in
    `unknown` or a name made up to hide one.
    """
    text = text.strip(' \t"')
    return _parse(text) if len(text) <= LONGEST_NODE else None


@lru_cache(maxsize=4096)
def _parse(text: str) -> str | None:
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


_known = lru_cache(maxsize=4096)(ip_address)


def _is_trusted(address: str | None, trusted: tuple[Network, ...]) -> bool:
    if address is None:
        return False
    parsed = _known(address)
    return any(parsed in network for network in trusted)


def _hops(value: str) -> Iterator[str]:
    """The hops in the header, the nearest one first.

    Cut at every comma, also at one inside quotes: a quote that the client has left open must not swallow what
    a proxy has added behind it.
    """
    hops = value.rsplit(",", MOST_HOPS)[-MOST_HOPS:]
    return (hop for hop in reversed(hops) if hop.strip())


def _node(hop: str) -> str:
    """Whom a hop of `Forwarded` is for, as it is written there; empty where it does not say."""
    for pair in hop.split(";"):
        name, _, value = pair.partition("=")
        if name.strip().lower() == "for":
            return value
    return ""
