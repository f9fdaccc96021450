"""Can another package bring a destination?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ADAPTER = '''
"""Acme's adapter."""
from collections.abc import Sequence
import msgspec
from analytics_platform.destinations.base import Limits, Outgoing
from analytics_platform.destinations.http import Statuses
from analytics_platform.destinations.posting import Post, Posting, Terms

class Options(msgspec.Struct, forbid_unknown_fields=True):
    team: str

class Acme(Posting):
    """Posts to /events."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms, {"events": Limits(10, 10_000)}, Statuses())
        self._team = terms.read_options(Options).team

    def posts(self, request: Sequence[Outgoing]) -> list[Post]:
        names = [each.call["event"] for each in request]
        body = {"team": self._team, "key": self._terms.key, "events": names}
        return [Post(f"{self._endpoint}/events", msgspec.json.encode(body))]
'''

CONFIG = """
[destinations.acme]
type = "{type}"
endpoint = "https://acme.example.com"
api_key_env = "ACME_KEY"
[destinations.acme.options]
{options}
"""

CALLS = '[{"type": "track", "userId": "u1", "event": "a"}, {"type": "track", "userId": "u1", "event": "b"}]'
PREVIEW = (
    "import typer; from analytics_platform.commands.preview import preview; "
    "app = typer.Typer(pretty_exceptions_enable=False); app.command()(preview); app(['acme'])"
)


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with an installed distribution: its module, and the metadata that an installer writes."""
    folder = tmp_path / "site-packages"
    metadata = folder / "acme_analytics-1.0.dist-info"
    metadata.mkdir(parents=True)
    (folder / "acme_analytics.py").write_text(ADAPTER)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-analytics\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[analytics_platform.destinations]\n"
        "acme = acme_analytics:Acme\ngone = acme_analytics:Gone\nposthog = acme_analytics:Acme\n"
    )
    return folder


def previewed(packages: Path, kind: str = "acme", options: str = 'team = "growth"') -> subprocess.CompletedProcess[str]:
    """What a process that has these packages shows of two calls."""
    (packages.parent / "analytics.toml").write_text(CONFIG.format(type=kind, options=options))
    path = os.pathsep.join([str(packages), str(Path(__file__).parents[1])])
    return subprocess.run(
        [sys.executable, "-c", PREVIEW],
        cwd=packages.parent,
        env={"PYTHONPATH": path, "ACME_KEY": "sk-acme", "PATH": os.environ["PATH"]},
        input=CALLS,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installed_package_brings_its_destination(packages: Path) -> None:
    """By its entry point alone; the type is the entry point's name."""
    shown = previewed(packages)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert '"path": "/events"' in shown.stdout
    assert '"team": "growth"' in shown.stdout
    assert '"key": "<API_KEY>"' in shown.stdout


def test_its_options_are_checked(packages: Path) -> None:
    """By the struct that it reads them into."""
    assert "destinations.acme.options: Object missing required field `team`" in previewed(packages, options="").stderr


def test_an_adapter_that_cannot_be_loaded_is_named(packages: Path) -> None:
    """In one sentence, with the remedy."""
    assert (
        "destinations.acme.type: the adapter of gone cannot be loaded (AttributeError): "
        "install its package again, or remove the destination"
    ) in previewed(packages, "gone").stderr


def test_a_package_does_not_take_the_place_of_ours(packages: Path) -> None:
    """A name that we have is ours: nobody's keys go elsewhere because of what is installed."""
    assert "Object contains unknown field `team`" in previewed(packages, "posthog").stderr


def test_a_type_that_nobody_brings_is_refused(packages: Path) -> None:
    """With the names of those that there are, also of the packages'."""
    assert "type: must be 'acme', 'amplitude', " in previewed(packages, "kafka").stderr
