"""Puts a backup into an empty installation."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from analytics_platform.backup import manifest
from analytics_platform.backup.manifest import BackupError, Manifest, kind_of
from analytics_platform.backup.places import DAGSTER, HASH_KEY, SNAPSHOTS, STAGING, dagster_home, staging_file
from analytics_platform.backup.postgres import copy_in, is_used_by
from analytics_platform.backup.sqlite import remove_database
from analytics_platform.backup.taking import DAGSTER_SCHEMA, STAGING_SCHEMA, libpq
from analytics_platform.settings import Settings
from analytics_platform.staging import open_staging
from analytics_platform.staging.aside import Aside
from analytics_platform.staging.base import Staging, StagingError

APPLICATION = "analytics"


def restore(settings: Settings, folder: Path, make_tables: Callable[[], None]) -> Manifest:
    """Put the backup in the place of an installation in which nothing has happened yet. Raises BackupError.

    `make_tables` makes what a new installation has; nothing of it runs meanwhile, the caller sees to that. The store
    comes last: whatever ends a restoration early, it is still empty and the same command can be given again.
    """
    backup = manifest.read(folder)
    _check_kinds(settings, backup)
    try:
        make_tables()
        _check_empty(settings)
        _restore_files(settings, folder)
        _restore_dagster(settings, folder)
        _restore_staging(settings, folder)
    except (OSError, sqlite3.Error, StagingError) as error:
        raise BackupError(f"the backup cannot be put into its place: {error}") from None
    return backup


def _check_kinds(settings: Settings, backup: Manifest) -> None:
    storage = settings.dagster_storage
    kinds = (
        ("the staging store", "ANALYTICS_QUEUE", backup.staging, kind_of(settings.queue)),
        ("Dagster's storage", "ANALYTICS_DAGSTER_STORAGE", backup.dagster, "postgres" if storage else "sqlite"),
    )
    for what, variable, was, is_now in kinds:
        if was != is_now:
            raise BackupError(f"{what} of the backup is {was}, and here it is {is_now}: set {variable} accordingly")


def _check_empty(settings: Settings) -> None:
    """Raise BackupError unless nothing has been accepted here, and nobody else uses the store."""
    if kind_of(settings.queue) == "postgres" and is_used_by(settings.queue, APPLICATION):
        raise BackupError("the staging store is in use: stop everything that uses it, then restore")
    with closing(open_staging(settings.queue)) as staging:
        if not _is_empty(staging):
            raise BackupError(
                "the staging store is not empty, and restoring would overwrite it: "
                "set ANALYTICS_DATA_DIR to a new folder (and ANALYTICS_QUEUE to a new database)"
            )


def _is_empty(staging: Staging) -> bool:
    return staging.head() == 0 and staging.count_quarantined(Aside()) == 0 and staging.suppression_counts().listed == 0


def _restore_files(settings: Settings, folder: Path) -> None:
    """The hash key and what snapshots remember."""
    if (folder / HASH_KEY).is_file():
        _copy(folder / HASH_KEY, settings.data_dir / HASH_KEY)
    if (folder / SNAPSHOTS).is_dir():
        shutil.rmtree(settings.data_dir / SNAPSHOTS, ignore_errors=True)
        shutil.copytree(folder / SNAPSHOTS, settings.data_dir / SNAPSHOTS)


def _restore_dagster(settings: Settings, folder: Path) -> None:
    if settings.dagster_storage:
        copy_in(libpq(settings.dagster_storage.get_secret_value()), DAGSTER_SCHEMA, folder / DAGSTER)
    elif (folder / DAGSTER).is_dir():
        shutil.rmtree(dagster_home(settings), ignore_errors=True)
        shutil.copytree(folder / DAGSTER, dagster_home(settings))
    # The next start brings the tables up to date, should they be of an earlier version.
    (dagster_home(settings) / "prepared-for").unlink(missing_ok=True)


def _restore_staging(settings: Settings, folder: Path) -> None:
    if kind_of(settings.queue) == "postgres":
        copy_in(settings.queue, STAGING_SCHEMA, folder / STAGING)
        return
    path = staging_file(settings)
    draft = path.with_name(f"{path.name}.restored")
    remove_database(draft)
    _copy(folder / STAGING / "staging.db", draft)
    open_staging(f"sqlite:///{draft}").close()  # brings it up to date, or says that it is of a newer version
    remove_database(path)
    draft.rename(path)


def _copy(source: Path, target: Path) -> None:
    """Copy a file, on disk before it has its name, and nobody else's business."""
    draft = target.with_name(f"{target.name}.new")
    with source.open("rb") as old, os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as new:
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())
    draft.replace(target)
