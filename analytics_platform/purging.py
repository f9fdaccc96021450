"""Has Dagster forget old runs, with their events and files, for which it has no means of its own."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage

ENDED_WELL = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.CANCELED]
FAILED = [dg.DagsterRunStatus.FAILURE]
MOST_RUNS = 2000  # of one round, each takes about 0.1 s
PAGE = 50


@dataclass(frozen=True, slots=True)
class Purged:
    """What Dagster has forgotten."""

    runs: int
    kept: int  # failed runs that are old and still have something to replay
    files: int  # those of so many runs


@dataclass(frozen=True, slots=True)
class Ages:
    """How long after its end a run is kept, and its files after that.

    A process that has just shown the run still believes in its files, so they outlive it.
    """

    ended_well: timedelta
    failed: timedelta
    files: timedelta = timedelta(days=2)


def purge(
    instance: dg.DagsterInstance,
    ages: Ages,
    now: datetime,
    is_needed: Callable[[dg.DagsterRun], bool],
    stop: Callable[[], bool] = lambda: False,
) -> Purged:
    """Delete the runs that are over their age, but those that are needed, and the files that others have left."""
    old = [
        *_old_runs(instance, ENDED_WELL, now - ages.ended_well),
        *_old_runs(instance, FAILED, now - ages.failed),
    ]
    deleted = kept = 0
    for run in old:
        if stop() or deleted == MOST_RUNS:
            break
        if is_needed(run):
            kept += run.status in FAILED
        else:
            _delete(instance, run.run_id, now)
            deleted += 1
    return Purged(deleted, kept, _purge_files(instance, now - ages.files, stop))


def _old_runs(
    instance: dg.DagsterInstance, statuses: Sequence[dg.DagsterRunStatus], before: datetime
) -> Iterator[dg.DagsterRun]:
    """The runs that have been in one of these states since before that moment, the oldest first."""
    wanted = dg.RunsFilter(statuses=[*statuses], updated_before=before)
    cursor = None
    while records := instance.get_run_records(wanted, limit=PAGE, cursor=cursor, ascending=True):
        yield from (record.dagster_run for record in records)
        cursor = records[-1].dagster_run.run_id


def _delete(instance: dg.DagsterInstance, run_id: str, now: datetime) -> None:
    """Delete a run with all that the storage knows of it; the age of its files counts from now."""
    instance.delete_run(run_id)
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):  # Dagster leaves the results of asset checks behind
        with storage.index_connection() as connection:
            connection.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
    for folder, suffix in _folders(instance):
        with suppress(FileNotFoundError):
            os.utime(folder / f"{run_id}{suffix}", (now.timestamp(), now.timestamp()))


def _folders(instance: dg.DagsterInstance) -> list[tuple[Path, str]]:
    """Where runs have files or folders of their own, and what follows the run's id there."""
    root = Path(instance.root_directory)
    return [(root / "history" / "runs", ".db"), (root / "storage", "")]


def _purge_files(instance: dg.DagsterInstance, before: datetime, stop: Callable[[], bool]) -> int:
    """Remove what was last touched before that moment and belongs to no run any more."""
    removed = set()
    for folder, suffix in _folders(instance):
        old = [path for path in folder.glob(f"*-*-*-*-*{suffix}") if path.lstat().st_mtime < before.timestamp()]
        for start in range(0, len(old), PAGE):
            if stop():
                break
            page = {path.stem: path for path in old[start : start + PAGE]}
            known = {run.run_id for run in instance.get_runs(dg.RunsFilter(run_ids=[*page]))}
            for run_id in page.keys() - known:
                _remove(page[run_id])
                removed.add(run_id)
    return len(removed)


def _remove(path: Path) -> None:
    """Remove a run's folder, or its database with what SQLite keeps beside it."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
