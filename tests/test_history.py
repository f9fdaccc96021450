"""Is what was sent counted as it was sent?"""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from analytics_platform.history import PAGE, accepted, volumes
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, Staging
from event_registry.catalog.page import Volume

CREATED = ("track", "report.created")
GROUP = ("group", "group")


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    """An empty store."""
    with closing(open_staging(f"sqlite:///{tmp_path}/staging.db")) as staging:
        yield staging


def sent(message_id: str, received_at: float = 1000.0, problems: str | None = None, **call: object) -> Entry:
    """A call on its way into the store."""
    call = {"type": "track", "event": "report.created", **call}
    return Entry("web", message_id, received_at, json.dumps(call), problems)


def test_each_name_is_counted_by_what_became_of_it(staging: Staging) -> None:
    """Calls that are no track calls count as their type; names that nobody asks for are left out."""
    staging.append(
        [
            sent("m-1"),
            sent("m-2"),
            sent("m-3", problems="[]"),
            sent("m-4", type="group"),
            sent("m-5", event="report.craeted"),
            sent("m-6", type="page", event=None),
        ]
    )

    counted = volumes(staging, None, {CREATED, GROUP, ("identify", "identify")})

    assert counted == {CREATED: Volume(2, 1), GROUP: Volume(1, 0), ("identify", "identify"): Volume()}


def test_what_is_older_is_left_out(staging: Staging) -> None:
    """In the log and in quarantine."""
    staging.append([sent("m-1", 999.0), sent("m-2", 1000.0), sent("m-3", 999.0, "[]"), sent("m-4", 1000.0, "[]")])

    assert volumes(staging, 1000.0, {CREATED}) == {CREATED: Volume(1, 1)}


def test_more_than_a_page_is_counted_once(staging: Staging) -> None:
    """The store is read a page at a time."""
    staging.append([sent(f"m-{number}") for number in range(2 * PAGE + 1)])

    assert volumes(staging, None, {CREATED}) == {CREATED: Volume(2 * PAGE + 1)}


def test_what_comes_while_it_is_read_is_left_out(staging: Staging) -> None:
    """A busy log has no end."""
    staging.append([sent(f"m-{number}") for number in range(PAGE + 1)])

    events = accepted(staging, None)
    first = next(events)
    staging.append([sent("late")])

    assert [first.message_id, *(event.message_id for event in events)] == [f"m-{number}" for number in range(PAGE + 1)]
