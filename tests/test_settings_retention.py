"""Which times to keep things may an installation choose?"""

from pathlib import Path

import pytest

from analytics_platform.settings import ConfigurationError, load
from analytics_platform.settings.retention import RetentionSettings


def test_everything_has_a_default(tmp_path: Path) -> None:
    """A month for events, a quarter for a destination's backlog, a week for Dagster's runs."""
    assert load({}, tmp_path).retention == RetentionSettings(days=30, backlog_days=90, run_days=7)


def test_each_is_a_variable(tmp_path: Path) -> None:
    """In days."""
    environ = {
        "ANALYTICS_RETENTION_DAYS": "7",
        "ANALYTICS_BACKLOG_DAYS": "14",
        "ANALYTICS_RUN_RETENTION_DAYS": "2",
    }

    assert load(environ, tmp_path).retention == RetentionSettings(days=7, backlog_days=14, run_days=2)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"ANALYTICS_RETENTION_DAYS": "6"}, "ANALYTICS_RETENTION_DAYS: must be greater than or equal to 7"),
        ({"ANALYTICS_RUN_RETENTION_DAYS": "1"}, "ANALYTICS_RUN_RETENTION_DAYS: must be greater than or equal to 2"),
        ({"ANALYTICS_BACKLOG_DAYS": "soon"}, "ANALYTICS_BACKLOG_DAYS: must be a whole number; the default is 90"),
        ({"ANALYTICS_RETENTION_DAYS": "120"}, "ANALYTICS_BACKLOG_DAYS: must not be less than ANALYTICS_RETENTION_DAYS"),
    ],
)
def test_what_would_lose_something_is_refused(tmp_path: Path, environ: dict[str, str], sentence: str) -> None:
    """Duplicates that are sent for days, a backlog that nobody meant to give up."""
    with pytest.raises(ConfigurationError) as refused:
        load(environ, tmp_path)

    assert str(refused.value).startswith(sentence)
