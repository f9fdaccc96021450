"""How many runs does a day take, whatever comes in?

Time is simulated; a run looks for events every five seconds rather than twenty times a second.
"""

from dataclasses import replace

import pytest

from analytics_platform.delivery.due import Threshold, due, has_budget
from analytics_platform.delivery.job import Pace
from analytics_platform.destinations.base import Outcome
from tests.simulation import HOUR, Simulation

pytest_plugins = ["tests.delivery_fixtures"]

MOST = 300  # of one destination, so that four stay under 1,200
POLL = 5.0  # seconds


def poison(request: list[str]) -> Outcome | None:
    """Refuse one event in a hundred."""
    bad = [name for name in request if int(name) % 100 == 0]
    if not bad:
        return None
    return Outcome("dead_letter", "HTTP 400", rejected={request.index(name): "HTTP 400" for name in bad})


@pytest.mark.parametrize(("every", "has_poison"), [(10.0, False), (40.0, False), (10.0, True)])
def test_a_day_stays_under_300_runs_for_each_destination(
    simulation: Simulation,
    every: float,
    has_poison: bool,  # noqa: FBT001  a column
) -> None:
    """Steady traffic, an event every 40 s, and 1 % poison all day."""
    simulation.job = replace(simulation.job, pace=Pace(poll=POLL))
    simulation.vendor.will(poison if has_poison else lambda _: None)
    accepted, starts = [0], list[float]()

    def accept() -> None:
        accepted[0] += 1
        simulation.accept(str(accepted[0]))
        simulation.after(every, accept)

    accept()
    while simulation.elapsed < 24 * HOUR:
        now = simulation.clock()
        if due([simulation.state()], {"vendor": Threshold(10, 5.0)}, {}, now) and has_budget(starts[-100:], now):
            starts.append(now)
            simulation.run(f"run-{len(starts)}")
        simulation.wait(POLL)

    assert 100 < len(starts) < MOST
    assert len(simulation.vendor.delivered) > 0.98 * accepted[0] - 10
