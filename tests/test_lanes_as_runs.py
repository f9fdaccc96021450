"""Do a user's calls stay in order when a destination is split over several runs, and split anew meanwhile?"""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics_platform.delivery.job import Job, Pace
from analytics_platform.delivery.share import Share, lane_of
from analytics_platform.destinations.base import Outcome, Outgoing, opened
from analytics_platform.staging import MEMORY, open_staging
from analytics_platform.staging.base import Entry, Event, Staging
from analytics_platform.staging.streams import Part
from tests.fakes.clock import Clock
from tests.fakes.destination import UNAVAILABLE, Obedient
from tests.together import Platform, Together

USERS = 7


class Slow(Obedient):
    """A vendor that takes its time: before it has stored a request, and again before it says so."""

    def __init__(self, together: Together) -> None:
        super().__init__()
        self._together = together
        self.working: set[str] = set()  # users whose calls are in some request now
        self.overtaken = False  # two requests had calls of one user in them at the same time

    def send(self, request: Sequence[Outgoing]) -> Outcome:
        """See Destination.send."""
        users = {outgoing.envelope.id for outgoing in request}
        self.overtaken = self.overtaken or bool(users & self.working)
        self.working |= users
        try:
            self._together.wait(0.7)
            outcome = super().send(request)
            self._together.wait(0.7)
        finally:
            self.working -= users
        return outcome


@dataclass
class City:
    """One destination, its users, and whoever delivers."""

    together: Together
    staging: Staging
    platform: Platform
    vendor: Slow
    accepted: int = 0
    users: int = USERS

    def accept(self, count: int) -> None:
        """Have so many events accepted, of each user in turn."""
        numbers = range(self.accepted, self.accepted + count)
        self.accepted += count
        self.staging.append([entry_of(number, number % self.users, self.together.clock()) for number in numbers])

    def first_arrivals(self, user: int) -> list[int]:
        """The numbers of a user's events in the order in which each arrived first."""
        return [int(name) for name in dict.fromkeys(self.vendor.delivered) if int(name) % USERS == user]


def entry_of(number: int, user: int, now: float) -> Entry:
    """The event of this number."""
    call = {"type": "track", "event": "e", "messageId": str(number), "userId": f"u{user}"}
    return Entry("web", str(number), now, json.dumps(call))


@contextmanager
def city() -> Iterator[City]:
    """A new one."""
    clock = Clock()
    with closing(open_staging(MEMORY, clock)) as staging:
        together = Together(clock)
        vendor = Slow(together)
        pace = Pace(window=60.0, shortest=20.0, idle=10.0, hand_over=15.0, bury=10.0, poll=1.0)
        job = Job("vendor", "webhook", vendor, 5, 2.0, 1, 96 * 3600.0, pace)
        platform = Platform(together, staging, {"vendor": job})
        yield City(together, staging, platform, vendor)
        together.end()


STEP = st.one_of(
    st.tuples(st.just("lanes"), st.integers(1, 4)),
    st.tuples(st.just("accept"), st.integers(1, 40)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("kill"), st.integers(0, 3)),
    st.tuples(st.just("down"), st.booleans()),
)


def take_step(found: City, what: str, value: int) -> None:
    """Do one of the things that happen."""
    if what == "lanes":
        found.platform.lanes["vendor"] = value
    elif what == "accept":
        found.accept(value)
    elif what == "wait":
        found.together.run(float(value))
    elif what == "kill":
        busy = [stream for stream, count in found.platform.in_flight.items() if count]
        for stream in busy[value:][:1]:
            found.platform.kill(stream)
    elif value:
        found.vendor.will_answer(UNAVAILABLE)
    else:
        found.vendor.recovers()


@given(st.lists(STEP, max_size=30))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_each_users_order_is_kept_whatever_changes_and_whoever_is_killed(steps: list[tuple[str, int]]) -> None:
    """Promise 4, while the number of lanes changes, runs are killed and the vendor is down in between.

    Nothing is lost; what a killed run had sent arrives once more, and nothing else does.
    """
    with city() as found:
        for what, value in steps:
            take_step(found, what, value)
            found.together.run(1.0)
        found.vendor.recovers()
        found.together.run(4000.0)

        kills = sum(what == "kill" for what, _ in steps)
        assert [found.first_arrivals(user) for user in range(USERS)] == [
            [*range(user, found.accepted, USERS)] for user in range(USERS)
        ]
        assert len(found.vendor.delivered) - found.accepted <= kills * 5
        assert found.staging.counts("vendor").pending == 0
        assert kills or not found.vendor.overtaken


@pytest.mark.parametrize("lanes", [(1, 3), (3, 1), (2, 5, 4, 1)])
def test_a_busy_destination_is_split_anew_without_a_pause_or_a_duplicate(lanes: tuple[int, ...]) -> None:
    """Events flow all the time; each change takes hold, and each lane has its share."""
    with city() as found:
        for number in lanes:
            found.platform.lanes["vendor"] = number
            for _ in range(30):
                found.accept(10)
                found.together.run(5.0)
            assert len(found.platform.streams()) == number
        found.together.run(120.0)

        assert len(found.vendor.delivered) == found.accepted == 300 * len(lanes)
        assert [found.first_arrivals(user) for user in range(USERS)] == [
            [*range(user, found.accepted, USERS)] for user in range(USERS)
        ]
        assert not found.vendor.overtaken


def test_lanes_bring_what_one_run_could_not() -> None:
    """The vendor takes 1.4 s for five events: two lanes get nearly twice as much through in the (simulated) time."""
    done = []
    for lanes in (1, 2):
        with city() as found:
            found.users = 100
            found.platform.lanes["vendor"] = lanes
            found.together.run(10.0)
            found.accept(2000)
            found.together.run(200.0)
            done.append(len(found.vendor.delivered))

    assert done[1] > 1.8 * done[0] > 0


def test_a_lane_whose_run_is_killed_holds_up_no_other() -> None:
    """The others go on at once; it goes on when its lease has run out."""
    with city() as found:
        found.platform.lanes["vendor"] = 2
        found.together.run(10.0)
        found.accept(100)
        found.together.run(10.0)
        found.platform.kill(("vendor", "lane-1-of-2"))
        before = {*found.vendor.delivered}
        found.together.run(20.0)
        meanwhile = {*found.vendor.delivered} - before

        found.together.run(200.0)

        assert meanwhile
        assert {lane_of(opened(event), 2) for event in events_of(found, meanwhile)} == {2}
        assert {*found.vendor.delivered} == {str(number) for number in range(100)}


def events_of(found: City, names: set[str]) -> list[Event]:
    """The events of these names."""
    return [event for event in found.staging.logged(None, 0, 1000) if event.message_id in names]


# Who is in which lane


def event(number: int, **fields: object) -> Event:
    """An event with these fields in its call."""
    return Event(number, "web", str(number), 1000.0 + number, json.dumps({"type": "track", "event": "e", **fields}))


def seq_of(found: Event) -> int:
    """By which events are in order."""
    return found.seq


@given(st.lists(st.text(max_size=8), max_size=50), st.integers(1, 8))
def test_each_event_is_in_one_lane_and_a_user_in_one_alone(users: list[str], lanes: int) -> None:
    """Whatever the ids are; together the lanes have everything, each in its order."""
    events = [event(number, anonymousId=user) for number, user in enumerate(users)]

    divided = [Share(Part(lane=lane, lanes=lanes)).divide(events) for lane in range(1, lanes + 1)]

    assert sorted(each.seq for mine, _ in divided for each in mine) == [*range(len(events))]
    assert all(sorted([*mine, *others], key=seq_of) == events for mine, others in divided)
    assert all(mine == sorted(mine, key=seq_of) for mine, _ in divided)
    for mine, others in divided:
        assert not {users[each.seq] for each in mine} & {users[each.seq] for each in others}


def test_calls_before_and_after_identify_are_in_one_lane() -> None:
    """By the anonymousId; the same id from two sources may be two people."""
    calls = [event(1, anonymousId="a"), event(2, anonymousId="a", userId="u"), event(3, userId="u")]
    other = Event(4, "app", "4", 1004.0, calls[2].payload)

    lanes = [lane_of(opened(each), 10**9) for each in (*calls, other)]

    assert lanes[0] == lanes[1]
    assert len({*lanes}) == 3


def test_users_are_spread_over_the_lanes() -> None:
    """Evenly, as far as chance is even: of a thousand users no lane of four has less than 200."""
    events = [event(number, userId=f"u{number}") for number in range(1000)]

    sizes = [len(Share(Part(lane=lane, lanes=4)).divide(events)[0]) for lane in (1, 2, 3, 4)]

    assert min(sizes) > 200


def test_what_nobody_can_read_is_the_first_lanes() -> None:
    """So that it is buried once."""
    broken = Event(1, "web", "1", 1001.0, "nonsense")

    mine = [Share(Part(lane=lane, lanes=3)).divide([broken])[0] for lane in (1, 2, 3)]

    assert mine == [[broken], [], []]


def test_history_is_chosen_by_time_and_event() -> None:
    """From the first moment on, before the second; a call without an event has its type."""
    events = [event(0), event(1, event="other"), event(2), event(3, type="identify", event=None), event(4)]

    def chosen(part: Part) -> list[int]:
        return [each.seq for each in Share(part).divide(events)[0]]

    assert chosen(Part(since=1002.0, until=1004.0)) == [2, 3]
    assert chosen(Part(event="e")) == [0, 2, 4]
    assert chosen(Part(event="identify")) == [3]
    assert chosen(Part(since=1001.0, event="e")) == [2, 4]
    assert chosen(replace(Part(), first=0, last=10)) == [0, 1, 2, 3, 4]
