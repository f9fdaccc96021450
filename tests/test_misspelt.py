"""Which variables are taken for settings that somebody has misspelt?"""

import re
from pathlib import Path

import pytest

from analytics_platform.supervisor.misspelt import SETTINGS, misspelt

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ANALYTICS_BATCHSIZE", "ANALYTICS_BATCH_SIZE"),
        ("ANALYTICS_PROT", "ANALYTICS_PORT"),
        ("ANALYTICS_FLUSH_INTERVAL", "ANALYTICS_FLUSH_INTERVAL_MS"),
    ],
)
def test_a_name_that_is_nearly_a_settings_is_said_with_it(name: str, meant: str) -> None:
    """Else somebody looks for the reason why a setting has no effect."""
    assert misspelt([name, "PATH"], "") == [f"{name} is no setting and changes nothing: did you mean {meant}?"]


@pytest.mark.parametrize("name", [*SETTINGS, "ANALYTICS_WEB_KEY", "ANALYTICS_CODE_SERVER_PORT", "DAGSTER_HOME"])
def test_of_settings_and_of_what_is_like_none_nothing_is_said(name: str) -> None:
    """Applications have variables of their own, beginning as ours do."""
    assert misspelt([name], "") == []


def test_a_variable_that_the_settings_file_names_is_read() -> None:
    """However it is spelt."""
    assert misspelt(["ANALYTICS_API_KEY_2"], 'api_key_env = "ANALYTICS_API_KEY_2"') == []


def test_all_settings_are_known_that_the_documentation_names() -> None:
    """Whoever adds one would otherwise have it doubted."""
    text = README.read_text(encoding="utf-8")
    rows = text[text.index("| variable |") : text.index("Several sources and destinations")].splitlines()[2:]

    documented = {name for row in rows if row for name in re.findall(r"`(\w+)`", row.split("|")[1])}

    assert documented == {*SETTINGS}
