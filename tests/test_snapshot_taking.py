"""Which calls does a snapshot send, and what does it never send?"""

import json
from collections.abc import Sequence
from contextlib import closing
from typing import Annotated

import pytest

from analytics_platform.snapshots.database import DatabaseError
from analytics_platform.snapshots.memory import opened
from analytics_platform.snapshots.taking import PartitionError, take
from analytics_platform.staging.base import Entry, StagingError
from event_registry import registry
from event_registry.definitions import REDACTED, Traits
from tests.application import OF_A_DAY, PRESENT, Application

pytest_plugins = ["tests.snapshot_fixtures"]

ACME, GLOBEX = ("acme", "team", 3, 87.0), ("globex", "business", 2, 98.0)


def test_the_first_reading_sends_every_entity(application: Application) -> None:
    """One group() each, with the declared columns as its traits."""
    outcome = application.take()

    assert (outcome.reading.rows, outcome.reading.changed, outcome.sent) == (2, 2, 2)
    call = application.calls()[0]
    assert (call["type"], call["groupId"]) == ("group", "acme")
    assert call["traits"] == {"plan": "team", "seat_count": 3, "mrr": 87.0}


def test_only_what_changed_is_sent(application: Application) -> None:
    """Here the seats of one of two accounts."""
    application.take("2026-03-04")
    application.has(("acme", "team", 4, 87.0), GLOBEX)

    outcome = application.take("2026-03-05")

    assert (outcome.reading.rows, outcome.reading.changed, outcome.sent) == (2, 1, 1)
    assert application.told() == [("acme", 3), ("globex", 2), ("acme", 4)]


def test_a_full_reading_sends_everything_again(application: Application) -> None:
    """Also within the partition that has sent it before."""
    application.take()

    outcome = application.take(full=True)

    assert outcome.sent == 2
    assert application.told() == [("acme", 3), ("globex", 2)] * 2


def test_reading_a_partition_again_sends_nothing_twice(application: Application) -> None:
    """Whatever other partition was read in between: the messageIds are the same again."""
    application.declare(OF_A_DAY)
    application.take("2026-03-04", hour=25)
    application.has(("acme", "team", 4, 87.0), GLOBEX)
    application.take("2026-03-05", hour=25)
    application.has(ACME, GLOBEX)

    outcome = application.take("2026-03-04", hour=50)

    assert (outcome.reading.changed, outcome.sent) == (1, 0)
    assert application.told() == [("acme", 3), ("globex", 2), ("acme", 4)]


def test_a_state_that_comes_back_within_a_partition_is_sent_again(application: Application) -> None:
    """Or the destinations would keep the state between."""
    application.take()
    application.has(("acme", "team", 4, 87.0), GLOBEX)
    application.take(hour=2)
    application.has(ACME, GLOBEX)

    application.take(hour=3)

    assert application.told() == [("acme", 3), ("globex", 2), ("acme", 4), ("acme", 3)]


def test_a_secret_of_the_plan_is_not_sent(application: Application) -> None:
    """A snapshot's calls are stored like any other: without what the plan has hashed or redacted."""

    class AccountTraits(Traits, call="group", owner="billing", since="2026-01-31", example={}):
        """What is known of an account, of which the plan is a secret."""

        plan: Annotated[str | None, REDACTED] = None
        """Nobody's business."""
        seat_count: int | None = None
        """The number of seats."""
        mrr: float | None = None
        """In euros."""

    plan = registry.Registry({}, {"group": AccountTraits})
    with opened(application.folder / "memory", "accounts") as memory, closing(application.staging()) as staging:
        take(application.occasion(), memory, plan, staging.append, accept_changes=False)

    assert [call["traits"]["plan"] for call in application.calls()] == ["[redacted]", "[redacted]"]


def take_and_die(application: Application, *, after_the_commit: bool) -> None:
    """Take the snapshot with a store that goes away before, or just after, it has stored the calls."""
    with opened(application.folder / "memory", "accounts") as memory, closing(application.staging()) as staging:

        def append(entries: Sequence[Entry]) -> list[bool]:
            if after_the_commit:
                staging.append(entries)
            raise StagingError

        with pytest.raises(StagingError):
            take(application.occasion(), memory, registry.default(), append, accept_changes=False)


def test_what_was_not_accepted_is_sent_by_the_next_reading(application: Application) -> None:
    """A digest is remembered once its call is in the store, never before."""
    take_and_die(application, after_the_commit=False)

    outcome = application.take()

    assert outcome.sent == 2
    assert application.told() == [("acme", 3), ("globex", 2)]


def test_an_accepted_call_that_was_not_remembered_is_not_sent_twice(application: Application) -> None:
    """Killed between the store's commit and ours: the next try finds the same messageIds in the store."""
    take_and_die(application, after_the_commit=True)

    outcome = application.take()

    assert (outcome.reading.changed, outcome.sent) == (2, 0)
    assert application.told() == [("acme", 3), ("globex", 2)]


def test_an_entity_that_disappears_takes_its_leave_once(application: Application) -> None:
    """With the declared traits; when it comes back it is new."""
    application.declare(farewell={"is_deleted": True}, tolerance=5)
    application.take("2026-03-04")
    application.has(ACME)
    gone = application.take("2026-03-05")
    again = application.take("2026-03-06")
    application.has(ACME, GLOBEX)

    back = application.take("2026-03-07")

    assert [outcome.sent for outcome in (gone, again, back)] == [1, 0, 1]
    assert application.calls()[2]["traits"] == {"is_deleted": True}
    assert application.told()[2:] == [("globex", None), ("globex", 2)]


def test_without_a_farewell_nothing_is_said_of_what_disappears(application: Application) -> None:
    """The default."""
    application.declare(tolerance=5)
    application.take("2026-03-04")
    application.has(ACME)

    assert application.take("2026-03-05").sent == 0


def test_a_backfill_takes_no_leave(application: Application) -> None:
    """What did not exist yet has not disappeared."""
    application.declare(OF_A_DAY, farewell={"is_deleted": True}, tolerance=5)
    application.take("2026-03-05", hour=25)

    outcome = application.take("2025-12-05", hour=25)

    assert (outcome.reading.rows, outcome.sent) == (0, 0)


def test_a_query_about_a_time_carries_the_end_of_its_partition_as_timestamp(application: Application) -> None:
    """Whenever it is asked: the state is of then."""
    application.declare(OF_A_DAY)

    application.take("2026-03-04", hour=500)

    assert {call["timestamp"] for call in application.calls()} == {"2026-03-04T23:59:59.999Z"}


def test_a_query_of_the_present_carries_the_time_at_which_it_was_asked(application: Application) -> None:
    """It cannot know another one."""
    application.take("2026-03-04", hour=13.5)

    assert {call["timestamp"] for call in application.calls()} == {"2026-03-04T13:30:00.000Z"}


def test_a_query_of_the_present_is_not_asked_about_the_past(application: Application) -> None:
    """The sentence says what can be done; a run that merely had to wait past midnight is taken."""
    application.take("2026-03-04", hour=24.5)

    with pytest.raises(PartitionError, match=r"2026-03-04 is over, .* present state only\. Take the current partition"):
        application.take("2026-03-04", hour=26)


@pytest.mark.parametrize("sql", [PRESENT, OF_A_DAY])
def test_a_partition_that_has_not_begun_is_refused(application: Application, sql: str) -> None:
    """Remembered as the latest reading, it would keep every farewell back until it is there."""
    application.declare(sql)

    with pytest.raises(PartitionError, match="2031-03-04 has not begun"):
        application.take("2031-03-04", hour=-1)

    assert application.calls() == []


def test_a_column_that_is_not_there_is_named(application: Application) -> None:
    """Together with those that are."""
    application.declare("SELECT account_id, plan FROM accounts")

    with pytest.raises(DatabaseError, match="the rows have no column seat_count; they have account_id, plan"):
        application.take()


def test_a_group_may_be_sent_in_a_users_name(application: Application) -> None:
    """The column that `user` names; its farewell is in the same name."""
    sql = "SELECT account_id, plan, seat_count, mrr, 'owner-of-' || account_id AS owner FROM accounts"
    application.declare(sql, user="owner", farewell={"is_deleted": True}, tolerance=5)
    application.take("2026-03-04")
    application.has(ACME)

    application.take("2026-03-05")

    assert [call["userId"] for call in application.calls()] == ["owner-of-acme", "owner-of-globex", "owner-of-globex"]


def test_users_are_sent_as_identify(application: Application) -> None:
    """Their id is the userId."""
    sql = "SELECT account_id AS user_id, plan FROM accounts"
    application.declare(sql, call="identify", id="user_id", traits=["plan"])

    application.take()

    assert [(call["type"], call["userId"], call["traits"]) for call in application.calls()] == [
        ("identify", "acme", {"plan": "team"}),
        ("identify", "globex", {"plan": "business"}),
    ]


def test_the_memory_holds_digests_and_no_traits(application: Application) -> None:
    """Keyed ones: whoever has the file cannot try out values."""
    application.has(("acme", "plan-canary", 3, 87.0))

    application.take()

    assert b"plan-canary" not in (application.folder / "memory" / "accounts.db").read_bytes()
    assert "plan-canary" in json.dumps(application.calls())
