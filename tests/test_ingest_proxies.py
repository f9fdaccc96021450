"""Whose address is stored of a call that came through a proxy?"""

from ipaddress import ip_network
from typing import Any

import pytest

from analytics_platform.settings.privacy import AddressHeader, PrivacySettings
from tests.running_api import ApiStarter, source, track

pytest_plugins = ["tests.ingest_fixtures"]

THROUGH_A_PROXY = {
    "X-Forwarded-For": "203.0.113.1, 198.51.100.7",
    "Forwarded": 'for=203.0.113.2, for="[2001:db8::7]:4711";proto=https',
}
US = ip_network("127.0.0.1")


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        pytest.param({}, "127.0.0.0", id="nobody-is-trusted"),
        pytest.param({"trusted_proxies": [US]}, "198.51.100.0", id="x-forwarded-for"),
        pytest.param({"trusted_proxies": [US], "address_header": "forwarded"}, "2001:db8::", id="forwarded"),
        pytest.param({"trusted_proxies": [US], "ip": "full"}, "198.51.100.7", id="whole"),
        pytest.param({"trusted_proxies": [US], "ip": "none"}, None, id="none"),
        pytest.param({"trusted_proxies": [ip_network("10.0.0.0/8")]}, "127.0.0.0", id="another-is-trusted"),
    ],
)
def test_one_header_of_a_trusted_proxy_is_believed(
    start_api: ApiStarter, settings: dict[str, Any], address: str | None
) -> None:
    """The one that the settings say it sets: the other is what the client has written."""
    api = start_api(source(kind="browser"), privacy=PrivacySettings.model_validate(settings))

    api.post("/v1/track", track(), headers=THROUGH_A_PROXY)

    [call] = api.staging.payloads()
    assert call["context"].get("ip") == address
    assert "203.0.113" not in str(call)


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
def test_limits_count_the_client_and_not_the_proxy(start_api: ApiStarter, header: AddressHeader) -> None:
    """Otherwise one client too fast would hold up all who come the same way."""
    privacy = PrivacySettings(trusted_proxies=(US,), address_header=header)
    api = start_api(address_rate=1, privacy=privacy)
    other = {"X-Forwarded-For": "198.51.100.8", "Forwarded": "for=198.51.100.8"}

    answers = [api.post("/v1/track", track(), headers=sent) for sent in (THROUGH_A_PROXY, THROUGH_A_PROXY, other)]

    assert [answer.status_code for answer in answers] == [200, 429, 200]
