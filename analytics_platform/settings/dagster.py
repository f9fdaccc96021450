"""Where Dagster keeps its own runs, events and ticks."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from analytics_platform.settings.reading import ConfigurationError

VARIABLE = "ANALYTICS_DAGSTER_STORAGE"
DRIVER = "postgresql+psycopg2"
"""Named, since `postgresql://` alone is another driver for SQLAlchemy 2.1, with which Dagster's first event fails."""

NAMESAKE = "analytics"
"""The schema of the staging store: in one database, a user of that name finds its tables before Dagster's."""
IN_PUBLIC = "options=-csearch_path%3Dpublic"


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
    return f"{DRIVER}://{_in_public(rest)}"


def _in_public(rest: str) -> str:
    """An address that leads to the tables in `public`, also for a user whom `"$user"` would lead to the store's."""
    parts = urlsplit(f"//{rest}")
    if parts.username not in (None, NAMESAKE) or "options=" in parts.query:
        return rest
    return f"{rest}{'&' if parts.query else '?'}{IN_PUBLIC}"
