"""Where Dagster keeps its own runs, events and ticks."""

from collections.abc import Mapping

from analytics_platform.settings.reading import ConfigurationError

VARIABLE = "ANALYTICS_DAGSTER_STORAGE"
DRIVER = "postgresql+psycopg2"
"""Named, since `postgresql://` alone is another driver for SQLAlchemy 2.1, with which Dagster's first event fails."""


def dagster_storage(environ: Mapping[str, str]) -> str | None:
    """The Postgres of Dagster's storage, as SQLAlchemy names it; None is SQLite in the data folder.

    Raises ConfigurationError, without the address: there is a password in it.
    """
    url = environ.get(VARIABLE)
    if url is None:
        return None
    scheme, separator, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres", DRIVER) or not separator:
        raise ConfigurationError(
            f"{VARIABLE}: must be postgresql://user:password@host/database; leave it unset for SQLite"
        )
    return f"{DRIVER}://{rest}"
