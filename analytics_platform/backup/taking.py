"""Takes a backup of a running installation."""

import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

from analytics_platform.backup import manifest
from analytics_platform.backup.manifest import BackupError, Manifest, kind_of
from analytics_platform.backup.places import DAGSTER, HASH_KEY, SNAPSHOTS, STAGING, dagster_home, staging_file
from analytics_platform.backup.postgres import copy_out
from analytics_platform.backup.sqlite import copy_database, copy_folder
from analytics_platform.settings import Settings

STAGING_SCHEMA, DAGSTER_SCHEMA = "analytics", "public"


def take(settings: Settings, folder: Path, now: datetime) -> Manifest:
    """Copy the installation into a new folder, which has its name once all of it is on disk. Raises BackupError.

    What a snapshot remembers is copied before the store, so that it never believes in a call that the store does not
    have; Dagster after it, so that the run of each dead letter is there.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is not empty: give the name of a new folder")
    draft = folder.with_name(f"{folder.name}.unfinished")
    try:
        if draft.exists():  # of a backup that was killed
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700, parents=True)
        _copy(settings, draft)
        storage = settings.dagster_storage.get_secret_value() if settings.dagster_storage else "sqlite:"
        done = manifest.write(draft, now.isoformat(timespec="seconds"), kind_of(settings.queue), kind_of(storage))
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{folder} cannot be written, or something read: {_words(error)}") from None
    return done


def _copy(settings: Settings, draft: Path) -> None:
    data = settings.data_dir
    if (data / SNAPSHOTS).is_dir():
        copy_folder(data / SNAPSHOTS, draft / SNAPSHOTS)
    if (data / HASH_KEY).is_file():
        shutil.copyfile(data / HASH_KEY, draft / HASH_KEY)
    if kind_of(settings.queue) == "sqlite":
        copy_database(staging_file(settings), draft / STAGING / "staging.db")
    else:
        copy_out(settings.queue, STAGING_SCHEMA, draft / STAGING)
    if settings.dagster_storage is None:  # a folder that is not there yet is an empty one
        copy_folder(dagster_home(settings), draft / DAGSTER)
    else:
        copy_out(libpq(settings.dagster_storage.get_secret_value()), DAGSTER_SCHEMA, draft / DAGSTER)


def libpq(url: str) -> str:
    """An address as libpq takes it, from one that names SQLAlchemy's driver."""
    return url.replace("postgresql+psycopg2://", "postgresql://", 1)


def _words(error: Exception) -> str:
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
