"""Prepares what the parts expect in the data folder."""

import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from analytics_platform.settings import ConfigurationError, Settings
from analytics_platform.snapshots import demo
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import StagingError
from analytics_platform.supervisor.parts import SCRIPTS

DAGSTER_YAML = Path(__file__).parents[2] / "dagster.yaml"


def prepare(settings: Settings, environment: Mapping[str, str]) -> None:
    """Make whatever is missing, bring what is old up to date; `environment` is that of the parts.

    Raises ConfigurationError when the disk or a database does not allow it.
    """
    try:
        (settings.data_dir / "logs").mkdir(exist_ok=True)
        demo.create(settings.data_dir / "demo.db")
        _prepare_staging(settings)
        _prepare_dagster(Path(environment["DAGSTER_HOME"]), environment)
    except (OSError, StagingError) as error:
        raise ConfigurationError(f"The data folder {settings.data_dir} cannot be prepared: {error}") from error


def _prepare_staging(settings: Settings) -> None:
    """Make the tables once, here, instead of in several processes at the same moment."""
    staging = open_staging(settings.queue)
    try:
        staging.register([destination.name for destination in settings.destinations])
    finally:
        staging.close()


def _prepare_dagster(home: Path, environment: Mapping[str, str]) -> None:
    """Give Dagster its settings, and its tables: parts that make them at the same moment fail.

    The second takes seconds, so it is done once for each version of Dagster.
    """
    home.mkdir(exist_ok=True)
    shutil.copyfile(DAGSTER_YAML, home / "dagster.yaml")
    prepared, current = home / "prepared-for", version("dagster")
    if prepared.exists() and prepared.read_text(encoding="utf-8") == current:
        return
    command = [str(SCRIPTS / "dagster"), "instance", "migrate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise ConfigurationError(f"Dagster's storage in {home} cannot be prepared: {reason}")
    prepared.write_text(current, encoding="utf-8")
