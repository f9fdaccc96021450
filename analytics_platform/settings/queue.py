"""Where the staging store is."""

from pathlib import Path

from analytics_platform.settings.reading import ConfigurationError

VARIABLE = "ANALYTICS_QUEUE"
MEMORY = "memory://"


def staging_url(url: str | None, data_dir: Path, cwd: Path) -> str:
    """The URL of the staging store, of a file with its absolute path; None is a file in the data folder.

    Raises ConfigurationError, without the address: there may be a password in it.
    """
    if url is None:
        return f"sqlite:///{data_dir / 'staging.db'}"
    scheme, _, rest = url.partition("://")
    if url == MEMORY:
        return url
    if scheme in {"postgresql", "postgres"} and rest.strip("/"):
        return f"postgresql://{rest}"
    if scheme == "sqlite" and rest.strip("/"):
        return f"sqlite:///{(cwd / rest.removeprefix('/')).resolve()}"
    raise ConfigurationError(
        f"{VARIABLE}: {url.partition(':')[0]!r} is not a staging store of this version; use "
        "sqlite:///path/to/staging.db or postgresql://user:password@host/database, or leave it unset"
    )


def check_is_shared(url: str) -> None:
    """Raises ConfigurationError for a store that only the process which has opened it can see."""
    if url == MEMORY:
        raise ConfigurationError(
            f"{VARIABLE}: a store in memory is one process's alone, for trials of the ingest API: start that by itself "
            "(`python -m ingest_api`, without ANALYTICS_WORKERS and ANALYTICS_METRICS_PORT), or leave it unset"
        )
