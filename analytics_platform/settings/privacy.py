"""How much is learnt of the person behind a call, and how much of it is stored."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from analytics_platform.settings.reading import ConfigurationError, made

Network = IPv4Network | IPv6Network
AddressHeader = Literal["x-forwarded-for", "forwarded"]
IpPolicy = Literal["full", "truncated", "none"]

VARIABLES = {
    "trusted_proxies": "ANALYTICS_TRUSTED_PROXIES",
    "ip": "ANALYTICS_IP",
    "geoip_database": "ANALYTICS_GEOIP_DATABASE",
}


class PrivacySettings(BaseModel):
    """How a caller's address is found, what is looked up with it, and what of it is stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trusted_proxies: tuple[Network, ...] = ()  # whose word on who is behind them counts
    address_header: AddressHeader = "x-forwarded-for"  # the one that they set; the other is the client's own word
    ip: IpPolicy = "truncated"  # to /24, or to /48 for IPv6
    user_agent: bool = True  # stored; False: not even when the client says it
    geoip_database: Path | None = None  # a file in MaxMind's format; absolute

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _as_networks(cls, value: object) -> tuple[Network, ...]:
        """A list of addresses and networks; in an environment variable they stand in one line, with commas."""
        listed = value.split(",") if isinstance(value, str) else value
        if not isinstance(listed, list | tuple):
            listed = [listed]
        try:
            return tuple(ip_network(str(item).strip()) for item in listed)
        except ValueError:
            raise ValueError('must be addresses and networks, such as ["10.0.0.0/8", "::1"]') from None


def read_privacy(table: object, environ: Mapping[str, str], cwd: Path) -> PrivacySettings:
    """The `[ingest.privacy]` table of the file; relative paths start at `cwd`. Raises ConfigurationError."""
    if not isinstance(table, dict):
        raise ConfigurationError("ingest.privacy must be a table: write [ingest.privacy]")
    settings = made(PrivacySettings, "ingest.privacy", table, VARIABLES, environ)
    if settings.geoip_database is None:
        return settings
    return settings.model_copy(update={"geoip_database": (cwd / settings.geoip_database).resolve()})
