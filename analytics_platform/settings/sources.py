"""Who sends: the sources and their write keys.

A key stands in the environment, or its SHA-256 in the file. The hash may be read by anybody: a key of 128 random bits
or more, as `analytics sources new-key` makes them, cannot be found from it. So a key that is added by its hash needs
no new environment, and with that no restart.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from analytics_platform.settings.origins import Origin
from analytics_platform.settings.reading import ConfigurationError, Name, Rate, made, with_secret

PlanMode = Literal["enforce", "quarantine", "warn", "off"]
UnplannedMode = Literal["reject", "quarantine", "warn", "off"]
Kind = Literal["browser", "mobile", "server"]
CallType = Literal["track", "identify", "group", "page", "screen", "alias"]

VARIABLES = {
    "plan_mode": "ANALYTICS_PLAN_MODE",
    "unplanned_mode": "ANALYTICS_UNPLANNED_MODE",
    "unplanned_property_mode": "ANALYTICS_UNPLANNED_PROPERTY_MODE",
    "rate_limit": "ANALYTICS_RATE_LIMIT",
}


def hash_of(key: str | SecretStr) -> str:
    """The SHA-256 of a write key, as it stands in the file."""
    text = key.get_secret_value() if isinstance(key, SecretStr) else key
    return sha256(text.encode()).hexdigest()


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _checked_hash(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", text.lower()):
        raise ValueError("must be 64 hexadecimal digits, as `analytics sources new-key` prints them")
    return text.lower()


KeyHash = Annotated[str, AfterValidator(_checked_hash)]


class Source(BaseModel):
    """Who sends: the hashes of its write keys, and what its calls may do.

    All of its keys are valid at once, so that one can be exchanged for another while both are in use. A browser's and
    a phone's key is in anybody's hands.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    kind: Kind = "server"  # a server is believed about its users and their past
    write_key_sha256: Annotated[tuple[KeyHash, ...], BeforeValidator(_as_list)] = Field(min_length=1, repr=False)
    enabled: bool = True  # False: its keys are known and refused
    origins: tuple[Origin, ...] = ()  # of the pages that may send with a browser's key; none: all of them
    refused_calls: tuple[CallType, ...] = ()  # what its keys may not send, such as alias, which merges people
    plan_mode: PlanMode = "enforce"
    unplanned_mode: UnplannedMode | None = None  # of events; None: quarantine, but off beside a plan mode of off
    unplanned_property_mode: UnplannedMode | None = None  # of planned events; None: like all that breaks the plan
    rate_limit: Rate = 0  # requests a second with all of its keys together; 0 is off
    address_rate_limit: Rate = 0  # the same from one address

    @model_validator(mode="before")
    @classmethod
    def _keep_hashes_alone(cls, fields: Any) -> Any:
        """A key, or a list of them, that is given as `write_key` is hashed at once, and never stored."""
        if not isinstance(fields, dict) or "write_key" not in fields:
            return fields
        rest = {name: value for name, value in fields.items() if name != "write_key"}
        hashes = [hash_of(key) for key in _as_list(fields["write_key"])]
        return {**rest, "write_key_sha256": [*_as_list(rest.get("write_key_sha256", [])), *hashes]}

    @model_validator(mode="after")
    def _only_browsers_have_origins(self) -> "Source":
        if self.origins and self.kind != "browser":
            raise ValueError('origins: nothing but a browser says its origin; set kind = "browser"')
        return self

    def has_key(self, key: str) -> bool:
        """Whether this is one of its write keys."""
        return hash_of(key) in self.write_key_sha256


def read_sources(tables: Mapping[str, Any], environ: Mapping[str, str]) -> list[Source]:
    """The sources of the file, or the demo source when there are none; raises ConfigurationError."""
    if not tables:
        demo = {"name": "demo", "write_key": environ.get("ANALYTICS_WRITE_KEY", "demo")}
        return [made(Source, "sources.demo", demo, VARIABLES, environ)]
    owners: dict[str, str] = {}
    return [_source(name, table, environ, owners) for name, table in tables.items()]


def _source(name: str, table: object, environ: Mapping[str, str], owners: dict[str, str]) -> Source:
    """One source; `owners` has the name of the source of each hash that was seen before, and gets its own."""
    where = f"sources.{name}"
    source = made(Source, where, {**_with_keys(where, table, environ), "name": name}, VARIABLES, environ)
    for hashed in source.write_key_sha256:
        if (twin := owners.setdefault(hashed, name)) != name:
            raise ConfigurationError(f"{where}.write_key_env: the key is that of sources.{twin}; give each its own")
    return source


def _with_keys(where: str, table: object, environ: Mapping[str, str]) -> dict[str, Any]:
    """The table with its keys taken from the environment; raises ConfigurationError."""
    if not isinstance(table, dict) or "write_key" in table:
        return with_secret(where, "write_key", table, environ)  # which raises
    variables = _as_list(table.get("write_key_env", []))
    keys = [with_secret(where, "write_key", {"write_key_env": each}, environ)["write_key"] for each in variables]
    if not keys and "write_key_sha256" not in table:
        raise ConfigurationError(f"{where}.write_key_env: is needed")
    return {name: value for name, value in table.items() if name != "write_key_env"} | {"write_key": keys}
