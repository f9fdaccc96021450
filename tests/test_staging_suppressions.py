"""Are people on the suppression list kept out?

A part of the suite that every staging store must pass.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.staging.base import Entry, Staging, StagingError
from analytics_platform.staging.suppressed import SuppressionCounts
from analytics_platform.staging.suppression import Person, SuppressionList
from tests.databases import everything_in
from tests.stores import OpenStore, pending_ids

pytest_plugins = ["tests.staging_fixtures"]

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
U1, A1 = Person("user", "u1"), Person("anonymous", "a1")


@pytest.fixture
def suppressed(staging: Staging) -> SuppressionList:
    """The list of the store, as one process sees it."""
    return SuppressionList(staging, KEY)


def call(message_id: str, source: str = "web", problems: str | None = None, **fields: Any) -> Entry:
    """An entry with these fields in its payload."""
    return Entry(source, message_id, 1000.0, json.dumps({"messageId": message_id, **fields}), problems)


# Who is on the list


def test_an_empty_list_keeps_nobody_out(staging: Staging, suppressed: SuppressionList) -> None:
    """Everything is appended, and duplicates are told from the rest as ever."""
    stored = suppressed.append([call("m-1", userId="u1"), call("m-1", userId="u1")])

    assert stored == [True, False]
    assert pending_ids(staging) == ["m-1"]


def test_what_is_kept_out_counts_as_stored(staging: Staging, suppressed: SuppressionList) -> None:
    """The caller is answered like any other, and its neighbours are stored."""
    suppressed.add([U1])

    stored = suppressed.append([call("m-1", userId="u0"), call("m-2", userId="u1"), call("m-1", userId="u0")])

    assert stored == [True, True, False]
    assert pending_ids(staging) == ["m-1"]


@pytest.mark.parametrize(
    "fields",
    [
        {"userId": "u1"},
        {"userId": "u1", "anonymousId": "a0"},
        {"userId": "u0", "anonymousId": "a1"},
        {"anonymousId": "a1"},
        {"userId": "u0", "previousId": "u1"},
        {"userId": "u0", "previousId": "a1"},
        {"userId": 7},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("source", ["web", "backend"])
@pytest.mark.parametrize("problems", [None, "[]"], ids=["good", "quarantined"])
def test_every_id_of_a_call_counts(
    staging: Staging, suppressed: SuppressionList, fields: dict[str, Any], source: str, problems: str | None
) -> None:
    """Also those of an alias, whatever the source, and also when the call would go to quarantine."""
    suppressed.add([U1, A1, Person("user", "7")])

    suppressed.append([call("m-1", source, problems, **fields)])
    suppressed.remove([U1, A1, Person("user", "7")])

    assert pending_ids(staging) == []
    assert staging.append([call("m-1", source, problems, **fields)]) == [True]


@pytest.mark.parametrize(
    "fields",
    [
        {"userId": "u2"},
        {"userId": "U1"},
        {"userId": "a1"},
        {"anonymousId": "u1"},
        {"groupId": "u1", "userId": "u2"},
        {"userId": "u2", "properties": {"userId": "u1"}},
        {"userId": None, "anonymousId": "a2"},
        {"userId": ["u1"]},
    ],
    ids=json.dumps,
)
def test_nobody_else_is_kept_out(staging: Staging, suppressed: SuppressionList, fields: dict[str, Any]) -> None:
    """A user id on the list says nothing of an anonymous id that looks alike."""
    suppressed.add([U1, A1])

    suppressed.append([call("m-1", **fields)])

    assert pending_ids(staging) == ["m-1"]


def test_a_payload_that_cannot_be_read_is_nobody_s(suppressed: SuppressionList) -> None:
    """Delivery buries it."""
    suppressed.add([U1])

    assert suppressed.among([Entry("web", "m-1", 1000.0, '{"userId": "u1"')]) == set()


# From the next commit on


def test_it_holds_in_every_process_from_the_next_commit_on(open_store: OpenStore, staging: Staging) -> None:
    """Whichever process the person was suppressed in."""
    ours, theirs = SuppressionList(staging, KEY), SuppressionList(open_store(), KEY)
    ours.append([call("m-1", userId="u1")])

    theirs.add([U1])
    ours.append([call("m-2", userId="u1")])

    assert pending_ids(staging) == ["m-1"]


def test_whoever_is_taken_off_the_list_is_stored_again(open_store: OpenStore, staging: Staging) -> None:
    """In every process, too."""
    ours, theirs = SuppressionList(staging, KEY), SuppressionList(open_store(), KEY)
    ours.add([U1, A1])
    ours.append([call("m-1", userId="u1")])

    theirs.remove([U1])
    ours.append([call("m-2", userId="u1"), call("m-3", anonymousId="a1")])

    assert pending_ids(staging) == ["m-2"]


def test_what_was_accepted_before_is_found(staging: Staging, suppressed: SuppressionList) -> None:
    """Delivery asks again, since the list may have grown."""
    suppressed.append([call("m-1", userId="u0"), call("m-2", userId="u1"), call("m-3", anonymousId="a1")])

    suppressed.add([U1, A1])

    assert suppressed.among(staging.pending("vendor", 10)) == {1, 2}


def test_adding_somebody_twice_changes_nothing(suppressed: SuppressionList) -> None:
    """Nor does taking somebody off who is not on it; each says how many it changed."""
    assert (suppressed.add([U1, A1, U1]), suppressed.add([U1, A1])) == (2, 0)
    assert (suppressed.remove([U1, U1]), suppressed.remove([U1])) == (1, 0)
    assert (suppressed.add([U1]), suppressed.add([])) == (1, 0)


# What is kept


def test_what_was_kept_out_is_counted(staging: Staging, suppressed: SuppressionList) -> None:
    """Beside the number of ids on the list."""
    suppressed.add([U1, A1])
    suppressed.append([call("m-1", userId="u1"), call("m-2", anonymousId="a1"), call("m-3", userId="u0")])
    suppressed.append([call("m-4", userId="u1")])

    suppressed.remove([A1])

    assert staging.suppression_counts() == SuppressionCounts(listed=1, dropped=3)


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_nothing_of_a_suppressed_person_is_stored(
    staging: Staging, suppressed: SuppressionList, store_url: str, tmp_path: Path
) -> None:
    """Neither the id on the list, nor anything of the call that was kept out, in any file or table."""
    suppressed.add([Person("user", "person-4711")])

    suppressed.append([call("m-4711", userId="person-4711", traits={"email": "canary@example.com"})])
    suppressed.append([call("m-1", userId="somebody-else")])

    stored = everything_in(store_url) or b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert pending_ids(staging) == ["m-1"]
    assert b"somebody-else" in stored
    assert not any(canary in stored for canary in (b"person-4711", b"m-4711", b"canary@example.com"))


# The key


def test_a_list_made_with_another_key_stops_everything(staging: Staging, suppressed: SuppressionList) -> None:
    """Nobody on it could be recognised, so nothing may be stored or sent; the sentence says what is missing."""
    suppressed.add([U1])
    foreign = SuppressionList(staging, OTHER_KEY)

    with pytest.raises(StagingError, match="made with another hash key: give ANALYTICS_HASH_KEY"):
        foreign.append([call("m-1", userId="u1")])
    with pytest.raises(StagingError, match="made with another hash key"):
        foreign.among([call("m-1", userId="u1")])
    with pytest.raises(StagingError, match="made with another hash key"):
        foreign.add([A1])
    assert pending_ids(staging) == []


def test_a_list_whose_key_is_lost_can_be_given_up(staging: Staging, suppressed: SuppressionList) -> None:
    """After that it may be made anew with another key."""
    suppressed.add([U1, A1])
    foreign = SuppressionList(staging, OTHER_KEY)

    assert foreign.clear() == 2

    assert foreign.add([U1]) == 1
    assert foreign.among([call("m-1", userId="u1"), call("m-2", anonymousId="a1")]) == {0}
