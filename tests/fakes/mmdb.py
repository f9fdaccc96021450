"""Writes small databases in MaxMind's format (https://maxmind.github.io/MaxMind-DB)."""

import struct
from collections.abc import Mapping
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Any

DOUBLE, STRING, UINT16, UINT32, MAP, UINT64, ARRAY = 3, 2, 5, 6, 7, 9, 11
INTEGERS = {UINT16: ">H", UINT32: ">I", UINT64: ">Q"}
KINDS = {"node_count": UINT32, "build_epoch": UINT64}  # of the numbers in the metadata; the others are UINT16

Node = list[Any]  # what is below 0 and below 1: a node, the place of a record, or None


def write_mmdb(path: Path, records: Mapping[str, Any], ip_version: int = 6) -> Path:
    """Write a database that has these records by network; returns its path.

    An existing file is replaced by renaming, as an updater does it.
    """
    root: Node = [None, None]
    data = b""
    for network, record in records.items():
        _insert(root, _bits(network, ip_version), len(data))
        data += _encode(record)
    nodes = _nodes(root)
    metadata = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_767_225_600,
        "database_type": "GeoLite2-City",
        "description": {},
        "ip_version": ip_version,
        "languages": ["en"],
        "node_count": len(nodes),
        "record_size": 24,
    }
    draft = path.with_suffix(".new")
    draft.write_bytes(_tree(nodes) + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _encode(metadata, UINT16))
    return draft.rename(path)


def _bits(text: str, ip_version: int) -> str:
    """The way from the root to a network; one of IPv4 is below ::/96 in a database of IPv6."""
    network = ip_network(text)
    bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
    return "0" * 96 + bits if isinstance(network, IPv4Network) and ip_version == 6 else bits


def _insert(root: Node, bits: str, place: int) -> None:
    node = root
    for bit in map(int, bits[:-1]):
        node[bit] = node[bit] or [None, None]
        node = node[bit]
    node[int(bits[-1])] = place


def _nodes(root: Node) -> list[Node]:
    nodes = [root]
    for node in nodes:  # grows while it is walked
        nodes.extend(below for below in node if isinstance(below, list))
    return nodes


def _tree(nodes: list[Node]) -> bytes:
    numbers = {id(node): number for number, node in enumerate(nodes)}
    values = [_value(below, numbers) for node in nodes for below in node]
    return b"".join(value.to_bytes(3, "big") for value in values)


def _value(below: Any, numbers: Mapping[int, int]) -> int:
    if below is None:
        return len(numbers)
    return numbers[id(below)] if isinstance(below, list) else len(numbers) + 16 + int(below)


def _encode(value: Any, integer: int = UINT32) -> bytes:
    """A value of the data section; `integer` is the kind of its numbers."""
    if isinstance(value, str):
        return _head(STRING, len(value.encode())) + value.encode()
    if isinstance(value, float):
        return _head(DOUBLE, 8) + struct.pack(">d", value)
    if isinstance(value, int):
        packed = struct.pack(INTEGERS[integer], value)
        return _head(integer, len(packed)) + packed
    if isinstance(value, list):
        return _head(ARRAY, len(value)) + b"".join(_encode(item, integer) for item in value)
    pairs = (_encode(name) + _encode(item, KINDS.get(name, integer)) for name, item in value.items())
    return _head(MAP, len(value)) + b"".join(pairs)


def _head(kind: int, size: int) -> bytes:
    first = (kind << 5 if kind <= MAP else 0) | min(size, 29)
    return bytes([first, *([kind - MAP] if kind > MAP else []), *([size - 29] if size >= 29 else [])])
