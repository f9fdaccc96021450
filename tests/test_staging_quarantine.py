"""Is what is kept aside kept well, and released once?

A part of the suite that every staging store must pass.
"""

import json

import pytest

from analytics_platform.staging.aside import Aside, Quarantined
from analytics_platform.staging.base import Entry, Staging
from tests.stores import OpenStore, entry, pending_ids

pytest_plugins = ["tests.staging_fixtures"]

ALL = Aside()
PROBLEMS = '[{"path": "$.event", "code": "unplanned_event", "message": "Zoë"}]'


def aside(message_id: str, source: str = "web", received_at: float = 1000.0, **fields: object) -> Entry:
    """A call for the quarantine."""
    return Entry(source, message_id, received_at, json.dumps({"messageId": message_id, **fields}), PROBLEMS)


def ids(staging: Staging, wanted: Aside = ALL) -> list[str]:
    """The messageIds of what is in quarantine."""
    return [call.message_id for call in staging.quarantined(wanted, 0, 100)]


def test_what_is_kept_aside_is_read_back_as_it_was(staging: Staging) -> None:
    """With its problems, and in the order in which it came; the log has none of it."""
    staging.append([entry("m-1"), aside("m-2", received_at=1234.5), aside("m-3")])

    first, second = staging.quarantined(ALL, 0, 10)

    assert first == Quarantined(first.id, "web", "m-2", 1234.5, '{"messageId": "m-2"}', PROBLEMS)
    assert second.message_id == "m-3"
    assert pending_ids(staging) == ["m-1"]


def test_a_message_id_is_kept_aside_once_for_each_source(staging: Staging) -> None:
    """As it is accepted once."""
    assert staging.append([aside("m-1"), aside("m-1"), aside("m-1", source="app")]) == [True, False, True]
    assert staging.count_quarantined(ALL) == 2


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ALL, ["m-1", "m-2", "m-3"]),
        (Aside(event="report.craeted"), ["m-1"]),
        (Aside(event="identify"), ["m-3"]),
        (Aside(source="app"), ["m-2", "m-3"]),
        (Aside(since=2000.0), ["m-2", "m-3"]),
        (Aside(event="identify", source="web"), []),
        (Aside(ids=[]), []),
    ],
)
def test_calls_are_found_by_event_source_and_time(staging: Staging, wanted: Aside, found: list[str]) -> None:
    """Of calls without an event, the type counts as its name."""
    staging.append(
        [
            aside("m-1", type="track", event="report.craeted"),
            aside("m-2", "app", 2000.0, type="track", event="report.deleted"),
            aside("m-3", "app", 3000.0, type="identify"),
        ]
    )

    assert ids(staging, wanted) == found
    assert staging.count_quarantined(wanted) == len(found)


def test_calls_are_found_by_id(staging: Staging) -> None:
    """An id is what a listing shows, and what is released by."""
    staging.append([aside("m-1"), aside("m-2"), aside("m-3")])
    first, _, third = staging.quarantined(ALL, 0, 10)

    assert ids(staging, Aside(ids=[third.id, first.id, 10_000])) == ["m-1", "m-3"]


def test_a_long_list_is_read_in_parts(staging: Staging) -> None:
    """Beyond the last id of the part before."""
    staging.append([aside(f"m-{number}") for number in range(5)])

    first = staging.quarantined(ALL, 0, 2)
    rest = staging.quarantined(ALL, first[-1].id, 10)

    assert [call.message_id for call in [*first, *rest]] == ["m-0", "m-1", "m-2", "m-3", "m-4"]


def test_a_released_call_is_an_event_with_its_id_and_its_time(staging: Staging) -> None:
    """It stands at the end of the log, since cursors have passed the place that it would have had."""
    staging.append([aside("m-1", received_at=1234.5), entry("m-2")])
    [call] = staging.quarantined(ALL, 0, 10)

    released = staging.release_quarantined({call.id: '{"mended": true}'})

    assert released == {call.id: True}
    assert pending_ids(staging) == ["m-2", "m-1"]
    assert [(each.seq, each.received_at, each.payload) for each in staging.pending("vendor", 10)][1] == (
        2,
        1234.5,
        '{"mended": true}',
    )
    assert staging.head() == 2


def test_a_call_is_released_once(staging: Staging) -> None:
    """Whoever comes second finds nothing to do, also when the client sends the call again."""
    staging.append([aside("m-1")])
    [call] = staging.quarantined(ALL, 0, 10)
    staging.release_quarantined({call.id: call.payload})

    assert staging.release_quarantined({call.id: call.payload}) == {}
    assert staging.append([entry("m-1")]) == [False]
    assert pending_ids(staging) == ["m-1"]


def test_a_call_that_was_accepted_meanwhile_is_not_appended_again(staging: Staging) -> None:
    """Its sender has sent it again, after the plan was mended."""
    staging.append([aside("m-1")])
    staging.append([entry("m-1")])
    [call] = staging.quarantined(ALL, 0, 10)

    assert staging.release_quarantined({call.id: call.payload}) == {call.id: False}
    assert staging.count_quarantined(ALL) == 0
    assert pending_ids(staging) == ["m-1"]


def test_releases_are_in_the_order_in_which_the_calls_came(staging: Staging) -> None:
    """Whatever order they are asked for in; the log has no holes."""
    staging.append([aside("m-1"), aside("m-2"), aside("m-3")])
    calls = staging.quarantined(ALL, 0, 10)

    staging.release_quarantined({call.id: call.payload for call in reversed(calls)})

    assert [(each.seq, each.message_id) for each in staging.pending("vendor", 10)] == [
        (1, "m-1"),
        (2, "m-2"),
        (3, "m-3"),
    ]


def test_a_release_is_on_disk(open_store: OpenStore) -> None:
    """Another process sees it."""
    staging = open_store()
    staging.append([aside("m-1")])
    [call] = staging.quarantined(ALL, 0, 10)
    staging.release_quarantined({call.id: call.payload})

    other = open_store()

    assert (other.head(), other.count_quarantined(ALL)) == (1, 0)
