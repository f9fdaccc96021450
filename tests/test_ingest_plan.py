"""What does the API make of the plan: warnings that stay with an event, secrets that do not?"""

import json
from typing import Annotated

import pytest
from requests import Response

from event_registry.definitions import HASHED, REDACTED, Deprecation, Event, Traits
from event_registry.registry import Registry
from tests.running_api import Api, ApiStarter, source

pytest_plugins = ["tests.ingest_fixtures"]

SECRET = "correct horse battery staple"


class CardAdded(Event, name="card.added", owner="billing", since="2026-01-31", example={}):
    """A customer added a card."""

    card_number: Annotated[str | None, HASHED] = None
    """The number on it."""
    brand: str | None = None
    """Who made it."""


class CardEntered(
    Event,
    name="card.entered",
    owner="billing",
    since="2025-01-31",
    example={},
    deprecated=Deprecation("2026-01-31", successor="card.added"),
):
    """A customer added a card, as it was called before."""


class UserTraits(Traits, call="identify", owner="growth", since="2026-01-31", example={}):
    """What is known of a user."""

    password: Annotated[str | None, REDACTED] = None
    """What nobody should send."""


PLAN = Registry({"card.added": CardAdded, "card.entered": CardEntered}, {"identify": UserTraits})


@pytest.fixture
def plan_api(start_api: ApiStarter) -> Api:
    """The API with the plan of this module."""
    return start_api(registry=PLAN)


def send(api: Api, event: str, **properties: object) -> Response:
    """Send a track call."""
    return api.post("/api/analytics/track", {"event": event, "userId": "u-1", "properties": properties})


def test_a_secret_is_not_stored(plan_api: Api) -> None:
    """Not in the log, not in quarantine, wherever it stands; the database's files do not have it."""
    send(plan_api, "card.added", card_number=SECRET)
    send(plan_api, "card.addded", card_number=SECRET)
    plan_api.post("/api/analytics/identify", {"userId": "u-1", "traits": {"password": SECRET, "pasword": SECRET}})
    broken = send(plan_api, "card.addded", cardNumber=SECRET, wallet={"card_nubmer": [SECRET]})

    files = [path.read_bytes() for path in plan_api.staging.path.parent.iterdir()]
    assert broken.json()["quarantined_count"] == 1
    assert (len(plan_api.staging.payloads()), len(plan_api.staging.quarantine())) == (2, 2)
    assert not any(SECRET.encode() in content for content in files)


def test_equal_secrets_are_equal_in_the_log(plan_api: Api) -> None:
    """They can be counted, and nothing else."""
    for number in (SECRET, SECRET, "another"):
        send(plan_api, "card.added", card_number=number)

    first, second, third = (event["properties"]["card_number"] for event in plan_api.staging.payloads())
    assert first == second != third
    assert first.startswith("hmac-sha256:")


def test_a_warning_stays_with_its_event(start_api: ApiStarter) -> None:
    """Whoever counts can tell what broke the plan; the mark has the path and the code, never a value."""
    api = start_api(source(unplanned_property_mode="warn"), registry=PLAN)

    answer = send(api, "card.added", brandd="Visa")

    [note] = answer.json()["warnings"]
    [event] = api.staging.payloads()
    assert note["problems"][0]["message"] == "the plan has no such property: did you mean brand?"
    assert event["context"]["warnings"] == [{"path": "$.properties.brandd", "code": "unplanned_property"}]


def test_an_event_has_a_few_short_marks(start_api: ApiStarter) -> None:
    """Names are the caller's, and vendors refuse events that are too large."""
    api = start_api(source(plan_mode="warn"), registry=PLAN)

    send(api, "card.added", **{f"{'k' * 1000}{number}": 1 for number in range(10)})

    [event] = api.staging.payloads()
    assert len(event["context"]["warnings"]) == 5
    assert len(json.dumps(event["context"]["warnings"])) < 1000


def test_a_deprecated_event_is_accepted_and_the_answer_names_its_successor(plan_api: Api) -> None:
    """Its sender learns of it from every answer, before it is gone."""
    answer = send(plan_api, "card.entered")

    [note] = answer.json()["warnings"]
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert note["problems"] == [
        {
            "path": "$.event",
            "code": "deprecated",
            "message": "card.entered is deprecated. Since 2026-01-31; send card.added instead.",
        }
    ]


def test_an_event_without_fault_bears_no_mark(plan_api: Api) -> None:
    """Nothing is added to what is right."""
    send(plan_api, "card.added", brand="Visa")

    [event] = plan_api.staging.payloads()
    assert "warnings" not in event["context"]
