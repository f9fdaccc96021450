"""Where may a webhook's requests go?"""

from collections.abc import Callable

import pytest

from analytics_platform.destinations.addresses import is_public, resolve
from analytics_platform.destinations.http import Answer, Client, Statuses, outcome
from tests.fakes.vendor import Vendor
from tests.outgoing import NOW

pytest_plugins = ["tests.destination_fixtures"]

PRIVATE = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.1.2.3 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.1 192.0.0.8 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.5
224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
:: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1
100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 fc00::1 fd12:3456::1
fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
"""

PUBLIC = "1.1.1.1 8.8.8.8 93.184.215.14 100.128.0.1 172.32.0.1 ::ffff:8.8.8.8 2606:4700:4700::1111 2a00:1450::1"


@pytest.mark.parametrize("address", PRIVATE.split())
def test_an_address_of_our_own_networks_is_not_public(address: str) -> None:
    """Nor one that only carries such an address, is everybody's at once, or is reserved."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_an_address_of_the_internet_is_public(address: str) -> None:
    """Also beside a reserved block."""
    assert is_public(address)


@pytest.mark.parametrize("spelling", ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost", "127.0.0.1", "::1"])
def test_a_spelling_does_not_hide_an_address(spelling: str) -> None:
    """What is looked at is what would be connected."""
    assert [address for address in resolve(spelling, 443) if is_public(address)] == []


def asked(vendor: Vendor, resolve: Callable[[str, int], list[str]]) -> Answer:
    """What comes of a request to a name that leads to these addresses."""
    port = vendor.url.rpartition(":")[2]
    return Client(tries=3, wait=0, resolve=resolve).post(f"http://hooks.example.com:{port}/", b"{}", {})


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"]])
def test_a_name_that_leads_inside_is_not_connected(vendor: Vendor, addresses: list[str]) -> None:
    """Not even if it leads outside as well; the destination halts, and says what to do."""
    answer = asked(vendor, lambda _host, _port: addresses)

    result = outcome(answer, 1, NOW, Statuses())
    assert (answer.problem, vendor.requests) == ("PrivateAddress", [])
    assert (result.kind, "set allow_private" in result.reason) == ("halt", True)


def test_a_name_is_asked_again_for_each_connection(vendor: Vendor) -> None:
    """What was true of it a minute ago proves nothing."""
    asked_for: list[str] = []

    def leads_inside(host: str, _port: int) -> list[str]:
        asked_for.append(host)
        return ["127.0.0.1"]

    asked(vendor, leads_inside)
    asked(vendor, leads_inside)

    assert asked_for == ["hooks.example.com"] * 2


def test_a_name_that_leads_nowhere_is_tried_later() -> None:
    """As without the check."""
    answer = Client(tries=1, resolve=resolve).post("http://nowhere.invalid/", b"{}", {})

    assert (answer.status, answer.problem) == (0, "ConnectionError")


def test_without_the_check_a_destination_may_be_anywhere(vendor: Vendor) -> None:
    """Many are in one's own network: the configuration decides."""
    assert Client().post(vendor.url, b"{}", {}).status == 200
