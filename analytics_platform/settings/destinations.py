"""Where events go: the destinations and their vendors' addresses."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from analytics_platform.settings.reading import ConfigurationError, Name, Seconds, made, with_secret

DestinationType = Literal["file", "segment", "webhook"]

SEGMENT_HOSTS = ("api.segment.io", "events.eu1.segmentapis.com")
UNSUPPORTED_HOSTS = {"amplitude.com": "Amplitude", "mixpanel.com": "Mixpanel", "posthog.com": "PostHog"}
SIGNING_PREFIX = "whsec_"

VARIABLES = {"batch_size": "ANALYTICS_BATCH_SIZE", "flush_interval_ms": "ANALYTICS_FLUSH_INTERVAL_MS"}
ENDPOINT_VARIABLES = {"endpoint": "ANALYTICS_ENDPOINT", "api_key": "ANALYTICS_API_KEY"}


class DestinationSettings(BaseModel):
    """A vendor endpoint to deliver to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    type: DestinationType
    endpoint: str | None = None
    api_key: SecretStr | None = None
    batch: bool = True  # False: the endpoint has no batch path, one call a request
    batch_size: int = Field(default=50, ge=1, le=2500)  # events that make a flush due, and the most in one request
    flush_interval_ms: int = Field(default=5000, ge=10)
    concurrency: int = Field(default=4, ge=1, le=64)  # requests in flight
    give_up_after_hours: Seconds = 96

    @property
    def flush_interval(self) -> float:
        """The flush interval in seconds."""
        return self.flush_interval_ms / 1000

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str) -> str:
        host, path = _host_and_path(endpoint)
        for domain, vendor in UNSUPPORTED_HOSTS.items():
            if host == domain or host.endswith(f".{domain}"):
                raise ValueError(f"{vendor} is not a destination of this version")
        return f"https://{host}/v1" if host in SEGMENT_HOSTS and path in ("", "/") else endpoint

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> Self:
        if self.type == "file":
            return self
        if self.endpoint is None:
            raise ValueError("endpoint: the vendor's address is needed")
        if _host_and_path(self.endpoint)[0] in SEGMENT_HOSTS and self.api_key is None:
            raise ValueError("api_key: Segment needs a write key")
        if self.type == "webhook" and self.api_key and not _is_signing_secret(self.api_key.get_secret_value()):
            raise ValueError("api_key: a webhook's signing secret must be whsec_ followed by base64")
        return self


def _host_and_path(endpoint: str) -> tuple[str, str]:
    """Raises ValueError, without the address since it may hold a key, unless requests can be sent there."""
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be an address such as https://api.example.com/v1")
    if "@" in parts.netloc:
        raise ValueError("must not hold a name or a key before the host")
    return parts.hostname or "", parts.path


def _is_signing_secret(secret: str) -> bool:
    encoded = secret.removeprefix(SIGNING_PREFIX)
    try:
        key = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return False
    return secret.startswith(SIGNING_PREFIX) and bool(key)


def read_destinations(tables: Mapping[str, Any], environ: Mapping[str, str]) -> list[DestinationSettings]:
    """The destinations of the file and the one of the environment; the `file` destination when there are none.

    Raises ConfigurationError.
    """
    if "ANALYTICS_ENDPOINT" in environ:
        tables = {"default": {}, **tables}
    elif "ANALYTICS_API_KEY" in environ and not _uses_the_key(tables):
        raise ConfigurationError("ANALYTICS_API_KEY is set but ANALYTICS_ENDPOINT is not: set the vendor's address too")
    tables = tables or {"file": {"type": "file"}}
    return [_destination(name, table, environ) for name, table in tables.items()]


def _destination(name: str, table: object, environ: Mapping[str, str]) -> DestinationSettings:
    where, variables = f"destinations.{name}", VARIABLES
    filled = {**with_secret(where, "api_key", table, environ), "name": name}
    if name == "default":
        filled, variables = {"type": "segment", **filled}, {**variables, **ENDPOINT_VARIABLES}
    return made(DestinationSettings, where, filled, variables, environ)


def _uses_the_key(tables: Mapping[str, Any]) -> bool:
    named = (table.get("api_key_env") for table in tables.values() if isinstance(table, dict))
    return "default" in tables or "ANALYTICS_API_KEY" in named
