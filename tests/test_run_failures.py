"""What does a delivery that was killed say of its events?"""

import dagster as dg
import pytest

from analytics_platform.run_failures import OF_A_DRAIN, OF_A_REPLAY, killed_deliveries
from tests.installation import Installation

pytest_plugins = ["tests.installation_fixtures"]


def look(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """What is said under a failed run once the sensor has seen it, and why it has left the run alone if it has."""
    run = instance.get_run_by_id(run_id)
    assert run is not None
    failure = next(
        record.event_log_entry.dagster_event
        for record in instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
    )
    assert failure is not None
    context = dg.build_run_status_sensor_context("killed_deliveries", failure, instance, run).for_run_failure()
    skipped = killed_deliveries(context)
    engine = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT).records
    events = [record.event_log_entry.dagster_event for record in engine]
    said = [event.message or "" for event in events if event]
    return [*said, *([skipped.skip_message or ""] if isinstance(skipped, dg.SkipReason) else [])]


@pytest.mark.parametrize(("kind", "sentence"), [("drain", OF_A_DRAIN), ("replay", OF_A_REPLAY)])
def test_a_run_that_was_killed_says_that_nothing_is_lost(
    installation: Installation,
    instance: dg.DagsterInstance,
    kind: str,
    sentence: str,
) -> None:
    """And what there is to do: nothing, or of a replay to press the same button again."""
    parent = installation.put_in_flight(instance, dg.DagsterRunStatus.FAILURE) if kind == "replay" else None
    run_id = installation.put_in_flight(instance, dg.DagsterRunStatus.STARTED, parent=parent)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_run_failed(run, "Run execution process exited unexpectedly")

    said = look(instance, run_id)

    assert said == [sentence]


def test_a_run_that_has_said_why_it_failed_is_left_alone(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Its own sentence says more."""
    installation.vendor.will_refuse("m-1")
    installation.accept("m-1", destination="other")
    result = installation.execute(instance, "other")

    said = look(instance, result.run_id)

    assert not result.success
    assert said[-1] == "it says itself why it failed"
    assert {OF_A_DRAIN, OF_A_REPLAY}.isdisjoint(said)
