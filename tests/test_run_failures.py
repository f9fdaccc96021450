"""What does a delivery that was killed say of its events?"""

from itertools import count

import dagster as dg
import pytest

from analytics_platform.run_failures import BUDGET_SECONDS, OF_A_DRAIN, OF_A_REPLAY, explain, killed_deliveries
from tests.installation import Installation

pytest_plugins = ["tests.installation_fixtures"]


def said(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """What is said under a run, beside its own events."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT).records
    events = [each.event_log_entry.dagster_event for each in records]
    return [event.message for event in events if event and event.message in (OF_A_DRAIN, OF_A_REPLAY)]


def kill(installation: Installation, instance: dg.DagsterInstance, parent: str | None = None) -> str:
    """A run whose worker was killed, once Dagster has noticed; its id."""
    run_id = installation.put_in_flight(instance, dg.DagsterRunStatus.STARTED, parent=parent)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_run_failed(run, "Run execution process exited unexpectedly")
    return run_id


def look(instance: dg.DagsterInstance, cursor: str | None) -> str | None:
    """Have the sensor look once; gives where it is then."""
    context = dg.build_sensor_context(instance, cursor)
    killed_deliveries(context)
    return context.cursor


@pytest.mark.parametrize(("kind", "sentence"), [("drain", OF_A_DRAIN), ("replay", OF_A_REPLAY)])
def test_a_run_that_was_killed_says_that_it_has_lost_nothing(
    installation: Installation,
    instance: dg.DagsterInstance,
    kind: str,
    sentence: str,
) -> None:
    """And what there is to do: nothing, or of a replay to press the same button again."""
    begin = look(instance, None)
    parent = kill(installation, instance) if kind == "replay" else None
    run_id = kill(installation, instance, parent)

    look(instance, begin)

    assert said(instance, run_id) == [sentence]


def test_a_run_that_has_said_why_it_failed_is_left_alone(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Its own sentence says more."""
    begin = look(instance, None)
    installation.vendor.will_refuse("m-1")
    installation.accept("m-1", destination="other")
    result = installation.execute(instance, "other")

    look(instance, begin)

    assert not result.success
    assert said(instance, result.run_id) == []


def test_after_an_outage_of_the_daemon_one_look_explains_all_that_died_in_it(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """However many, and whatever else failed between them; the next look begins behind them."""
    begin = look(instance, None)
    installation.vendor.will_refuse("m-1")
    installation.accept("m-1", destination="other")
    before = [kill(installation, instance) for _ in range(20)]
    installation.execute(instance, "other")
    after = [kill(installation, instance) for _ in range(20)]

    looked_at, end = explain(instance, int(begin or 0), lambda: 0)
    again, _ = explain(instance, end, lambda: 0)

    assert [said(instance, run_id) for run_id in before + after] == [[OF_A_DRAIN]] * 40
    assert (looked_at, again) == (41, 0)


def test_a_look_that_takes_too_long_leaves_the_rest_to_the_next(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Each look gets on by one at least."""
    runs = [kill(installation, instance) for _ in range(3)]
    clock = count(0, BUDGET_SECONDS)

    looked_at, seen = explain(instance, 0, lambda: next(clock))
    so_far = [said(instance, run_id) for run_id in runs]
    rest, _ = explain(instance, seen, lambda: 0)

    assert (looked_at, so_far) == (1, [[OF_A_DRAIN], [], []])
    assert (rest, [said(instance, run_id) for run_id in runs]) == (2, [[OF_A_DRAIN]] * 3)


@pytest.mark.parametrize("cursor", [None, '{"__class__": "RunStatusSensorCursor", "record_id": 7}'])
def test_what_failed_before_the_first_look_is_past(
    installation: Installation, instance: dg.DagsterInstance, cursor: str | None
) -> None:
    """So it is when the sensor of an earlier version has looked, which has explained what it saw."""
    run_id = kill(installation, instance)

    look(instance, look(instance, cursor))

    assert said(instance, run_id) == []
