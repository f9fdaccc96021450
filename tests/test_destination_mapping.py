"""What does a call look like at a destination that wants it otherwise?"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.destinations import build
from analytics_platform.destinations.mapping import Changes
from analytics_platform.settings.destinations import DestinationSettings
from tests.fakes.vendor import Vendor
from tests.outgoing import tracks

pytest_plugins = ["tests.destination_fixtures"]

PROPERTIES = {"id": "r1", "owner": {"name": "ada", "email": "a@b.example"}}


def moved(**move: str) -> Any:
    """The properties after such moves; `__` stands for the dots in a place."""
    changes = Changes({}, {f"properties.{place.replace('__', '.')}": there for place, there in move.items()})
    return changes.made({"type": "track", "event": "e", "properties": PROPERTIES})["properties"]


def settings(url: str, **changes: Any) -> DestinationSettings:
    """A destination at the vendor with these changes."""
    return DestinationSettings.model_validate({"name": "x", "type": "segment", "endpoint": url, **changes})


def test_a_property_is_renamed() -> None:
    """The others stay."""
    assert moved(id="properties.report_id") == {"report_id": "r1", "owner": PROPERTIES["owner"]}


def test_a_property_is_left_out() -> None:
    """Also one within another."""
    assert moved(owner__email="") == {"id": "r1", "owner": {"name": "ada"}}


def test_a_property_moves_into_another() -> None:
    """Which is made if it is not there, and gives way if it is no object."""
    assert moved(id="properties.report.id") == {"report": {"id": "r1"}, "owner": PROPERTIES["owner"]}
    assert moved(owner__name="properties.id.by") == {"id": {"by": "ada"}, "owner": {"email": "a@b.example"}}


def test_two_properties_change_places() -> None:
    """All moves see the call as it was."""
    assert moved(id="properties.owner", owner="properties.id") == {"owner": "r1", "id": PROPERTIES["owner"]}


def test_what_is_not_there_is_not_moved() -> None:
    """And makes nothing."""
    assert moved(missing="properties.found", id__deeper="") == PROPERTIES


def test_a_place_within_another_that_goes_is_not_missed() -> None:
    """Both are moved."""
    assert moved(owner="", owner__name="properties.by") == {"id": "r1", "by": "ada"}


@pytest.mark.parametrize(
    ("call", "event"),
    [
        ({"type": "track", "event": "report.created"}, "Report Created"),
        ({"type": "track", "event": "report.deleted"}, "report.deleted"),
        ({"type": "page", "event": "report.created"}, "report.created"),
    ],
)
def test_an_event_is_renamed(call: dict[str, Any], event: str) -> None:
    """By its whole name."""
    assert Changes({"report.created": "Report Created"}, {}).made(call)["event"] == event


def test_the_call_itself_stays_as_it_is(vendor: Vendor, tmp_path: Path) -> None:
    """Other destinations, and dead letters, have it as it was accepted."""
    (event,) = tracks("a", properties={"id": "r1"})
    changes = {"rename": {"report.created": "Report Created"}, "move": {"properties.id": "properties.report_id"}}
    destination = build(settings(vendor.url, **changes), tmp_path, lambda: datetime.now(UTC))

    (request,) = destination.cut([event])
    destination.send(request)

    (call,) = vendor.requests[0].calls
    assert (call["event"], call["properties"]) == ("Report Created", {"report_id": "r1"})
    assert [each.event for each in request] == [event.event]
    assert event.call["properties"] == {"id": "r1"}


def test_lines_in_files_are_changed_as_well(tmp_path: Path) -> None:
    """What is stored as text is written anew."""
    table = {"name": "file", "type": "file", "move": {"properties.id": ""}}
    destination = build(DestinationSettings.model_validate(table), tmp_path, lambda: datetime.now(UTC))

    destination.send(tracks("a", properties={"id": "r1", "name": "Zoë"}))

    (file,) = (tmp_path / "delivered").iterdir()
    assert json.loads(file.read_text())["properties"] == {"name": "Zoë"}
