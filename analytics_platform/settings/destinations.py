"""Where events go: the destinations and what each is sent."""

from base64 import b64decode
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from analytics_platform.settings.reading import ConfigurationError, Name, Rate, Seconds, made, with_secret
from analytics_platform.settings.vendors import VENDORS, others, vendor_at

SIGNING_PREFIX = "whsec_"
MASK = "<API_KEY>"
"""What stands for a key where people read."""

MOST_LANES = 8
"""Each lane is a process of some 90 MB, with its successor beside it for a while."""

VARIABLES = {"batch_size": "ANALYTICS_BATCH_SIZE", "flush_interval_ms": "ANALYTICS_FLUSH_INTERVAL_MS"}
ENDPOINT_VARIABLES = {"endpoint": "ANALYTICS_ENDPOINT", "api_key": "ANALYTICS_API_KEY"}

Path = Annotated[str, Field(pattern=r"^(properties|traits|context)(\.[^.]+)+$")]
"""A place in a call, such as `properties.report_id`."""


class DestinationSettings(BaseModel):
    """A vendor endpoint to deliver to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    type: str
    region: str | None = None  # of the vendor's own hosts
    endpoint: str | None = None
    api_key: SecretStr | None = None
    api_secret: SecretStr | None = None  # of a service account, beside the key
    options: dict[str, Any] = Field(default_factory=dict)  # what only its vendor has; the adapter knows them

    batch: bool = True  # False: the endpoint has no batch path, one call a request
    batch_size: int = Field(default=50, ge=1, le=2500)  # events that make a flush due, and the most in one request
    batch_bytes: int | None = Field(
        default=None, ge=1000
    )  # of one request, before compression; None: the vendor's limit
    compression: Literal["none", "gzip"] = "none"
    flush_interval_ms: int = Field(default=5000, ge=0)
    concurrency: int = Field(default=4, ge=1, le=64)  # requests in flight
    lanes: int = Field(default=1, ge=1, le=MOST_LANES)  # runs that share its users
    rate_limit: Rate = 0  # requests a second, of all its runs; 0 is no limit
    give_up_after_hours: Seconds = 96
    allow_private: bool = False  # a webhook's host may lead to a private address, and needs no https

    allow: tuple[str, ...] = ()  # events, or types of calls other than track, `*` for any letters; none: all
    deny: tuple[str, ...] = ()  # the same; what is in both is denied
    sources: tuple[str, ...] = ()  # whose calls go there; none: everybody's
    sample: float = Field(default=1, ge=0, le=1)  # of the users
    consent: tuple[str, ...] = ()  # categories that the user must have agreed to, all of them
    rename: dict[str, str] = Field(default_factory=dict)  # event: its name at the vendor
    move: dict[Path, Path | Literal[""]] = Field(
        default_factory=dict
    )  # place in a call: its place at the vendor, or none

    @property
    def flush_interval(self) -> float:
        """The flush interval in seconds."""
        return self.flush_interval_ms / 1000

    @field_validator("type")
    @classmethod
    def _is_a_type(cls, kind: str) -> str:
        if kind not in VENDORS and kind not in others():
            names = sorted({*VENDORS, *others()})
            raise ValueError(f"must be {', '.join(map(repr, names[:-1]))} or {names[-1]!r}")
        return kind

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str) -> str:
        host = _host(endpoint)
        for vendor in VENDORS.values():
            if address := vendor.hosts.get(host):
                return address  # the path of its API is known
        if kind := vendor_at(host):
            vendor = VENDORS[kind]
            raise ValueError(f"{vendor.title} takes events at {_either(list(vendor.hosts))}; write one of them")
        return endpoint

    @model_validator(mode="before")
    @classmethod
    def _has_an_endpoint(cls, table: dict[str, Any]) -> dict[str, Any]:
        """The endpoint of the vendor's region, when the table names none."""
        vendor = VENDORS.get(str(table.get("type")))
        if vendor is None or table.get("endpoint") is not None:
            return table
        endpoint = vendor.regions.get(str(table.get("region") or ("us" if vendor.domain else None)))
        return {**table, "endpoint": endpoint} if endpoint else table

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> Self:
        vendor = VENDORS.get(self.type)
        if vendor is None or self.type == "file":
            return self
        if self.region is not None and vendor.regions.get(self.region, "none") != self.endpoint:
            raise ValueError(_wrong_region(vendor.title, list(vendor.regions), self.region))
        if self.endpoint is None:
            raise ValueError("endpoint: the vendor's address is needed")
        host = _host(self.endpoint)
        if vendor_at(host) not in (None, self.type):
            raise ValueError(f'type: the endpoint is one of {vendor_at(host)}; write type = "{vendor_at(host)}"')
        needed = "a write key" if self.type == "segment" and host in vendor.hosts else vendor.needs_key
        if needed and self.api_key is None:
            raise ValueError(f"api_key: {vendor.title} needs {needed}")
        if self.type == "webhook":
            self._check_webhook()
        return self

    def _check_webhook(self) -> None:
        if self.api_key and not _is_signing_secret(self.api_key.get_secret_value()):
            raise ValueError("api_key: a webhook's signing secret must be whsec_ followed by base64")
        if self.compression != "none":
            raise ValueError("compression: a webhook's body is signed as it is sent; leave it out")
        if (self.endpoint or "").startswith("http:") and not self.may_be_private:
            raise ValueError(
                "endpoint: must begin with https://; for one in a network of yours set allow_private = true"
            )

    @property
    def may_be_private(self) -> bool:
        """Whether requests may go to a private address: of a webhook, only if the configuration plainly says so."""
        host = _host(self.endpoint) if self.endpoint else ""
        return self.type != "webhook" or self.allow_private or host == "localhost" or _is_private_address(host)


def _wrong_region(title: str, regions: list[str], region: str) -> str:
    if not regions:
        return f"region: {title} has none; set endpoint to its address"
    if region not in regions:
        return f"region: must be {_either([repr(each) for each in regions])}"
    return "region: the endpoint is not of this region; leave out one of the two"


def _either(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _host(endpoint: str) -> str:
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
    return parts.hostname or ""


def _is_private_address(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


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


def vendors_defaults(kind: str) -> DestinationSettings:
    """A destination of this type with its vendor's defaults and a key that is none, to look at what it would send.

    Raises ConfigurationError when there is no such type.
    """
    vendor = VENDORS.get(kind)
    endpoint = vendor.regions.get("us", "https://example.com") if vendor else None
    invented = {"name": "preview", "type": kind, "endpoint": endpoint, "api_key": None if kind == "webhook" else MASK}
    return made(DestinationSettings, kind, invented, {}, {})


def _destination(name: str, table: object, environ: Mapping[str, str]) -> DestinationSettings:
    where, variables = f"destinations.{name}", VARIABLES
    filled = with_secret(where, "api_secret", with_secret(where, "api_key", table, environ), environ) | {"name": name}
    if name == "default":
        filled = {"type": _type_at(environ.get("ANALYTICS_ENDPOINT", "")), **filled}
        variables = {**variables, **ENDPOINT_VARIABLES}
    return made(DestinationSettings, where, filled, variables, environ)


def _type_at(endpoint: str) -> str:
    """Segment-shaped, unless the host says otherwise."""
    try:
        return vendor_at(_host(endpoint)) or "segment"
    except ValueError:
        return "segment"


def _uses_the_key(tables: Mapping[str, Any]) -> bool:
    named = (table.get("api_key_env") for table in tables.values() if isinstance(table, dict))
    return "default" in tables or "ANALYTICS_API_KEY" in named
