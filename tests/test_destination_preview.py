"""What does `analytics destinations preview` show, and what does it keep to itself?"""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from analytics_platform.commands.preview import preview as command
from analytics_platform.destinations.preview import preview
from analytics_platform.settings import ConfigurationError
from analytics_platform.settings.destinations import DestinationSettings, vendors_defaults
from tests.outgoing import now

CALL = {
    "type": "track",
    "messageId": "5c2f1a30-9b7e-4d2a-8a3d-0f6b1c9e7a01",
    "userId": "user-1",
    "event": "report.created",
    "timestamp": "2026-03-04T10:20:30.456Z",
}
GROUP = {**CALL, "type": "group", "groupId": "acme", "traits": {"plan": "pro"}}
KEY = "sk-very-secret"

app = typer.Typer()
app.command()(command)


def configured(kind: str, **facts: Any) -> DestinationSettings:
    """A destination of this type with a key."""
    table = {"name": "x", "type": kind, "endpoint": "https://vendor.example.com", "api_key": KEY, **facts}
    return DestinationSettings.model_validate(table)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the command is given, with a destination that is configured."""
    (tmp_path / "analytics.toml").write_text(
        '[destinations.warehouse]\ntype = "segment"\nendpoint = "https://w.example"'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_request_is_shown_as_it_would_be_sent() -> None:
    """Method, path behind the host, headers and body."""
    assert preview(vendors_defaults("posthog"), [CALL], now) == [
        {
            "method": "POST",
            "path": "/batch/",
            "headers": {"Content-Type": "application/json"},
            "body": {
                "api_key": "<API_KEY>",
                "batch": [
                    {
                        "event": "report.created",
                        "distinct_id": "user-1",
                        "uuid": CALL["messageId"],
                        "timestamp": CALL["timestamp"],
                        "properties": {"$geoip_disable": True},
                    }
                ],
            },
        }
    ]


def test_requests_are_shown_in_their_order() -> None:
    """Of a group call for Mixpanel there are two."""
    requests = preview(vendors_defaults("mixpanel"), [CALL, GROUP, CALL], now)

    assert [request["path"] for request in requests] == [
        "/import?strict=1",
        "/groups?verbose=1",
        "/engage?verbose=1",
        "/import?strict=1",
    ]


def test_a_form_is_shown_by_its_fields() -> None:
    """With the documents in them decoded."""
    settings = configured("amplitude", options={"identify_via": "identify"})

    (request,) = preview(settings, [{**CALL, "type": "identify"}], now)

    assert request["headers"] == {"Content-Type": "application/x-www-form-urlencoded"}
    assert request["body"]["api_key"] == "<API_KEY>"
    assert request["body"]["identification"] == [{"user_id": "user-1", "user_properties": {"$set": {}}}]


@pytest.mark.parametrize("kind", ["amplitude", "jitsu", "mixpanel", "posthog", "rudderstack", "segment"])
def test_no_key_is_shown(kind: str) -> None:
    """Neither in the body nor in a header; what is masked is seen to be."""
    text = json.dumps(preview(configured(kind), [CALL, GROUP], now))

    assert KEY not in text
    assert "c2stdmVyeS1zZWNyZXQ" not in text
    assert "<API_KEY>" in text


def test_a_webhook_shows_a_signature_and_no_secret() -> None:
    """The receiver's headers are part of the request."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    (request,) = preview(configured("webhook", api_key=secret), [CALL], now)

    assert request["headers"]["webhook-signature"].startswith("v1,")
    assert secret not in json.dumps(request)


def test_the_configurations_names_are_shown() -> None:
    """Renamed and moved, as it would arrive."""
    settings = configured("segment", rename={"report.created": "Report Created"}, move={"properties.id": ""})

    (request,) = preview(settings, [{**CALL, "properties": {"id": 1, "n": 2}}], now)

    (call,) = request["body"]["batch"]
    assert (call["event"], call["properties"]) == ("Report Created", {"n": 2})


def test_calls_of_one_batch_are_shown_in_one_request() -> None:
    """As large as the configuration says."""
    requests = preview(configured("segment", batch_size=2), [CALL] * 3, now)

    assert [len(request["body"]["batch"]) for request in requests] == [2, 1]


def test_a_destination_without_requests_says_so() -> None:
    """The file destination writes lines."""
    with pytest.raises(ConfigurationError, match="a destination of type file has no requests to show"):
        preview(vendors_defaults("file"), [CALL], now)


@pytest.mark.parametrize("name", ["warehouse", "segment", "amplitude"])
def test_a_name_is_that_of_a_destination_or_of_a_vendor(here: Path, name: str) -> None:
    """What is configured comes first; a vendor has its defaults."""
    (here / "call.json").write_text(json.dumps(CALL))

    shown = CliRunner().invoke(app, [name, "call.json"])

    (request,) = json.loads(shown.output)
    assert request["method"] == "POST"
    assert sorted(path.name for path in here.iterdir()) == ["analytics.toml", "call.json"]


@pytest.mark.parametrize(
    ("written", "requests"),
    [(json.dumps(CALL), 1), (json.dumps([CALL, GROUP]), 1), ("[]", 0), ('{"type":"page","userId":"u"}', 1)],
)
def test_calls_come_from_stdin_as_well(here: Path, written: str, requests: int) -> None:
    """One, or a list; what the ingest API would add is added."""
    shown = CliRunner().invoke(app, ["warehouse"], input=written)

    assert len(json.loads(shown.output)) == requests
    assert here.is_dir()


@pytest.mark.parametrize(
    ("name", "written", "sentence"),
    [
        (
            "kafka",
            json.dumps(CALL),
            "kafka is neither one of the configured destinations (warehouse) nor a vendor (amplitude, file, ",
        ),
        ("warehouse", "{", "stdin is not JSON: give one call, or a list of calls"),
        ("warehouse", '[{"type": "track", "userId": "u"}]', "stdin: call 1: $.event: "),
        ("warehouse", "[5]", "stdin: call 1: $: "),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_cannot_be_shown_is_said_in_one_sentence(name: str, written: str, sentence: str) -> None:
    """The one that the command line prints."""
    shown = CliRunner().invoke(app, [name], input=written)

    assert isinstance(shown.exception, ConfigurationError)
    assert str(shown.exception).startswith(sentence)


@pytest.mark.usefixtures("here")
def test_a_file_that_is_not_there_is_named() -> None:
    """With the remedy."""
    shown = CliRunner().invoke(app, ["warehouse", "gone.json"])

    assert str(shown.exception) == "gone.json cannot be read (No such file or directory): give a file with calls"
