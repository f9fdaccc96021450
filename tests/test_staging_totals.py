"""Does every accepted event stand somewhere, whatever happens?

A part of the suite that every staging store must pass.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Burial, Event, LeaseLost, Settlement, Staging, replay
from tests.databases import Server
from tests.fakes.clock import Clock
from tests.stores import STORES, entry, pending_ids, take

pytest_plugins = ["tests.database_fixtures"]

FATES = st.lists(st.sampled_from(["delivered", "skipped", "dead", "failed", "untouched"]), min_size=1, max_size=12)


class Life(RuleBasedStateMachine):
    """Appends, settlements, take-overs, restarts and replays, beside a plain account of them."""

    store: ClassVar[str]
    server: ClassVar[Server]

    @initialize()
    def begin(self) -> None:
        """A new store with one destination, and a run that has its lease."""
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.url = self.stack.enter_context(STORES[self.store](folder, self.server))
        self.clock = Clock()
        self.staging = self.open()
        self.staging.register(["vendor"])
        self.run_ids = ["run-0"]
        self.lease = take(self.staging, "run-0")
        self.accepted: list[str] = []
        self.settled: dict[str, str] = {}

    def open(self) -> Staging:
        """A process opens the store."""
        return open_staging(self.url, self.clock)

    def teardown(self) -> None:
        """Give the store back."""
        self.staging.close()
        self.stack.close()

    @rule(numbers=st.lists(st.integers(min_value=0, max_value=60), max_size=12))
    def append(self, numbers: list[int]) -> None:
        """Calls arrive, some of them not for the first time."""
        arriving = [f"m-{number}" for number in numbers]
        expected = [name not in {*self.accepted, *arriving[:place]} for place, name in enumerate(arriving)]

        new = self.staging.append([entry(name) for name in arriving])

        assert new == expected
        self.accepted += [name for name, is_new in zip(arriving, new, strict=True) if is_new]

    @rule(fates=FATES)
    def settle(self, fates: list[str]) -> None:
        """Some of the next pending events get their answers, in any order."""
        events = self.staging.pending("vendor", len(fates))

        self.staging.settle(self.lease, settlement(events, fates))

        final = {"delivered", "skipped", "dead"}
        self.settled |= {event.message_id: fate for event, fate in zip(events, fates, strict=False) if fate in final}

    @rule(fates=FATES)
    def be_replaced(self, fates: list[str]) -> None:
        """The run dies, the next one takes over, and the dead one settles what it had in flight."""
        events, lost = self.staging.pending("vendor", len(fates)), self.lease
        self.start_next_run()

        with pytest.raises(LeaseLost):
            self.staging.settle(lost, settlement(events, fates))

    @rule()
    def restart(self) -> None:
        """Every process dies and comes back."""
        self.staging.close()
        self.staging = self.open()
        self.start_next_run()

    @rule(picks=st.lists(st.booleans(), min_size=1, max_size=12))
    def replay(self, picks: list[bool]) -> None:
        """A replay delivers some of the dead letters."""
        self.run_ids.append(f"run-{len(self.run_ids)}")
        self.staging.start_run(self.run_ids[-1], "vendor")
        lease = self.staging.acquire(replay("vendor"), self.run_ids[-1])
        assert lease is not None
        letters = self.staging.open_letters("vendor", self.run_ids, 0, len(picks))
        delivered = [letter.event for letter, picked in zip(letters, picks, strict=False) if picked]

        self.staging.settle_letters(lease, Settlement(delivered=delivered))

        self.staging.end_run(lease.run_id, "replayed")
        self.settled |= {event.message_id: "delivered" for event in delivered}

    def start_next_run(self) -> None:
        """The heart of the run before has stopped."""
        self.clock.advance(60)
        self.run_ids.append(f"run-{len(self.run_ids)}")
        self.lease = take(self.staging, self.run_ids[-1])

    @invariant()
    def every_accepted_event_stands_somewhere(self) -> None:
        """It is delivered, skipped, pending or dead, and exactly one of these."""
        counts, fates = self.staging.counts("vendor"), Counter(self.settled.values())

        assert counts.delivered + counts.skipped + counts.pending + counts.dead == len(self.accepted)
        assert (counts.delivered, counts.skipped, counts.dead) == (fates["delivered"], fates["skipped"], fates["dead"])

    @invariant()
    def pending_is_what_is_not_settled(self) -> None:
        """In the order of acceptance."""
        assert pending_ids(self.staging) == [name for name in self.accepted if name not in self.settled]


def settlement(events: Sequence[Event], fates: Sequence[str]) -> Settlement:
    """What becomes of the first events, by their fates."""
    of = {fate: [event for event, its in zip(events, fates, strict=False) if its == fate] for fate in fates}
    return Settlement(
        delivered=of.get("delivered", []),
        skipped=of.get("skipped", []),
        dead=[Burial(event, "HTTP 400") for event in of.get("dead", [])],
        failed=of.get("failed", []),
    )


@pytest.mark.parametrize(("store", "examples"), [("sqlite", 30), ("postgres", 10)])
def test_accepted_is_delivered_skipped_pending_or_dead(store: str, examples: int, postgres_server: Server) -> None:
    """Over any life of the store, nothing is lost and nothing counts twice."""
    life = type("Life", (Life,), {"store": store, "server": postgres_server})

    run_state_machine_as_test(life, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None))
