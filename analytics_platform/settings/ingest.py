"""How the ingest API works: its processes, its bounds, what it learns of a caller and what it keeps."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from analytics_platform.settings.privacy import PrivacySettings, read_privacy
from analytics_platform.settings.reading import Rate, made
from analytics_platform.settings.session import SessionSettings, read_session

VARIABLES = {
    "workers": "ANALYTICS_WORKERS",
    "catalog": "ANALYTICS_CATALOG",
    "docs": "ANALYTICS_DOCS",
    "address_rate_limit": "ANALYTICS_ADDRESS_RATE_LIMIT",
    "public_url": "ANALYTICS_PUBLIC_URL",
    "analytics_js": "ANALYTICS_JS",
    "min_free_mb": "ANALYTICS_MIN_FREE_MB",
    "max_store_mb": "ANALYTICS_MAX_STORE_MB",
    "metrics_host": "ANALYTICS_METRICS_HOST",
    "metrics_port": "ANALYTICS_METRICS_PORT",
}
_URL = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?(/[^\s?#]*)?")


class IngestSettings(BaseModel):
    """What concerns every request, whoever sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(default=1, ge=1, le=64)  # processes that take requests
    catalog: bool = True  # whether GET /catalog shows the tracking plan to whoever asks
    docs: bool = True  # whether GET /docs and /openapi.json describe the API to whoever asks
    address_rate_limit: Rate = 0  # requests a second from one address; 0 is off
    public_url: str | None = None  # where clients reach the API, if that is not where their requests say
    min_free_mb: int = Field(default=500, ge=0)  # on the store's disk; with less /health/ready fails
    max_store_mb: int = Field(default=0, ge=0)  # that the store may hold; 0 is any
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(default=0, ge=0, le=65535)  # where Prometheus is answered; 0 is nowhere
    analytics_js: Path | None = None  # the folder of the script that Segment's snippet loads; absolute
    privacy: PrivacySettings = PrivacySettings()
    session: SessionSettings | None = None  # of our own application

    @field_validator("public_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        """With a scheme and a host, perhaps with a path; nothing that a client could not put a path behind."""
        if value is not None and not _URL.fullmatch(value):
            raise ValueError("must be where clients reach the ingest API, such as https://events.example.com")
        return value


def read_ingest(table: Mapping[str, Any], environ: Mapping[str, str], cwd: Path) -> IngestSettings:
    """The `[ingest]` table of the file; relative paths start at `cwd`. Raises ConfigurationError."""
    privacy = read_privacy(table.get("privacy", {}), environ, cwd)
    session = read_session(table.get("session"), environ, cwd)
    table = {**table, "privacy": privacy, "session": session}
    settings = made(IngestSettings, "ingest", table, VARIABLES, environ)
    if settings.analytics_js is None:
        return settings
    return settings.model_copy(update={"analytics_js": (cwd / settings.analytics_js).resolve()})
