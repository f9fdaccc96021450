"""Every setting, read once from the environment and one TOML file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from analytics_platform.settings.dagster import dagster_storage
from analytics_platform.settings.destinations import DestinationSettings, read_destinations
from analytics_platform.settings.ingest import IngestSettings, read_ingest
from analytics_platform.settings.queue import check_is_shared, staging_url
from analytics_platform.settings.reading import ConfigurationError, made
from analytics_platform.settings.retention import RetentionSettings, read_retention
from analytics_platform.settings.session import check_session_source
from analytics_platform.settings.snapshots import snapshot_folder
from analytics_platform.settings.sources import Source, read_sources

__all__ = ["ConfigurationError", "DestinationSettings", "IngestSettings", "Settings", "Source", "config_path", "load"]

DEFAULT_CONFIG = "analytics.toml"
TABLES = ("sources", "destinations", "ingest")
VARIABLES = {"host": "ANALYTICS_HOST", "port": "ANALYTICS_PORT", "dagster_port": "DAGSTER_PORT"}


class Settings(BaseModel):
    """All that the processes need to know, as plain values."""

    model_config = ConfigDict(frozen=True)

    data_dir: Path  # absolute
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    dagster_port: int = Field(default=3000, ge=1, le=65535)
    queue: str = Field(repr=False)  # URL of the staging store; there may be a password in it
    dagster_storage: SecretStr | None = None  # URL of Dagster's own storage; None is SQLite in the data folder
    sources: tuple[Source, ...]
    is_demo: bool = False  # the file has no sources, so there is one whose key everybody knows
    destinations: tuple[DestinationSettings, ...]
    ingest: IngestSettings = IngestSettings()
    retention: RetentionSettings = RetentionSettings()
    snapshots: Path  # the folder of their declarations

    @property
    def shared_queue(self) -> str:
        """The URL of the staging store for whoever shares it; raises ConfigurationError when nobody can."""
        check_is_shared(self.queue)
        return self.queue


def load(environ: Mapping[str, str], cwd: Path) -> Settings:
    """Read the settings from the environment; relative paths start at `cwd`.

    Raises ConfigurationError with one sentence that names the setting, the file if it stands in one, and the remedy.
    """
    environ = {name: value for name, value in environ.items() if value}  # an empty variable counts as unset
    config = _read_config(environ, cwd)
    try:
        return _settings(config, environ, cwd)
    except ConfigurationError as error:
        if config and str(error).startswith(tuple(f"{table}." for table in TABLES)):
            raise ConfigurationError(f"{config_path(environ, cwd)}: {error}") from None
        raise


def _settings(config: Mapping[str, Any], environ: Mapping[str, str], cwd: Path) -> Settings:
    """Raises ConfigurationError, which names a setting of the file by its place in it."""
    data_dir = (cwd / environ.get("ANALYTICS_DATA_DIR", ".data")).resolve()
    table = {
        "data_dir": data_dir,
        "queue": staging_url(environ.get("ANALYTICS_QUEUE"), data_dir, cwd),
        "dagster_storage": dagster_storage(environ),
        "sources": read_sources(config.get("sources", {}), environ),
        "is_demo": not config.get("sources"),
        "destinations": read_destinations(config.get("destinations", {}), environ),
        "ingest": read_ingest(config.get("ingest", {}), environ, cwd),
        "retention": read_retention(environ),
        "snapshots": snapshot_folder(environ, cwd),
    }
    settings = made(Settings, "settings", table, VARIABLES, environ)
    check_session_source(settings.ingest.session, settings.sources)
    return settings


def config_path(environ: Mapping[str, str], cwd: Path) -> Path:
    """The TOML file that ANALYTICS_CONFIG names, or analytics.toml, which need not be there."""
    return cwd / (environ.get("ANALYTICS_CONFIG") or DEFAULT_CONFIG)


def _read_config(environ: Mapping[str, str], cwd: Path) -> dict[str, Any]:
    """What the file says; nothing when it is not there and nobody asked for it."""
    path = config_path(environ, cwd)
    if not environ.get("ANALYTICS_CONFIG") and not path.exists():
        return {}
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"ANALYTICS_CONFIG: {path} cannot be read ({type(error).__name__}); give the path of a TOML file"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: is no TOML, where texts stand in quotes: {error}") from None
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits; a list in a list in a list ...
        raise ConfigurationError(f"{path} cannot be read ({type(error).__name__}); give a TOML file") from None
    for key, table in config.items():
        if key not in TABLES or not isinstance(table, dict):
            raise ConfigurationError(
                f"{path}: {key}: there are [sources.NAME], [destinations.NAME] and [ingest], nothing else"
            )
    return config
