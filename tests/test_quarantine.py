"""What becomes of quarantined calls when the plan has been mended?"""

import json
from typing import Annotated, Any

import msgspec
import pytest

from analytics_platform.quarantine import Plan, Release, release
from analytics_platform.staging.aside import Aside
from analytics_platform.staging.base import Entry, Staging
from analytics_platform.staging.suppression import Person, SuppressionList
from event_registry.definitions import REDACTED, Event
from event_registry.registry import Registry
from event_registry.verdicts import StrictModes
from tests.stores import pending_ids

pytest_plugins = ["tests.staging_fixtures"]

ALL = Aside()
KEY = b"the installation's hash key, for tests"
PROBLEMS = '[{"path": "$.event", "code": "unplanned_event", "message": "the plan has no such event"}]'


class PagePrinted(Event, name="page.printed", owner="docs", since="2026-01-31", example={"page_id": "p-1"}):
    """A reader printed a page."""

    page_id: str
    """The page's id."""
    pin: Annotated[str | None, REDACTED] = None
    """What the printer asked for."""


class PageTorn(Event, name="page.torn", owner="docs", since="2026-01-31", example={}, unplanned="warn"):
    """A reader tore a page."""


PLAN = Plan(Registry({"page.printed": PagePrinted, "page.torn": PageTorn}, {}), {}, KEY)


def aside(message_id: str, event: str = "page.printed", source: str = "web", **properties: object) -> Entry:
    """A track call in quarantine, as it was enriched when it came."""
    call = {
        "type": "track",
        "event": event,
        "userId": "u-1",
        "properties": {"page_id": "p-1", **properties},
        "messageId": message_id,
        "context": {"ip": "192.0.2.0", "library": {"name": "http"}},
        "originalTimestamp": "2026-01-01T00:00:00Z",
        "timestamp": "2026-01-01T00:00:05.000Z",
        "receivedAt": "2026-01-01T00:00:06.000Z",
    }
    return Entry(source, message_id, 1000.0, json.dumps(call), PROBLEMS)


def released(staging: Staging, plan: Plan = PLAN, wanted: Aside = ALL, *, is_dry_run: bool = False) -> Release:
    """Release what is in quarantine."""
    return release(staging, wanted, plan, SuppressionList(staging, KEY).among, is_dry_run=is_dry_run)


def stored(staging: Staging) -> list[dict[str, Any]]:
    """The events of the log."""
    return [json.loads(event.payload) for event in staging.pending("vendor", 1000)]


def test_a_call_that_keeps_the_plan_by_now_flows_on_as_it_was(staging: Staging) -> None:
    """With its id, its times and what was known of its sender: byte for byte."""
    call = aside("m-1")
    staging.append([call])

    found = released(staging)

    [event] = staging.pending("vendor", 10)
    assert found == Release(released=1)
    assert (event.message_id, event.received_at, event.payload) == ("m-1", 1000.0, call.payload)
    assert staging.count_quarantined(ALL) == 0


def test_a_call_that_still_breaks_the_plan_stays_and_is_reported(staging: Staging) -> None:
    """By event and problem, so that a thousand calls are a few lines."""
    staging.append([aside("m-1"), aside("m-2", "page.prnted"), aside("m-3", "page.prnted"), aside("m-4", colour=1)])

    found = released(staging)

    assert pending_ids(staging) == ["m-1"]
    assert staging.count_quarantined(ALL) == 3
    assert found.released == 1
    assert found.refused == {
        ("page.prnted", "$.event: the plan has no such event: did you mean page.printed?"): 2,
        ("page.printed", "$.properties.colour: the plan has no such property"): 1,
    }


def test_releasing_twice_releases_once(staging: Staging) -> None:
    """Nothing is left to do."""
    staging.append([aside("m-1")])
    released(staging)

    assert released(staging) == Release()
    assert pending_ids(staging) == ["m-1"]


def test_a_dry_run_changes_nothing(staging: Staging) -> None:
    """It says what would be."""
    staging.append([aside("m-1"), aside("m-2", "page.prnted")])

    found = released(staging, is_dry_run=True)

    assert (found.released, found.refused.total()) == (1, 1)
    assert staging.count_quarantined(ALL) == 2
    assert pending_ids(staging) == []


def test_only_what_is_asked_for_is_released(staging: Staging) -> None:
    """The rest is not even judged."""
    staging.append([aside("m-1"), aside("m-2", source="app"), aside("m-3", "page.prnted")])

    assert released(staging, wanted=Aside(source="app")) == Release(released=1)
    assert pending_ids(staging) == ["m-2"]


def test_a_call_whose_sender_sent_it_again_is_stored_once(staging: Staging) -> None:
    """It is a duplicate then, and gone from quarantine."""
    staging.append([aside("m-1"), msgspec.structs.replace(aside("m-1"), problems=None)])

    assert released(staging) == Release(duplicates=1)
    assert pending_ids(staging) == ["m-1"]


def test_the_calls_of_people_who_want_no_more_of_this_stay(staging: Staging) -> None:
    """The suppression list holds for what was kept aside before, too."""
    staging.append([aside("m-1")])
    SuppressionList(staging, KEY).add([Person("user", "u-1")])

    assert released(staging) == Release(suppressed=1)
    assert staging.count_quarantined(ALL) == 1


def test_a_secret_that_the_plan_has_learnt_of_since_is_not_released(staging: Staging) -> None:
    """What was unplanned when it came was stored as it was."""
    staging.append([aside("m-1", pin="1234")])

    released(staging)

    assert stored(staging)[0]["properties"]["pin"] == "[redacted]"


def test_a_call_that_is_accepted_with_a_warning_bears_it(staging: Staging) -> None:
    """As if it came today; what it was enriched with stays."""
    staging.append([aside("m-1", "page.torn")])

    released(staging)

    [event] = stored(staging)
    assert event["context"] == {
        "ip": "192.0.2.0",
        "library": {"name": "http"},
        "warnings": [{"path": "$.properties.page_id", "code": "unplanned_property"}],
    }


@pytest.mark.parametrize(("source", "count"), [("web", 1), ("app", 0)])
def test_the_modes_are_those_that_the_source_has_today(staging: Staging, source: str, count: int) -> None:
    """A source that nobody knows any more is held to the plan strictly."""
    plan = PLAN._replace(modes={"web": StrictModes(unplanned_mode="off")})
    staging.append([aside("m-1", "page.prnted", source)])

    assert released(staging, plan).released == count


def test_any_number_of_calls_is_released(staging: Staging) -> None:
    """Some in each transaction, in the order in which they came."""
    names = [f"m-{number}" for number in range(1203)]
    staging.append([aside(name) for name in names])

    assert released(staging).released == 1203
    assert [event.message_id for event in staging.pending("vendor", 2000)] == names
