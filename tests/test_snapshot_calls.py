"""Which group() calls does a snapshot become?"""

import json

import pytest

from analytics_platform.snapshots.calls import SOURCE, NonsenseError, entries, group_calls
from event_registry import registry

ROW = {"group_id": "acme", "user_id": "user-1", "name": "Acme Ltd", "seat_count": 3, "plan": "team", "mrr": 87.0}
AT = 1772619630.456


def test_the_columns_beside_the_ids_are_traits() -> None:
    """A row is one group() of the account's owner, at the time of the reading."""
    (call,) = group_calls("accounts", [ROW], "tuesday", AT)

    assert call["type"] == "group"
    assert (call["groupId"], call["userId"]) == ("acme", "user-1")
    assert call["traits"] == {"name": "Acme Ltd", "seat_count": 3, "plan": "team", "mrr": 87.0}
    assert call["timestamp"] == "2026-03-04T10:20:30.456Z"


def test_reading_again_on_the_same_occasion_makes_the_same_ids() -> None:
    """So the store drops the second copy; another day, another group or another snapshot is something new."""
    ids = [
        group_calls(snapshot, [ROW | {"group_id": group}], occasion, at)[0]["messageId"]
        for snapshot, group, occasion, at in [
            ("accounts", "acme", "tuesday", AT),
            ("accounts", "acme", "tuesday", AT + 60),
            ("accounts", "acme", "wednesday", AT),
            ("accounts", "globex", "tuesday", AT),
            ("seats", "acme", "tuesday", AT),
        ]
    ]

    assert ids[0] == ids[1]
    assert len({*ids}) == 4


def test_a_call_goes_into_the_store_as_its_source_sent_it() -> None:
    """The source is `snapshots`, the payload the call."""
    calls = group_calls("accounts", [ROW], "tuesday", AT)

    (entry,) = entries(calls, registry.default(), AT)

    assert (entry.source, entry.message_id, entry.problems) == (SOURCE, calls[0]["messageId"], None)
    assert json.loads(entry.payload) == calls[0]


def test_nonsense_stops_the_snapshot_before_anything_is_sent() -> None:
    """The message names what is wrong and where, not the values."""
    calls = group_calls("accounts", [ROW, ROW | {"seat_count": "canary"}], "tuesday", AT)

    with pytest.raises(NonsenseError, match=r"\$\.traits\.seat_count") as caught:
        entries(calls, registry.default(), AT)

    assert "canary" not in str(caught.value)
