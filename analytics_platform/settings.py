"""Every setting, read once from the environment and one TOML file."""

import re
import tomllib
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

Model = TypeVar("Model", bound=BaseModel)

PlanMode = Literal["enforce", "quarantine", "warn", "off"]
UnplannedMode = Literal["reject", "quarantine", "warn"]
DestinationType = Literal["file", "segment", "webhook"]

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Seconds = Annotated[float, Field(gt=0)]

SEGMENT_HOSTS = ("api.segment.io", "events.eu1.segmentapis.com")
UNSUPPORTED_HOSTS = {"amplitude.com": "Amplitude", "mixpanel.com": "Mixpanel", "posthog.com": "PostHog"}
SIGNING_PREFIX = "whsec_"
VARIABLE_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")  # what looks otherwise may be a key in the wrong place
DEFAULT_CONFIG = "analytics.toml"


class ConfigurationError(Exception):
    """A setting is wrong; the command line prints the one sentence and exits with 1."""


class Source(BaseModel):
    """Who sends: a write key, and what its calls may do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    write_key: SecretStr
    plan_mode: PlanMode = "enforce"
    unplanned_mode: UnplannedMode = "quarantine"
    rate_limit: float = Field(default=0, ge=0)  # requests a second; 0 is off


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


class Settings(BaseModel):
    """All that the processes need to know, as plain values."""

    model_config = ConfigDict(frozen=True)

    data_dir: Path  # absolute
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    dagster_port: int = Field(default=3000, ge=1, le=65535)
    queue: str  # URL of the staging store
    sources: tuple[Source, ...]
    destinations: tuple[DestinationSettings, ...]


VARIABLES = {"host": "ANALYTICS_HOST", "port": "ANALYTICS_PORT", "dagster_port": "DAGSTER_PORT"}
SOURCE_VARIABLES = {
    "plan_mode": "ANALYTICS_PLAN_MODE",
    "unplanned_mode": "ANALYTICS_UNPLANNED_MODE",
    "rate_limit": "ANALYTICS_RATE_LIMIT",
}
DESTINATION_VARIABLES = {"batch_size": "ANALYTICS_BATCH_SIZE", "flush_interval_ms": "ANALYTICS_FLUSH_INTERVAL_MS"}
ENDPOINT_VARIABLES = {"endpoint": "ANALYTICS_ENDPOINT", "api_key": "ANALYTICS_API_KEY"}


def load(environ: Mapping[str, str], cwd: Path) -> Settings:
    """Read the settings from the environment; relative paths start at `cwd`.

    Raises ConfigurationError with one sentence that names the setting and the remedy.
    """
    environ = {name: value for name, value in environ.items() if value}  # an empty variable counts as unset
    data_dir = (cwd / environ.get("ANALYTICS_DATA_DIR", ".data")).resolve()
    config = _read_config(environ, cwd)
    table = {
        "data_dir": data_dir,
        "queue": _queue(environ.get("ANALYTICS_QUEUE"), data_dir, cwd),
        "sources": _sources(config.get("sources", {}), environ),
        "destinations": _destinations(config.get("destinations", {}), environ),
    }
    return _made(Settings, "settings", table, VARIABLES, environ)


def _made(
    model: type[Model], where: str, table: Mapping[str, Any], variables: Mapping[str, str], environ: Mapping[str, str]
) -> Model:
    """The model from a table, and from environment variables for what the table leaves open."""
    left_open = {field: variable for field, variable in variables.items() if field not in table}
    found = {field: environ[variable] for field, variable in left_open.items() if variable in environ}
    try:
        return model.model_validate({**found, **table})
    except ValidationError as error:
        raise ConfigurationError(_first_problem(error, where, left_open)) from None


def _read_config(environ: Mapping[str, str], cwd: Path) -> dict[str, Any]:
    """The TOML file that ANALYTICS_CONFIG names, or analytics.toml if it is there."""
    named = environ.get("ANALYTICS_CONFIG")
    path = cwd / (named or DEFAULT_CONFIG)
    if not named and not path.exists():
        return {}
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"ANALYTICS_CONFIG: {path} cannot be read ({type(error).__name__}); give the path of a TOML file"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    for key, table in config.items():
        if key not in ("sources", "destinations") or not isinstance(table, dict):
            raise ConfigurationError(f"{path}: {key}: there are [sources.NAME] and [destinations.NAME], nothing else")
    return config


def _queue(url: str | None, data_dir: Path, cwd: Path) -> str:
    """The staging store's URL with an absolute path."""
    if url is None:
        return f"sqlite:///{data_dir / 'staging.db'}"
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise ConfigurationError(
            f"ANALYTICS_QUEUE: {url.partition(':')[0]!r} is not a staging store of this version; "
            "use sqlite:///path/to/staging.db, or leave it unset"
        )
    return f"sqlite:///{(cwd / path).resolve()}"


def _sources(tables: Mapping[str, Any], environ: Mapping[str, str]) -> list[Source]:
    """The sources of the file, or the demo source when there are none."""
    if not tables:
        demo = {"name": "demo", "write_key": environ.get("ANALYTICS_WRITE_KEY", "demo")}
        return [_made(Source, "sources.demo", demo, SOURCE_VARIABLES, environ)]
    sources: dict[str, Source] = {}
    for name, table in tables.items():
        where = f"sources.{name}"
        filled = {**_with_secret(where, "write_key", table, environ), "name": name}
        source = _made(Source, where, filled, SOURCE_VARIABLES, environ)
        twin = sources.setdefault(source.write_key.get_secret_value(), source)
        if twin is not source:
            raise ConfigurationError(
                f"{where}.write_key_env: the key is that of sources.{twin.name}; give each its own"
            )
    return list(sources.values())


def _destinations(tables: Mapping[str, Any], environ: Mapping[str, str]) -> list[DestinationSettings]:
    """The destinations of the file and the one of the environment; the `file` destination when there are none."""
    if "ANALYTICS_ENDPOINT" in environ:
        tables = {"default": {}, **tables}
    elif "ANALYTICS_API_KEY" in environ and not _uses_the_key(tables):
        raise ConfigurationError("ANALYTICS_API_KEY is set but ANALYTICS_ENDPOINT is not: set the vendor's address too")
    tables = tables or {"file": {"type": "file"}}
    return [_destination(name, table, environ) for name, table in tables.items()]


def _destination(name: str, table: object, environ: Mapping[str, str]) -> DestinationSettings:
    where, variables = f"destinations.{name}", DESTINATION_VARIABLES
    filled = {**_with_secret(where, "api_key", table, environ), "name": name}
    if name == "default":
        filled, variables = {"type": "segment", **filled}, {**variables, **ENDPOINT_VARIABLES}
    return _made(DestinationSettings, where, filled, variables, environ)


def _uses_the_key(tables: Mapping[str, Any]) -> bool:
    named = (table.get("api_key_env") for table in tables.values() if isinstance(table, dict))
    return "default" in tables or "ANALYTICS_API_KEY" in named


def _with_secret(where: str, key: str, table: object, environ: Mapping[str, str]) -> dict[str, Any]:
    """The table with its secret taken from the environment variable that `<key>_env` names."""
    if not isinstance(table, dict):
        raise ConfigurationError(f"{where} must be a table: write [{where}]")
    if key in table:
        raise ConfigurationError(
            f"{where}.{key}: keys come from the environment, never from the file; "
            f'write {key}_env = "NAME_OF_THE_VARIABLE" instead'
        )
    rest = {name: value for name, value in table.items() if name != f"{key}_env"}
    if (variable := table.get(f"{key}_env")) is None:
        return rest
    if not (isinstance(variable, str) and VARIABLE_NAME.fullmatch(variable)):
        raise ConfigurationError(f"{where}.{key}_env: must be the name of an environment variable, such as VENDOR_KEY")
    if variable not in environ:
        raise ConfigurationError(f"{where}.{key}_env: the environment variable {variable} is not set")
    return {**rest, key: environ[variable]}


REMEDIES = {
    "missing": "is needed",
    "extra_forbidden": "there is no such setting; correct its name or remove it",
    "string_pattern_mismatch": "must be a lower-case letter, followed by lower-case letters, digits, - and _",
}


def _first_problem(error: ValidationError, where: str, variables: Mapping[str, str]) -> str:
    """One sentence for the first problem; the value stays out of it, since it may be a key."""
    problem = error.errors(include_url=False, include_input=False)[0]
    message = REMEDIES.get(problem["type"], problem["msg"])
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    field = ".".join(str(part) for part in problem["loc"])
    if not field:
        field, _, message = message.partition(": ")  # what several settings must be together names one of them
    in_file = f"{field}_env" if field in ("write_key", "api_key") else field
    return f"{variables.get(field, f'{where}.{in_file}')}: {message}"
