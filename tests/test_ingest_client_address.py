"""Whose address is it, when proxies stand between the client and us?"""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.settings.privacy import AddressHeader, IpPolicy
from ingest_api.client_address import client_address, parse_address, stored_address
from ingest_api.head import Head

PROXY, CLIENT = "10.0.0.1", "198.51.100.7"
TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def head(peer: str | None, **fields: str) -> Head:
    """A request from this peer; a field's name has _ for -."""
    return Head(
        {
            "method": "POST",
            "path": "/v1/track",
            "query_string": b"",
            "client": peer and (peer, 4711),
            "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in fields.items()],
        }
    )


# Without proxies


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("fe80::1%eth0", "fe80::1"),
        (None, None),
        ("", None),
    ],
)
def test_without_proxies_it_is_the_peer(peer: str | None, address: str | None) -> None:
    """In its shortest form, without a zone, which means something on our machine only; a Unix socket has none."""
    assert client_address(head(peer), ()) == address


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
def test_nobody_else_is_believed(header: AddressHeader) -> None:
    """A peer that is no trusted proxy may write into headers what it likes."""
    spoofing = head(CLIENT, x_forwarded_for="203.0.113.1", forwarded="for=203.0.113.1")

    assert client_address(spoofing, (), header) == CLIENT
    assert client_address(spoofing, TRUSTED, header) == CLIENT


# Behind proxies


@pytest.mark.parametrize(
    ("forwarded_for", "address"),
    [
        pytest.param(CLIENT, CLIENT, id="one-proxy"),
        pytest.param(f"{CLIENT}, 10.9.9.9", CLIENT, id="two-proxies"),
        pytest.param(f"203.0.113.1, {CLIENT}", CLIENT, id="spoofed"),
        pytest.param(f"10.1.1.1, {CLIENT},10.9.9.9", CLIENT, id="spoofed-as-a-proxy"),
        pytest.param(f"garbage, unknown, , {CLIENT}", CLIENT, id="spoofed-with-garbage"),
        pytest.param(f"{'1.2.3.4, ' * 2000}{CLIENT}", CLIENT, id="spoofed-with-18-KB"),
        pytest.param(f"{'x' * 18_000},{CLIENT}", CLIENT, id="spoofed-with-one-hop-of-18-KB"),
        pytest.param(f"{CLIENT}, ", CLIENT, id="an-empty-hop"),
        pytest.param(f"{CLIENT}:51234", CLIENT, id="with-a-port"),
        pytest.param("2001:db8::7", "2001:db8::7", id="IPv6"),
        pytest.param("[2001:db8::7]", "2001:db8::7", id="IPv6-in-brackets"),
        pytest.param("[2001:db8::7]:51234", "2001:db8::7", id="IPv6-with-a-port"),
        pytest.param("fe80::7%eth0", "fe80::7", id="IPv6-with-a-zone"),
        pytest.param(f"::ffff:{CLIENT}", CLIENT, id="IPv4-in-IPv6"),
        pytest.param("10.1.1.1, 10.9.9.9", "10.1.1.1", id="a-client-among-the-proxies"),
        pytest.param("unknown", None, id="unknown"),
        pytest.param("_hidden", None, id="hidden"),
        pytest.param("1.2.3.4.5", None, id="no-address"),
        pytest.param("x" * 18_000, None, id="18-KB-of-no-address"),
        pytest.param("", PROXY, id="empty"),
    ],
)
def test_it_is_the_last_hop_that_is_no_trusted_proxy(forwarded_for: str, address: str | None) -> None:
    """Each proxy adds at the right; what stands left of the client's own address is what the client claims."""
    assert client_address(head(PROXY, x_forwarded_for=forwarded_for), TRUSTED) == address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        pytest.param(f"for={CLIENT}", CLIENT, id="bare"),
        pytest.param(f"for={CLIENT}; for=10.9.9.9", CLIENT, id="twice-in-a-hop"),
        pytest.param(f'For="{CLIENT}:51234";proto=https;by=10.0.0.1', CLIENT, id="quoted-with-a-port"),
        pytest.param('proto=https; for="[2001:db8::7]:51234"', "2001:db8::7", id="IPv6"),
        pytest.param(f"for=203.0.113.1, for={CLIENT}, for=10.9.9.9", CLIENT, id="spoofed"),
        pytest.param(f'for="203.0.113.1, for={CLIENT}', CLIENT, id="spoofed-with-an-open-quote"),
        pytest.param(f"{'for=1.2.3.4;' * 1500}, for={CLIENT}", CLIENT, id="spoofed-with-18-KB"),
        pytest.param("for=unknown", None, id="unknown"),
        pytest.param('for="_gazonk"', None, id="hidden"),
        pytest.param("proto=https", None, id="says-nothing"),
        pytest.param("", PROXY, id="empty"),
    ],
)
def test_the_standard_header_says_the_same(forwarded: str, address: str | None) -> None:
    """`Forwarded`, RFC 7239."""
    assert client_address(head(PROXY, forwarded=forwarded), TRUSTED, "forwarded") == address


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
def test_only_the_header_that_the_proxies_set_is_read(header: AddressHeader) -> None:
    """The other one passes through a proxy as the client has sent it."""
    values: dict[AddressHeader, str] = {"x-forwarded-for": "203.0.113.1", "forwarded": "for=203.0.113.1"}
    values[header] = CLIENT if header == "x-forwarded-for" else f"for={CLIENT}"

    request = head(PROXY, x_forwarded_for=values["x-forwarded-for"], forwarded=values["forwarded"])

    assert client_address(request, TRUSTED, header) == CLIENT


def test_a_header_that_comes_twice_is_read_as_one() -> None:
    """What a proxy has added in a line of its own stands behind the client's."""
    request = head(PROXY)
    twice = [(b"x-forwarded-for", b"203.0.113.1"), (b"x-forwarded-for", CLIENT.encode())]
    scope = {"method": "POST", "path": "/", "query_string": b"", "client": (PROXY, 1), "headers": twice}

    assert client_address(request, TRUSTED) == PROXY
    assert client_address(Head(scope), TRUSTED) == CLIENT


@pytest.mark.parametrize("peer", ["fd00::1", "::ffff:10.0.0.1"])
def test_a_proxy_is_recognised_in_every_spelling(peer: str) -> None:
    """Also over IPv6, and as an IPv4 address mapped into it."""
    assert client_address(head(peer, x_forwarded_for=CLIENT), TRUSTED) == CLIENT


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200))
def test_no_header_breaks_anything(value: str) -> None:
    """The answer is an address or none, whatever is written there."""
    found = {
        client_address(head(PROXY, x_forwarded_for=value), TRUSTED),
        client_address(head(PROXY, forwarded=value), TRUSTED, "forwarded"),
    }

    assert all(address is None or parse_address(address) == address for address in found)


# What is stored


@pytest.mark.parametrize(
    ("address", "policy", "stored"),
    [
        ("198.51.100.7", "full", "198.51.100.7"),
        ("198.51.100.7", "truncated", "198.51.100.0"),
        ("198.51.100.7", "none", None),
        ("2001:db8:1:2:3::7", "full", "2001:db8:1:2:3::7"),
        ("2001:db8:1:2:3::7", "truncated", "2001:db8:1::"),
        ("::1", "truncated", "::"),
        ("2001:db8:1:2:3::7", "none", None),
    ],
)
def test_the_policy_says_how_much_of_it_is_stored(address: str, policy: IpPolicy, stored: str | None) -> None:
    """All, the network of its provider's customers (/24, /48), or nothing."""
    assert stored_address(address, policy) == stored
