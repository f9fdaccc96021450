"""What is counted of requests and events?"""

import pytest

from event_registry.calls import Problem
from ingest_api.counters import Counters, Gauges, Histogram
from ingest_api.intake import Intake, Note
from tests.stores import entry

REJECTED = Note(0, None, [Problem("$", "missing_user", "expected a userId, found none")])


@pytest.mark.parametrize(("value", "counts"), [(0.5, [1, 0, 0]), (1.0, [1, 0, 0]), (1.5, [0, 1, 0]), (9.0, [0, 0, 1])])
def test_a_value_is_counted_below_the_first_bound_that_it_does_not_pass(value: float, counts: list[int]) -> None:
    """As Prometheus has it: a bucket's own bound is in it."""
    histogram = Histogram.of((1.0, 2.0))

    histogram.observe(value)

    assert (histogram.counts, histogram.total) == (counts, value)


def test_each_event_has_one_outcome() -> None:
    """A duplicate is not accepted once more, whatever its sender is told."""
    counters = Counters()
    new, known, odd = entry("new"), entry("known"), entry("odd", problems="[]")

    counters.judged("web", Intake([new, known, odd], [REJECTED], [REJECTED, REJECTED]), [True, False, True])

    assert counters.events == {
        ("web", "accepted"): 1,
        ("web", "duplicate"): 1,
        ("web", "quarantined"): 1,
        ("web", "rejected"): 2,
    }


def test_who_takes_the_place_of_a_process_counts_on() -> None:
    """So no counter ever goes back, which Prometheus would take for many new events."""
    first = Counters.resumed(None)
    first.answered("sdk", 200)
    first.timed("sdk", 0.003)
    first.judged("web", Intake([entry("new")]), [True])
    first.refused("invalid_json")

    second = Counters.resumed(first.note(Gauges(at=1.0, connections=3)))
    second.answered("sdk", 200)

    assert second.requests == {("sdk", 200): 2}
    assert second.events == first.events
    assert second.refusals == first.refusals
    assert second.answer_seconds == first.answer_seconds
    assert (first.starts, second.starts) == (1, 2)
