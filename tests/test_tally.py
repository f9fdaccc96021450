"""Are a run's numbers measured, and bounded?"""

import pytest

from analytics_platform.delivery.tally import KEPT, Measured, Sample, Tally
from analytics_platform.destinations.base import DELIVERED, Outgoing, opened
from analytics_platform.staging.base import Event
from tests.fakes.clock import Clock
from tests.fakes.destination import Obedient


def outgoing(payload: str, received_at: float = 1000.0) -> Outgoing:
    """An event with this payload."""
    return opened(Event(1, "web", "m-1", received_at, payload))


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50.0), (0.95, 95.0), (1.0, 100.0)])
def test_a_quantile_has_its_share_below_it(share: float, expected: float) -> None:
    """In whatever order the values came."""
    sample = Sample()
    sample.values.extend(float(value) for value in range(100, 0, -1))

    assert sample.quantile(share) == expected


def test_nothing_measured_has_no_quantile() -> None:
    """Not zero."""
    assert Sample().quantile(0.5) is None


def test_a_sample_is_bounded() -> None:
    """The newest values count, however long the run."""
    sample = Sample()

    sample.values.extend(float(value) for value in range(KEPT + 5))

    assert len(sample.values) == KEPT
    assert min(sample.values) == 5.0


def test_a_lag_is_the_time_since_acceptance() -> None:
    """Never below zero: the clock may have been set back."""
    tally = Tally()

    tally.note_lags([outgoing("{}", 990.0).event, outgoing("{}", 2000.0).event], 1000.0)

    assert [tally.lags.quantile(share) for share in (0.5, 1)] == [0.0, 10.0]


def test_a_request_is_measured_with_its_bytes_and_its_time(clock: Clock) -> None:
    """Whatever comes of it."""
    vendor, tally = Obedient(), Tally()
    vendor.will(lambda _: clock.advance(0.25))

    outcome = Measured(vendor, clock, tally).send([outgoing('{"a": "ü"}'), outgoing("{}")])

    assert outcome == DELIVERED
    assert tally.bytes == 13
    assert [*tally.latencies.values] == [0.25]
