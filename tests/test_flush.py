"""What becomes of events, for every kind of answer?"""

import math
import threading
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.delivery.flush import Failure, Flush, is_suspect, judge, sort
from analytics_platform.delivery.lanes import spread
from analytics_platform.delivery.patience import ALONE_LIMIT, SUSPECT, TOO_FAST
from analytics_platform.delivery.routing import Route
from analytics_platform.delivery.tally import Tally
from analytics_platform.destinations.base import Outcome, Outgoing, opened
from analytics_platform.staging.base import Event, LeaseLost, Settlement, StagingError, Trouble
from tests.fakes.destination import FORBIDDEN, UNAVAILABLE, Obedient, throttled

NOW = 1_800_000_000.0
HOUR = 3600.0
UNCHECKED: Callable[[], None] = lambda: None  # noqa: E731  a value with a name


class Ledger:
    """Remembers what was settled, in order; refuses when it is told to."""

    def __init__(self) -> None:
        self.delivered: list[str] = []
        self.dead: list[tuple[str, str]] = []
        self.refuses = False

    def settle(self, settlement: Settlement) -> None:
        """Write down one settlement."""
        if self.refuses:
            raise StagingError("the disk of the staging store is full")
        self.delivered += [event.message_id for event in settlement.delivered]
        self.dead += [(burial.event.message_id, burial.reason) for burial in settlement.dead]


def events(count: int, users: int = 0) -> list[Outgoing]:
    """So many events, e0, e1 and so on, of as many users, or in turn of fewer."""
    return [
        opened(Event(seq, "web", f"e{seq}", NOW, f'{{"userId": "user-{seq % (users or count)}"}}'))
        for seq in range(count)
    ]


def flush(vendor: Obedient, ledger: Ledger, guard: Callable[[], None] = UNCHECKED) -> Flush:
    """A flush that nobody tells to stop."""
    return Flush(vendor, ledger.settle, guard, lambda: False, Tally())


def send(vendor: Obedient, lanes: Sequence[Sequence[Outgoing]], size: int = 100) -> tuple[Flush, Ledger]:
    """Flush these lanes, one after the other."""
    ledger = Ledger()
    flushed = flush(vendor, ledger)
    flushed.run(lanes, size, at_once=1)
    return flushed, ledger


def test_delivered_settles_the_whole_request() -> None:
    """In requests of at most so many events."""
    vendor = Obedient()

    flushed, ledger = send(vendor, [events(5)], size=2)

    assert vendor.requests == [["e0", "e1"], ["e2", "e3"], ["e4"]]
    assert ledger.delivered == ["e0", "e1", "e2", "e3", "e4"]
    assert flushed.progressed


@pytest.mark.parametrize("outcome", [UNAVAILABLE, throttled(7.0)])
def test_a_failure_leaves_its_events_pending_and_ends_the_lane(outcome: Outcome) -> None:
    """What comes after it may be the same user's; the other lanes go on."""
    vendor = Obedient()
    vendor.will_choke_on("e1", outcome=outcome)

    flushed, ledger = send(vendor, [events(3), events(6)[3:]], size=1)

    assert vendor.requests == [["e0"], ["e1"], ["e3"], ["e4"], ["e5"]]
    assert ledger.delivered == ["e0", "e3", "e4", "e5"]
    assert ledger.dead == []
    assert [(failure.events[0].event.message_id, failure.outcome) for failure in flushed.failures] == [("e1", outcome)]


def test_the_longest_wait_that_was_asked_for_counts() -> None:
    """Several lanes may have been told to wait."""
    vendor = Obedient()
    vendor.will_choke_on("e0", outcome=throttled(7.0))
    vendor.will_choke_on("e1", outcome=throttled(9.0))

    flushed, _ = send(vendor, [[each] for each in events(3)])

    assert flushed.asked_for == 9.0


def test_too_fast_asks_for_a_moment_when_the_vendor_does_not_say_how_long() -> None:
    """A 429 is no outage."""
    vendor = Obedient()
    vendor.will_answer(Outcome("retry", "HTTP 429", is_too_fast=True))

    flushed, _ = send(vendor, [events(1)])

    assert flushed.asked_for == TOO_FAST


def test_a_throttled_user_waits_and_the_others_go_on_at_once() -> None:
    """With all later calls, so that none overtakes; what was not sent stays pending."""
    vendor = Obedient()
    vendor.will_throttle("e1")

    flushed, ledger = send(vendor, [events(9, users=3)], size=6)

    assert vendor.requests == [["e0", "e1", "e2", "e3", "e4", "e5"], ["e0", "e2", "e3", "e5"], ["e6", "e8"]]
    assert ledger.delivered == ["e0", "e2", "e3", "e5", "e6", "e8"]
    assert [[each.event.message_id for each in failure.events] for failure in flushed.throttled] == [["e1", "e4"]]
    assert flushed.failures == []


def test_a_throttled_user_beside_a_rejected_event_waits_too() -> None:
    """Amplitude's 400 names both: one is dead, the others go out again without either."""
    vendor = Obedient()
    both = Outcome("dead_letter", "HTTP 400", rejected={0: "HTTP 400"}, throttled={1}, wait=30.0)
    vendor.will(lambda request: both if "e0" in request else None)

    flushed, ledger = send(vendor, [events(4)])

    assert vendor.requests == [["e0", "e1", "e2", "e3"], ["e2", "e3"]]
    assert ledger.dead == [("e0", "HTTP 400")]
    assert ledger.delivered == ["e2", "e3"]
    assert [(failure.events[0].event.message_id, failure.asked_for) for failure in flushed.throttled] == [("e1", 30.0)]


@pytest.mark.parametrize("throttled_at", [{7}, {-1}])
def test_a_throttle_that_names_nobody_in_the_request_is_about_all(throttled_at: set[int]) -> None:
    """Sending the same again at once would never end."""
    vendor = Obedient()
    vendor.will_answer(Outcome("retry_after", "HTTP 429", wait=5.0, throttled=throttled_at))

    flushed, _ = send(vendor, [events(4)])

    assert len(vendor.requests) == 1
    assert flushed.throttled == []
    assert len(flushed.failures) == 1


def test_each_outcome_is_told_to_who_paces_the_requests() -> None:
    """Too fast slows down, successes speed up."""
    vendor, told = Obedient(), list[Outcome]()

    Flush(vendor, Ledger().settle, UNCHECKED, lambda: False, Tally(), told.append).run([events(2)], 1, at_once=1)

    assert [outcome.kind for outcome in told] == ["delivered", "delivered"]


def test_a_mere_split_is_no_progress() -> None:
    """The vendor has not said about any event what becomes of it: the halves may fail."""
    vendor = Obedient()
    vendor.will(lambda request: Outcome("split", "HTTP 400") if len(request) > 1 else UNAVAILABLE)

    flushed, _ = send(vendor, [events(2)])

    assert vendor.requests == [["e0", "e1"], ["e0"]]
    assert not flushed.progressed


def test_halt_ends_all_lanes_and_buries_nothing() -> None:
    """The key is ours to mend; every other request would be refused, too."""
    vendor = Obedient()
    vendor.will_choke_on("e1", outcome=FORBIDDEN)

    flushed, ledger = send(vendor, [events(3), events(6)[3:]], size=1)

    assert vendor.requests == [["e0"], ["e1"]]
    assert ledger.dead == []
    assert flushed.halt == FORBIDDEN


@given(st.integers(min_value=1, max_value=100), st.data())
def test_a_poison_event_costs_few_requests_and_nobody_else(count: int, data: st.DataObject) -> None:
    """A refused batch is halved until the culprit is alone: at most 2*ceil(log2 n)+1 requests."""
    poison = data.draw(st.integers(min_value=0, max_value=count - 1))
    vendor = Obedient()
    vendor.will_refuse(f"e{poison}")

    _, ledger = send(vendor, [events(count)])

    assert len(vendor.requests) <= 2 * math.ceil(math.log2(count)) + 1
    assert ledger.delivered == [f"e{number}" for number in range(count) if number != poison]
    assert ledger.dead == [(f"e{poison}", "HTTP 400")]


def cost(count: int, poison: int) -> int:
    """The requests that so many events take of which one is refused, which are all settled then."""
    vendor = Obedient()
    vendor.will_refuse(f"e{poison}")
    _, ledger = send(vendor, [events(count)], size=count)
    assert (len(ledger.delivered), ledger.dead) == (count - 1, [(f"e{poison}", "HTTP 400")])
    return len(vendor.requests)


@pytest.mark.parametrize("count", [*range(1, 65), 100, 127, 128, 129])
def test_the_bound_of_a_poison_event_is_exact_for_every_size_and_place(count: int) -> None:
    """Wherever it stands it costs at most 2*ceil(log2 n)+1 requests, and somewhere it does cost as many."""
    assert max(cost(count, poison) for poison in range(count)) == 2 * math.ceil(math.log2(count)) + 1


@pytest.mark.parametrize("count", [500, 1000, 2000, 2500])
def test_the_bound_of_a_poison_event_holds_for_the_largest_requests(count: int) -> None:
    """First it costs the most; in the middle and last no more than that."""
    bound = 2 * math.ceil(math.log2(count)) + 1

    assert cost(count, 0) == bound
    assert max(cost(count, poison) for poison in (count // 2, count // 2 + 1, count - 1)) <= bound


@given(st.integers(min_value=1, max_value=6), st.integers(min_value=1, max_value=8), st.sets(st.integers(0, 59)))
def test_each_users_order_is_kept_with_many_lanes_and_many_poison_events(
    users: int, lanes: int, poison: set[int]
) -> None:
    """Promise 4: what is cut in halves goes out before what comes after it."""
    vendor, ledger, all_events = Obedient(), Ledger(), events(60, users)
    vendor.will_refuse(*(f"e{number}" for number in poison))

    flush(vendor, ledger).run(spread(all_events, lanes), 20, at_once=lanes)

    arrived = {user: [n for n in vendor.delivered if int(n[1:]) % users == user] for user in range(users)}
    expected = {user: [f"e{n}" for n in range(60) if n % users == user and n not in poison] for user in range(users)}
    assert arrived == expected
    assert sorted(ledger.delivered + [name for name, _ in ledger.dead]) == sorted(f"e{n}" for n in range(60))


def test_a_rejection_by_index_settles_the_others_when_they_are_stored() -> None:
    """Mixpanel stores the good ones: sending them again would double them."""
    vendor = Obedient()
    vendor.will_name("e1", remainder_is_stored=True)

    _, ledger = send(vendor, [events(3)])

    assert vendor.requests == [["e0", "e1", "e2"]]
    assert ledger.delivered == ["e0", "e2"]
    assert ledger.dead == [("e1", "HTTP 400")]


def test_a_rejection_by_index_sends_the_others_again_when_nothing_is_stored() -> None:
    """Amplitude stores none of a request with a bad event in it."""
    vendor = Obedient()
    vendor.will_name("e1", remainder_is_stored=False)

    _, ledger = send(vendor, [events(3)])

    assert vendor.requests == [["e0", "e1", "e2"], ["e0", "e2"]]
    assert ledger.delivered == ["e0", "e2"]
    assert ledger.dead == [("e1", "HTTP 400")]


@pytest.mark.parametrize("rejected", [{}, {7: "HTTP 400"}, {-1: "HTTP 400"}])
def test_a_rejection_that_names_nobody_in_the_request_is_a_split(rejected: dict[int, str]) -> None:
    """Sending the same again would be refused for ever."""
    vendor = Obedient()
    nobody = Outcome("dead_letter", "HTTP 400", rejected=rejected)
    vendor.will(lambda request: nobody if "e1" in request else None)

    _, ledger = send(vendor, [events(4)])

    assert ledger.delivered == ["e0", "e2", "e3"]
    assert ledger.dead == [("e1", "HTTP 400")]


def test_a_dead_letter_keeps_the_vendors_words() -> None:
    """The reason alone is shown in Dagster."""
    kept: list[Settlement] = []
    vendor = Obedient()
    vendor.will_refuse("e0")

    Flush(vendor, kept.append, UNCHECKED, lambda: False, Tally()).run([events(1)], 10, at_once=1)

    assert [(burial.reason, burial.answer) for burial in kept[0].dead] == [("HTTP 400", "the vendor's words")]


def test_each_answer_is_settled_before_the_lane_sends_more() -> None:
    """Promise 3: a kill costs no more than the request in flight."""
    ledger, vendor = Ledger(), Obedient()
    settled: list[int] = []
    vendor.will(lambda _: settled.append(len(ledger.delivered)))

    flush(vendor, ledger).run([events(3)], 1, at_once=1)

    assert settled == [0, 1, 2]


def test_a_lost_lease_sends_nothing_more() -> None:
    """Whoever has it now sends the rest."""
    vendor, ledger = Obedient(), Ledger()

    def guard() -> None:
        if vendor.requests:
            raise LeaseLost("the heartbeat could not be written")

    with pytest.raises(LeaseLost):
        flush(vendor, ledger, guard).run([[each] for each in events(6)], 1, at_once=2)

    assert len(vendor.requests) <= 2


def test_a_store_that_refuses_ends_all_lanes() -> None:
    """What cannot be settled is not sent: here the first lane's answer is refused while the second one's is out."""
    vendor, ledger = Obedient(), Ledger()
    both_are_out, refused = threading.Barrier(2), threading.Event()

    def settle(settlement: Settlement) -> None:
        ledger.refuses = settlement.delivered[0].message_id == "e0"
        refused.set()
        ledger.settle(settlement)

    def answer(request: list[str]) -> None:
        both_are_out.wait(30)
        assert request == ["e0"] or refused.wait(30)

    vendor.will(answer)
    with pytest.raises(StagingError, match="full"):
        Flush(vendor, settle, UNCHECKED, lambda: False, Tally()).run([events(3), events(6)[3:]], 1, at_once=2)

    assert sorted(vendor.requests) == [["e0"], ["e3"]]


def test_a_run_that_is_told_to_stop_sends_nothing_more() -> None:
    """After the request that is out."""
    vendor, ledger = Obedient(), Ledger()

    Flush(vendor, ledger.settle, UNCHECKED, lambda: bool(vendor.requests), Tally()).run([events(6)], 2, at_once=1)

    assert vendor.requests == [["e0", "e1"]]
    assert ledger.delivered == ["e0", "e1"]


def test_sorting_tells_what_goes_out_what_is_skipped_and_what_cannot_be_read() -> None:
    """An event whose payload was damaged in the store holds up nobody."""
    payloads = ['{"userId": "u"}', '{"integrations": {"All": false}}', '{"userId": ', "[7]"]
    damaged = [Event(seq, "web", f"e{seq}", NOW, payload) for seq, payload in enumerate(payloads)]

    found = sort(damaged, Route(frozenset({"vendor"})))

    assert [(each.event.seq, each.call) for each in found.outgoing] == [(0, {"userId": "u"})]
    assert [event.seq for event in found.skipped] == [1]
    assert [(burial.event.seq, burial.reason) for burial in found.unreadable] == [
        (2, "the stored payload is not a JSON object"),
        (3, "the stored payload is not a JSON object"),
    ]


FAILURE = Failure(events(1), UNAVAILABLE)


def fate(trouble: Trouble | None, *, alone: bool, give_up_after: float = 96 * HOUR) -> str:
    """The reason for burying the event that failed, or `pending`."""
    verdict = judge(FAILURE, {0: trouble} if trouble else {}, NOW, give_up_after, alone=alone)
    return verdict.dead[0].reason if verdict.dead else "pending"


def test_an_event_is_given_up_by_age_since_its_first_attempt() -> None:
    """However often it was tried, and however long it waited before."""
    assert fate(None, alone=False) == "pending"
    assert fate(Trouble(NOW - 96 * HOUR + 1, 0), alone=False) == "pending"
    assert fate(Trouble(NOW - 96 * HOUR, 0), alone=False) == "HTTP 503, given up after 96 h"


def test_an_event_that_fails_alone_has_a_limit_of_its_own() -> None:
    """It counts only when others succeeded meanwhile."""
    assert fate(Trouble(NOW, ALONE_LIMIT - 2), alone=True) == "pending"
    assert fate(Trouble(NOW, ALONE_LIMIT - 1), alone=True) == "HTTP 503, 6 times while others succeeded"
    assert fate(Trouble(NOW, 100), alone=False) == "pending"


def test_only_an_event_that_failed_alone_before_is_suspect() -> None:
    """Any other one's failure tells of the vendor."""
    assert is_suspect(FAILURE, {0: Trouble(NOW, SUSPECT)})
    assert not is_suspect(FAILURE, {0: Trouble(NOW, SUSPECT - 1)})
    assert not is_suspect(FAILURE, {})
