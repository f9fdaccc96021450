"""Where a month is lived, and how large that is."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import dagster as dg
import psycopg

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Staging
from tests.databases import postgres
from tests.fakes.clock import Clock

Size = Callable[[], int]


@contextmanager
def sqlite_store(folder: Path, clock: Clock) -> Iterator[tuple[Staging, Size]]:
    """A SQLite store, and its bytes: the database with its write-ahead log."""
    with closing(open_staging(f"sqlite:///{folder}/staging.db", clock)) as staging:
        yield staging, lambda: sum(path.stat().st_size for path in folder.glob("staging.db*"))


@contextmanager
def postgres_store(_: Path, clock: Clock) -> Iterator[tuple[Staging, Size]]:
    """A store on a Postgres, and the bytes of its schema."""
    with postgres() as url, closing(open_staging(url, clock)) as staging:
        yield staging, lambda: database_size(url)


@contextmanager
def dagster_on_sqlite(folder: Path) -> Iterator[tuple[dg.DagsterInstance, Size]]:
    """Dagster's storage in a folder, and the bytes of all files there."""
    with dg.instance_for_test(temp_dir=str(folder), overrides=NO_COMPUTE_LOGS) as instance:
        yield instance, lambda: sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@contextmanager
def dagster_on_postgres(folder: Path) -> Iterator[tuple[dg.DagsterInstance, Size]]:
    """Dagster's storage on a Postgres, and the bytes of that database."""
    with postgres() as url:
        storage = {"postgres": {"postgres_url": url.replace("postgresql://", "postgresql+psycopg2://")}}
        home = folder / "home"
        home.mkdir()
        with dg.instance_for_test(temp_dir=str(home), overrides=NO_COMPUTE_LOGS | {"storage": storage}) as instance:
            yield instance, lambda: database_size(url)


def database_size(url: str) -> int:
    """The bytes of a Postgres database, once what is dead in it may be used again."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("VACUUM")  # as autovacuum does, whose minutes are not those of a simulated day
        row = db.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(row[0]) if row else 0


NO_COMPUTE_LOGS = {
    "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
}
"""As in our dagster.yaml."""
