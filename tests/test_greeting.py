"""What does the terminal say once everything runs?"""

import json
import shlex
from pathlib import Path

from analytics_platform.settings import load
from analytics_platform.supervisor.greeting import greeting
from event_registry.calls import check_call
from event_registry.defining import Definition
from event_registry.registry import default


def greeted(**environ: str) -> str:
    """The greeting of somebody who has set these variables."""
    return greeting(load(environ, Path("/srv/app")), default())


def test_the_addresses_follow_the_settings() -> None:
    """Where to send, where to look."""
    text = greeted(ANALYTICS_PORT="8123", DAGSTER_PORT="3123")

    assert "http://127.0.0.1:8123/api/analytics/track" in text
    assert "http://127.0.0.1:3123\n" in text
    assert "/srv/app/.data/delivered/" in text


def test_the_store_is_named_without_its_password() -> None:
    """Where it is, as far as anybody may know who looks at the terminal."""
    text = greeted(ANALYTICS_QUEUE="postgresql://me:canary@db.internal:5433/events")

    assert "postgresql://db.internal:5433/events\n" in text
    assert "canary" not in text


def test_the_demo_key_is_shown() -> None:
    """It is no secret, and whoever tries the product needs it."""
    text = greeted()

    assert "write key: demo" in text
    assert "curl -u demo:" in text


def test_a_key_of_ones_own_is_not_shown() -> None:
    """Keys stay out of terminals and their logs."""
    text = greeted(ANALYTICS_WRITE_KEY="own-secret-key")

    assert "own-secret-key" not in text
    assert "curl -u YOUR_WRITE_KEY:" in text


def test_the_delivered_folder_is_shown_only_if_events_go_there() -> None:
    """With a vendor configured nothing is written to it."""
    text = greeted(ANALYTICS_ENDPOINT="https://vendor.example")

    assert "delivered" not in text


def test_an_open_host_is_shown_as_an_address_that_one_can_call() -> None:
    """0.0.0.0 is where one listens, not where one calls; an IPv6 address stands in brackets."""
    everywhere, everywhere_6 = greeted(ANALYTICS_HOST="0.0.0.0"), greeted(ANALYTICS_HOST="::")  # noqa: S104  not bound

    assert "http://127.0.0.1:8000/" in everywhere
    assert "http://[::1]:8000/" in everywhere_6


def test_the_first_event_keeps_the_tracking_plan() -> None:
    """Who copies the line must not get a 400, nor find the event in quarantine."""
    call = {"type": "track", **first_event(greeted())}

    assert check_call(call) == []
    assert default().is_planned(call)
    assert default().validate(call) == []


def test_the_store_is_named_with_what_keeps_it_safe() -> None:
    """Old versions of SQLite need one process alone to checkpoint: whoever runs it can see that this is so."""
    assert "/srv/app/.data/staging.db (SQLite 3." in greeted()
    assert "checkpointed by one process alone" in greeted()


def test_the_first_event_is_one_of_the_plan_that_is_installed() -> None:
    """As its definition has it for an example; a shell sends its quotes as they are. A plan may have no events, too."""
    settings = load({}, Path("/srv/app"))
    definition = Definition("track", "page.read", "D.", "docs", "2026-01-31", 1, example={"title": "Ada's $HOME"})

    assert first_event(greeting(settings, [definition])) == {
        "userId": "u1",
        "event": "page.read",
        "properties": {"title": "Ada's $HOME"},
    }
    assert "first event" not in greeting(settings, [])


def first_event(text: str) -> dict[str, object]:
    """What the shell makes of the command that is shown."""
    command = text[text.index("curl ") :].replace("\\\n", "")
    call: dict[str, object] = json.loads(shlex.split(command)[-1])
    return call
