"""Prepares what the parts expect in the data folder."""

import fcntl
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from analytics_platform.settings import ConfigurationError, Settings
from analytics_platform.snapshots import demo
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import StagingError
from analytics_platform.supervisor.checks import unusable
from analytics_platform.supervisor.parts import SCRIPTS

CHECKOUT = Path(__file__).parents[2]
DAGSTER_YAML = CHECKOUT / "dagster.yaml"
DAGSTER_YAML_ON_POSTGRES = CHECKOUT / "deploy" / "postgres" / "dagster.yaml"

ON_POSTGRES = "see that its server runs and lets us in, or correct ANALYTICS_DAGSTER_STORAGE"
IN_THE_DATA_FOLDER = "move that folder away to begin with a new one, which knows no earlier runs; events are elsewhere"
DRIVERS_WORDS = re.compile(r"\((?:sqlite3|psycopg2)\.[\w.]+\) (.+)")  # as SQLAlchemy quotes them


def prepare(settings: Settings, environment: Mapping[str, str]) -> None:
    """Make whatever is missing, bring what is old up to date; `environment` is that of the parts.

    Of parts that are started one by one, the first does it, and the others wait for it.
    Raises ConfigurationError when the disk or a database does not allow it.
    """
    try:
        with _one_at_a_time(settings.data_dir):
            (settings.data_dir / "logs").mkdir(exist_ok=True)
            demo.create(settings.data_dir / "demo.db")
            _prepare_staging(settings)
            _prepare_dagster(settings, environment)
    except StagingError as error:  # its sentence names the store, which need not be in the data folder
        raise ConfigurationError(str(error)) from error
    except OSError as error:
        raise unusable(settings.data_dir, error) from error


def _prepare_staging(settings: Settings) -> None:
    """Make the tables once, here, instead of in several processes at the same moment."""
    staging = open_staging(settings.shared_queue)
    try:
        staging.register([destination.name for destination in settings.destinations])
    finally:
        staging.close()


def _prepare_dagster(settings: Settings, environment: Mapping[str, str]) -> None:
    """Give Dagster its settings, and its tables: parts that make them at the same moment fail.

    The second takes seconds, so it is done once for each version of Dagster and each storage.
    """
    home = Path(environment["DAGSTER_HOME"])
    home.mkdir(exist_ok=True)
    storage = settings.dagster_storage
    shutil.copyfile(DAGSTER_YAML_ON_POSTGRES if storage else DAGSTER_YAML, home / "dagster.yaml")
    current = version("dagster")
    if storage:
        current += f" {sha256(storage.get_secret_value().encode()).hexdigest()}"
    prepared = home / "prepared-for"
    if prepared.exists() and prepared.read_text(encoding="utf-8") == current:
        return
    command = [str(SCRIPTS / "dagster"), "instance", "migrate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        remedy = ON_POSTGRES if storage else IN_THE_DATA_FOLDER
        raise ConfigurationError(
            f"Dagster's storage in {storage_name(settings)} cannot be prepared: {_reason(done.stderr)}; {remedy}"
        )
    prepared.write_text(current, encoding="utf-8")


def storage_name(settings: Settings) -> str:
    """Dagster's storage, for people."""
    return "Postgres (ANALYTICS_DAGSTER_STORAGE)" if settings.dagster_storage else str(settings.data_dir / "dagster")


def _reason(output: str) -> str:
    """What a driver says of the database, else the last line of a traceback."""
    lines = [line for line in output.strip().splitlines() if line.strip()]
    said = [found[1] for line in lines if (found := DRIVERS_WORDS.search(line))]
    return (said or lines or ["no reason is known"])[-1]


@contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Only one process at a time is in the block."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "preparing").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
