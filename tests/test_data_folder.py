"""What do the parts find when they start?"""

import os
from pathlib import Path

import pytest

from analytics_platform.settings import ConfigurationError, load
from analytics_platform.supervisor.data_folder import DAGSTER_YAML, prepare
from analytics_platform.supervisor.parts import environment_of_parts


def test_everything_is_there_before_the_first_part_starts(tmp_path: Path) -> None:
    """The parts start at the same moment: tables that two of them make at once would stop one of them."""
    settings = load({"ANALYTICS_DATA_DIR": str(tmp_path)}, tmp_path)

    prepare(settings, environment_of_parts(os.environ, settings, 4266))

    assert (tmp_path / "logs").is_dir()
    assert (tmp_path / "staging.db").exists()
    assert (tmp_path / "demo.db").exists()
    assert (tmp_path / "dagster" / "dagster.yaml").read_text() == DAGSTER_YAML.read_text()
    assert (tmp_path / "dagster" / "history" / "runs.db").exists()


def test_what_cannot_be_prepared_is_one_sentence(tmp_path: Path) -> None:
    """A folder where a file must be, as an example of a disk that does not do what it should."""
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").mkdir()
    settings = load({"ANALYTICS_DATA_DIR": str(tmp_path)}, tmp_path)

    with pytest.raises(ConfigurationError, match=f"The data folder {tmp_path} cannot be prepared: .*Is a directory"):
        prepare(settings, environment_of_parts(os.environ, settings, 4266))
