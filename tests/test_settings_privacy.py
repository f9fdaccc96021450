"""What can an operator say about people's privacy, and how?"""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.settings import ConfigurationError
from analytics_platform.settings.privacy import PrivacySettings, read_privacy


def test_by_default_nobody_is_trusted_and_no_whole_address_is_stored(tmp_path: Path) -> None:
    """Whoever wants more of people has to say so."""
    settings = read_privacy({}, {}, tmp_path)

    assert (settings.trusted_proxies, settings.ip, settings.geoip_database) == ((), "truncated", None)
    assert settings.user_agent


def test_everything_can_stand_in_the_file(tmp_path: Path) -> None:
    """A relative path starts at the working directory."""
    table = {
        "trusted_proxies": ["10.0.0.0/8", "::1"],
        "address_header": "forwarded",
        "ip": "none",
        "user_agent": False,
        "geoip_database": "city.mmdb",
    }

    settings = read_privacy(table, {}, tmp_path)

    assert settings == PrivacySettings(
        trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("::1/128")),
        address_header="forwarded",
        ip="none",
        user_agent=False,
        geoip_database=tmp_path / "city.mmdb",
    )


def test_some_of_it_can_stand_in_the_environment(tmp_path: Path) -> None:
    """Proxies in one line, with commas; the file wins."""
    environ = {
        "ANALYTICS_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1",
        "ANALYTICS_IP": "full",
        "ANALYTICS_GEOIP_DATABASE": "/geo/city.mmdb",
    }

    settings = read_privacy({"ip": "none"}, environ, tmp_path)

    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("192.0.2.1/32"))
    assert (settings.ip, settings.geoip_database) == ("none", Path("/geo/city.mmdb"))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([], "ingest.privacy must be a table: write [ingest.privacy]"),
        ({"ip": "some"}, "ingest.privacy.ip: must be 'full', 'truncated' or 'none'"),
        ({"address_header": "x-real-ip"}, "ingest.privacy.address_header: must be 'x-forwarded-for' or 'forwarded'"),
        ({"colour": 1}, "ingest.privacy.colour: there is no such setting; correct its name or remove it"),
    ],
)
def test_what_is_wrong_is_one_sentence(table: Any, message: str) -> None:
    """With the setting's place in the file."""
    with pytest.raises(ConfigurationError) as refused:
        read_privacy(table, {}, Path("/"))

    assert str(refused.value) == message


@pytest.mark.parametrize("proxies", [["10.0.0.1/8"], ["proxy"], ["*"], "10.0.0.0/8,", [7], 7, [""]])
def test_a_proxy_is_an_address_or_a_network(proxies: Any) -> None:
    """A name would have to be looked up, and a mistyped network would trust strangers."""
    with pytest.raises(ConfigurationError, match=r'^ingest\.privacy\.trusted_proxies: must be .* \["10\.0\.0\.0/8"'):
        read_privacy({"trusted_proxies": proxies}, {}, Path("/"))
