"""What does `analytics destinations check` find out, and what does it advise?"""

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from analytics_platform.commands.check_destinations import check as command
from analytics_platform.destinations.base import Outcome
from analytics_platform.destinations.checking import REDIRECTS, check, explained
from analytics_platform.settings import ConfigurationError
from analytics_platform.settings.destinations import DestinationSettings, vendors_defaults
from tests.fakes.vendor import Vendor
from tests.fakes.wire import free_url
from tests.outgoing import now

pytest_plugins = ["tests.destination_fixtures"]

KEY = "sk-very-secret"
TABLES = """
[destinations.good]
type = "rudderstack"
endpoint = "{good}"
api_key_env = "KEY"
[destinations.bad]
type = "rudderstack"
endpoint = "{bad}"
api_key_env = "KEY"
"""

app = typer.Typer()
app.command()(command)


def configured(endpoint: str, kind: str = "jitsu", **facts: Any) -> DestinationSettings:
    """A destination at this address."""
    table = {"name": "x", "type": kind, "endpoint": endpoint, "api_key": KEY, **facts}
    return DestinationSettings.model_validate(table)


@pytest.fixture
def here(tmp_path: Path, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the command is given: one destination is well, the other is not there."""
    (tmp_path / "analytics.toml").write_text(TABLES.format(good=vendor.url, bad=free_url()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEY", KEY)
    return tmp_path


def test_a_destination_that_takes_the_probe_is_well(vendor: Vendor, tmp_path: Path) -> None:
    """One event, of nobody, that says what it is."""
    finding = check(configured(vendor.url), tmp_path, now)

    (call,) = vendor.accepted
    assert (finding.is_well, finding.sentence) == (True, "took the probe")
    assert (call["event"], call["properties"]) == ("destination.checked", {"destination": "x"})


@pytest.mark.parametrize("kind", ["posthog", "segment"])
def test_a_yes_that_proves_little_is_said_to(vendor: Vendor, tmp_path: Path, kind: str) -> None:
    """One has to look whether the event is there."""
    finding = check(configured(vendor.url, kind), tmp_path, now)

    assert finding.is_well
    assert finding.sentence.endswith("too: look for destination.checked there")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "HTTP 401: the key is refused; see whether it is this project's"),
        (404, "HTTP 404: nothing is there; see whether the endpoint has the right host and path"),
        (302, f"HTTP 302: {REDIRECTS}"),
        (501, "HTTP 501: see whether the endpoint is right"),
        (400, "HTTP 400: it answers, and refuses the probe"),
        (429, "HTTP 429: it answers, and asks for less; nothing is wrong with the configuration"),
    ],
)
def test_a_no_is_explained(vendor: Vendor, tmp_path: Path, status: int, sentence: str) -> None:
    """With what to look at."""
    vendor.will_answer(status, f"{KEY} is no key")

    finding = check(configured(vendor.url), tmp_path, now)

    assert (finding.is_well, finding.sentence) == (False, sentence)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (302, f"HTTP 302: {REDIRECTS}"),
        (400, "HTTP 400: it answers, and refuses the probe"),
        (401, "HTTP 401: the signature is refused; see whether both sides have the same signing secret"),
    ],
)
def test_a_webhook_that_answers_is_not_called_down(vendor: Vendor, tmp_path: Path, status: int, sentence: str) -> None:
    """Although delivery would try again after such an answer."""
    vendor.will_answer(status)

    assert check(configured(vendor.url, "webhook", api_key=None), tmp_path, now).sentence == sentence


@pytest.mark.parametrize(("kind", "is_well"), [("jitsu", False), ("posthog", False), ("webhook", True)])
def test_a_yes_that_is_a_web_page_comes_from_the_wrong_host(
    vendor: Vendor, tmp_path: Path, kind: str, *, is_well: bool
) -> None:
    """Such as that of the vendor's application; a webhook may answer as it likes."""
    vendor.will_answer(200, "<!doctype html><title>Welcome</title>")

    finding = check(configured(vendor.url, kind, api_key=None if kind == "webhook" else KEY), tmp_path, now)

    assert finding.is_well == is_well
    assert ("which is no API; see whether the endpoint has the right host" in finding.sentence) != is_well


def test_a_quota_that_is_used_up_says_all_that_there_is_to_say(vendor: Vendor, tmp_path: Path) -> None:
    """The endpoint is right."""
    vendor.will_answer(200, '{"status": "Ok", "quota_limited": ["events"]}')

    finding = check(configured(vendor.url, "posthog"), tmp_path, now)

    assert (finding.is_well, finding.sentence) == (False, "the project's quota of events is used up")


def test_a_key_of_another_region_is_thought_of() -> None:
    """Regions are separate systems."""
    refused = Outcome("halt", "HTTP 400: the API key is refused")

    assert explained(vendors_defaults("amplitude"), refused) == (
        "HTTP 400: the API key is refused: see whether it is this project's, "
        "and whether its region is us: a key of another one is unknown there"
    )


@pytest.mark.usefixtures("here")
def test_the_command_says_how_all_of_them_are() -> None:
    """One line each; it fails if one is bad, and no key is printed."""
    shown = CliRunner().invoke(app)

    good, bad = shown.output.splitlines()
    assert (shown.exit_code, good) == (1, "ok   good: took the probe")
    assert bad.startswith("BAD  bad: ConnectionError: it is down, or not at http://127.0.0.1:")


@pytest.mark.usefixtures("here")
def test_one_may_be_tried_alone() -> None:
    """By its name, which must be one."""
    good, unknown = CliRunner().invoke(app, ["good"]), CliRunner().invoke(app, ["gone"])

    assert (good.exit_code, good.output) == (0, "ok   good: took the probe\n")
    assert isinstance(unknown.exception, ConfigurationError)
    assert str(unknown.exception) == (
        "gone is not one of the configured destinations: good, bad; "
        "if it should be, give the command the variables and the folder that `analytics run` has"
    )
