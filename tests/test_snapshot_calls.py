"""Which call does a row become?"""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from analytics_platform.snapshots.calls import LARGEST_CALL, caller, fitting, identified, message_id, plain, problems
from event_registry import registry
from event_registry.fields import Kind
from tests.application import Application

pytest_plugins = ["tests.snapshot_fixtures"]

AT = datetime(2026, 3, 4, 23, 59, 59, 999000, UTC)
NOW = datetime(2026, 3, 5, 1, 0, tzinfo=UTC)


def test_a_call_says_what_its_entity_is_when_it_was_so_and_who_says_it(application: Application) -> None:
    """As a call of Segment's spec; receivedAt is when it was read."""
    call = caller(application.declaration, registry.default(), AT, NOW)

    assert call(["acme", "team", 3, 87.0]) == {
        "type": "group",
        "groupId": "acme",
        "traits": {"plan": "team", "seat_count": 3, "mrr": 87.0},
        "context": {"library": {"name": "snapshot-accounts", "version": "1"}},
        "timestamp": "2026-03-04T23:59:59.999Z",
        "originalTimestamp": "2026-03-04T23:59:59.999Z",
        "receivedAt": "2026-03-05T01:00:00.000Z",
    }


def test_a_message_id_is_made_of_snapshot_partition_entity_and_state() -> None:
    """The same again for the same, another one when any of them differs."""
    first = message_id("accounts", "2026-03-04", "acme", b"1", 0)
    others = {
        message_id("seats", "2026-03-04", "acme", b"1", 0),
        message_id("accounts", "2026-03-05", "acme", b"1", 0),
        message_id("accounts", "2026-03-04", "globex", b"1", 0),
        message_id("accounts", "2026-03-04", "acme", b"2", 0),
        message_id("accounts", "2026-03-04", "acme", b"1", 1),
    }

    assert first == message_id("accounts", "2026-03-04", "acme", b"1", 0)
    assert len(others - {first}) == 5
    assert UUID(first).version == 8


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("87.50"), 87.5),
        (Decimal("3.00"), 3),
        (Decimal("Infinity"), float("inf")),
        (datetime(2026, 3, 4, 12, 0), "2026-03-04T12:00:00.000Z"),  # noqa: DTZ001 - as a database without offsets has it
        (datetime(2026, 3, 4, 12, 0, tzinfo=timezone(timedelta(hours=1))), "2026-03-04T11:00:00.000Z"),
        (date(2026, 3, 4), "2026-03-04"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (None, None),
        (True, True),
    ],
)
def test_a_databases_values_become_what_json_has(value: Any, expected: Any) -> None:
    """Numbers stay numbers, times become ISO 8601 in UTC."""
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("boolean", 1, True),
        ("boolean", 0, False),
        ("boolean", None, None),
        ("boolean", 2, 2),
        ("boolean", "yes", "yes"),
        ("integer", 3.0, 3),
        ("integer", 3.5, 3.5),
        ("number", 3, 3),
    ],
)
def test_a_value_is_given_the_planned_type_where_its_database_has_none(kind: Kind, value: Any, expected: Any) -> None:
    """SQLite has numbers for booleans, pandas floats for integers; what does not fit is left to the check."""
    found = fitting(value, kind)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "expected"), [(7, "7"), (" a ", "a"), (b"\x01\xff", "01ff"), ("", None), ("  ", None), (None, None)]
)
def test_ids_are_texts(value: Any, expected: str | None) -> None:
    """So that 7 and "7" are one account."""
    assert identified(value) == expected


def faults(**fields: Any) -> list[str]:
    """The codes of the problems of a group() with these fields."""
    call = {"type": "group", "groupId": "acme", "traits": {}, **fields}
    return [problem.code for problem in problems(call, msgspec.json.encode(call), registry.default())]


def test_a_group_may_name_no_user() -> None:
    """A nightly snapshot knows accounts, and no user of them."""
    assert faults() == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"traits": {"seat_count": "3"}}, "invalid_property"),
        ({"traits": {"mrr": float("inf")}}, "invalid_property"),
        ({"groupId": None}, "missing_groupId"),
        ({"traits": {"name": "a\0b"}}, "invalid_json"),
        ({"traits": {"name": "a" * LARGEST_CALL}}, "event_too_large"),
    ],
)
def test_a_call_is_held_to_what_the_ingest_api_asks_of_any_other(fields: dict[str, Any], code: str) -> None:
    """Its envelope, the plan, its size, its characters."""
    assert faults(**fields) == [code]
