"""Who sends: the sources and their write keys."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from analytics_platform.settings.reading import ConfigurationError, Name, made, with_secret

PlanMode = Literal["enforce", "quarantine", "warn", "off"]
UnplannedMode = Literal["reject", "quarantine", "warn", "off"]
Kind = Literal["browser", "mobile", "server"]

VARIABLES = {
    "plan_mode": "ANALYTICS_PLAN_MODE",
    "unplanned_mode": "ANALYTICS_UNPLANNED_MODE",
    "unplanned_property_mode": "ANALYTICS_UNPLANNED_PROPERTY_MODE",
    "rate_limit": "ANALYTICS_RATE_LIMIT",
}


class Source(BaseModel):
    """Who sends: a write key, and what its calls may do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    write_key: SecretStr
    kind: Kind = "server"  # a browser's and a phone's key is in anybody's hands; a server is believed
    plan_mode: PlanMode = "enforce"
    unplanned_mode: UnplannedMode = "quarantine"  # of events
    unplanned_property_mode: UnplannedMode | None = None  # of planned events; None: like all that breaks the plan
    rate_limit: float = Field(default=0, ge=0)  # requests a second; 0 is off


def read_sources(tables: Mapping[str, Any], environ: Mapping[str, str]) -> list[Source]:
    """The sources of the file, or the demo source when there are none; raises ConfigurationError."""
    if not tables:
        demo = {"name": "demo", "write_key": environ.get("ANALYTICS_WRITE_KEY", "demo")}
        return [made(Source, "sources.demo", demo, VARIABLES, environ)]
    sources: dict[str, Source] = {}
    for name, table in tables.items():
        where = f"sources.{name}"
        filled = {**with_secret(where, "write_key", table, environ), "name": name}
        source = made(Source, where, filled, VARIABLES, environ)
        twin = sources.setdefault(source.write_key.get_secret_value(), source)
        if twin is not source:
            raise ConfigurationError(
                f"{where}.write_key_env: the key is that of sources.{twin.name}; give each its own"
            )
    return list(sources.values())
