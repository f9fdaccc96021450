"""The fixtures of the tests of our pytest plugin."""

import pytest

from tests.plugin_project import APPLICATION, CLIENTS, FIXTURE

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An application that uses the generated client, in a project that has our plugin and no other."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p event_registry.pytest_plugin -p no:cacheprovider")
    pytester.makepyfile(app=APPLICATION)
    pytester.makeconftest(FIXTURE)
    pytester.syspathinsert(CLIENTS)
    return pytester
