"""Where the parts of an installation are, and where they are in its backup."""

from pathlib import Path

from analytics_platform.settings import Settings

STAGING, DAGSTER, SNAPSHOTS, HASH_KEY = "staging", "dagster", "snapshots", "hash-key"


def staging_file(settings: Settings) -> Path:
    """The staging store, if that is SQLite."""
    return Path(settings.queue.removeprefix("sqlite:///"))


def dagster_home(settings: Settings) -> Path:
    """Dagster's home, with its storage if that is SQLite."""
    return settings.data_dir / DAGSTER
