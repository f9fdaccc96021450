"""Does a staging store keep what it accepts?

This and the other test_staging_*.py files are one suite that every store must pass; tests/stores.py lists the stores.
"""

import msgspec
import pytest

from analytics_platform.staging.base import (
    Burial,
    Counts,
    Entry,
    Settlement,
    Staging,
    StagingError,
)
from tests.stores import OpenStore, append, entry, pending_ids, take

pytest_plugins = ["tests.staging_fixtures"]


def test_an_accepted_call_is_an_event_in_the_log(staging: Staging) -> None:
    """What was appended is read back as it was, with its place in the log."""
    call = Entry("web", "m-1", 1234.5, '{"name": "Zoë \\u0000 日本 \'\\""}')

    assert staging.append([call]) == [True]

    (event,) = staging.pending("vendor", 10)
    assert (event.seq, event.source, event.message_id) == (1, "web", "m-1")
    assert (event.received_at, event.payload) == (1234.5, call.payload)


def test_a_message_id_is_accepted_once_for_each_source(staging: Staging) -> None:
    """A messageId that its source has used is a duplicate, in the same append and in any later one."""
    first = staging.append([entry("m-1"), entry("m-1"), entry("m-1", source="app")])
    second = staging.append([entry("m-1"), entry("m-2")])

    assert (first, second) == ([True, False, True], [False, True])
    assert pending_ids(staging) == ["m-1", "m-1", "m-2"]


def test_the_log_has_no_holes(staging: Staging) -> None:
    """Events are numbered from 1 in the order of their appends; duplicates take no number."""
    staging.append([entry("a"), entry("b"), entry("a")])
    staging.append([entry("b"), entry("c")])

    events = staging.pending("vendor", 10)

    assert [(event.seq, event.message_id) for event in events] == [(1, "a"), (2, "b"), (3, "c")]
    assert staging.head() == 3


@pytest.mark.parametrize("last", ["m-50000", "m-3"], ids=["all new", "one known"])
def test_an_append_may_have_any_size(staging: Staging, last: str) -> None:
    """A snapshot of fifty thousand accounts is one append, in order, with or without a duplicate in it."""
    names = [*(f"m-{number}" for number in range(49_999)), last]

    stored = staging.append([entry(name) for name in names])

    known = last in names[:-1]
    assert stored == [True] * 49_999 + [not known]
    assert staging.head() == 50_000 - known
    assert [event.message_id for event in staging.pending("vendor", 60_000)] == [*dict.fromkeys(names)]


def test_an_empty_append_is_nothing(staging: Staging) -> None:
    """Nothing in, nothing out."""
    assert staging.append([]) == []
    assert staging.head() == 0


def test_an_append_is_all_or_nothing(staging: Staging) -> None:
    """One entry that cannot be written takes its neighbours with it, so that the caller knows where it stands."""
    with pytest.raises(UnicodeEncodeError):
        staging.append([entry("good"), entry("lone surrogate \ud800")])

    assert staging.head() == 0
    assert append(staging, "next")[0].seq == 1


def test_a_call_with_problems_goes_to_quarantine(staging: Staging) -> None:
    """It is kept once, but it is no event."""
    broken = entry("m-1", problems='[{"code": "missing"}]')

    assert [staging.append([broken]), staging.append([broken])] == [[True], [False]]
    assert (staging.head(), pending_ids(staging)) == (0, [])


def test_a_quarantined_call_may_be_mended(staging: Staging) -> None:
    """The same messageId is accepted once the call keeps the plan."""
    staging.append([entry("m-1", problems="[]")])

    assert staging.append([entry("m-1")]) == [True]
    assert pending_ids(staging) == ["m-1"]


def test_everything_survives_a_restart(staging: Staging, open_store: OpenStore) -> None:
    """What one process wrote, the next one finds."""
    events = append(staging, "a", "b", "c")
    lease = take(staging, "run-1")
    staging.settle(lease, Settlement(delivered=events[:1], dead=[Burial(events[2], "HTTP 400")]))
    staging.close()

    reopened = open_store()

    assert pending_ids(reopened) == ["b"]
    assert reopened.counts("vendor") == Counts(delivered=1, skipped=0, pending=1, dead=1)
    assert reopened.append([entry("a"), entry("d")]) == [False, True]


def test_a_store_that_takes_writes_passes_its_check(staging: Staging) -> None:
    """Housekeeping and checks change nothing."""
    append(staging, "a")

    staging.check()
    staging.checkpoint()

    assert (staging.head(), pending_ids(staging)) == (1, ["a"])


def test_the_room_that_a_store_takes_follows_what_is_in_it(staging: Staging) -> None:
    """What has left it leaves room for what comes; a disk of its own is not full."""
    empty = staging.usage()

    staging.append([msgspec.structs.replace(entry(f"m-{n}"), payload="x" * 1000) for n in range(1000)])

    full = staging.usage()
    assert full.used - empty.used > 1_000_000
    assert full.on_disk >= empty.on_disk
    assert full.free is None or full.free > 0


def test_a_closed_store_refuses_everything(staging: Staging) -> None:
    """Closing twice is harmless; any use after it is a StagingError."""
    staging.close()
    staging.close()

    with pytest.raises(StagingError):
        staging.append([entry("a")])
    with pytest.raises(StagingError):
        staging.head()
