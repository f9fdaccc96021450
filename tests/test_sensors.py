"""Which runs does the sensor request, and which does it give up?"""

import time

import dagster as dg
import pytest

from analytics_platform.delivery.due import BURST
from analytics_platform.launching import REPLAY_TAG
from analytics_platform.sensors import ORPHAN_SECONDS, UNLAUNCHED_SECONDS, drains_in_flight, due_deliveries, orphans
from analytics_platform.staging.base import LEASE_SECONDS, Ending, Settlement, live
from analytics_platform.staging.streams import Part
from tests.fakes.clock import Clock
from tests.installation import Installation
from tests.stores import take

pytest_plugins = ["tests.installation_fixtures"]

Status = dg.DagsterRunStatus
NOW = 1_800_000_000.0


def tick(installation: Installation, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    """What one tick requests; it does not wait until something is due."""
    installation.stop()
    context = dg.build_sensor_context(instance=instance, resources={"platform": installation.platform})
    result = due_deliveries(context)
    assert isinstance(result, dg.SensorResult)
    return [*(result.run_requests or [])]


def requested(installation: Installation, instance: dg.DagsterInstance) -> list[str]:
    """The destinations that one tick requests runs for."""
    return [asked.tags["destination"] for asked in tick(installation, instance)]


def test_no_run_is_requested_while_nothing_is_pending(installation: Installation, instance: dg.DagsterInstance) -> None:
    """A quiet hour costs no runs."""
    assert requested(installation, instance) == []


def test_each_due_destination_gets_one_run(installation: Installation, instance: dg.DagsterInstance) -> None:
    """With its name, and nothing of the events."""
    installation.accept("a", "b", "c")

    asked = tick(installation, instance)

    assert [each.tags for each in asked] == [
        {"destination": "strict", "stream": "strict/live"},
        {"destination": "other", "stream": "other/live"},
    ]
    assert [each.run_config["ops"]["deliver"] for each in asked] == [
        {"config": {"destination": "strict", "stream": "live"}},
        {"config": {"destination": "other", "stream": "live"}},
    ]
    assert [each.run_key for each in asked] == [None, None]


@pytest.mark.parametrize("status", [Status.NOT_STARTED, Status.STARTING, Status.CANCELING])
@pytest.mark.parametrize("stream", ["live", None])
def test_a_run_on_its_way_is_enough(
    installation: Installation, instance: dg.DagsterInstance, status: dg.DagsterRunStatus, stream: str | None
) -> None:
    """It has been requested and has not taken the lease yet; the other destination gets its own.

    So has one that the version before streams requested, just before it was replaced.
    """
    installation.accept("a")
    installation.put_in_flight(instance, status, stream=stream)

    assert requested(installation, instance) == ["other"]


def test_a_living_drain_is_enough_until_it_asks_for_its_successor(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Then one more is requested, and not a third."""
    installation.accept("a")
    staging = installation.open_staging()
    lease = take(staging, installation.put_in_flight(instance, Status.STARTED), "strict")

    asked = [requested(installation, instance)]
    staging.want_successor(lease)
    asked.append(requested(installation, instance))
    installation.put_in_flight(instance, Status.STARTING)
    asked.append(requested(installation, instance))
    staging.close()

    assert asked == [["other"], ["strict", "other"], ["other"]]


def test_a_re_execution_counts_for_no_drain(installation: Installation, instance: dg.DagsterInstance) -> None:
    """A replay works beside the drain."""
    installation.accept("a")
    parent = installation.put_in_flight(instance, Status.FAILURE)
    installation.put_in_flight(instance, Status.STARTING, parent)

    assert requested(installation, instance) == ["strict", "other"]


def test_a_replay_counts_for_no_drain(installation: Installation, instance: dg.DagsterInstance) -> None:
    """It has no parent, and still works beside the drain."""
    installation.accept("a")
    run_id = installation.put_in_flight(instance, Status.STARTING)
    instance.add_run_tags(run_id, {REPLAY_TAG: "selection"})

    assert requested(installation, instance) == ["strict", "other"]


def test_a_destination_that_backs_off_delays_no_other(installation: Installation, instance: dg.DagsterInstance) -> None:
    """Promise 5: isolation."""
    installation.accept("a")
    staging = installation.open_staging()
    staging.back_off(take(staging, "run-1", "strict"), time.time() + 60, "HTTP 503")
    staging.end_run("run-1", "down")
    staging.close()

    assert requested(installation, instance) == ["other"]


def test_a_destination_that_is_no_longer_configured_is_left_alone(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Its stream and its runs stay as they are."""
    installation.accept("a")
    staging = installation.open_staging()
    staging.register(["old"])
    staging.close()
    instance.create_run_for_job(
        dg.GraphDefinition("delivery").to_job(), tags={"destination": "old"}, status=Status.STARTING
    )

    assert requested(installation, instance) == ["strict", "other"]


def test_an_orphan_is_failed_and_its_destination_gets_a_run(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """After a reboot Dagster believes in it for ever; the store knows that its heart has stopped."""
    installation.accept("a")
    orphan = installation.put_in_flight(instance, Status.STARTED)
    long_ago = installation.open_staging(Clock(time.time() - 1000))
    take(long_ago, orphan, "strict")
    long_ago.close()

    assert requested(installation, instance) == ["strict", "other"]
    run = instance.get_run_by_id(orphan)
    assert run is not None
    assert run.status == Status.FAILURE


def test_a_waiting_successor_is_no_orphan(installation: Installation, instance: dg.DagsterInstance) -> None:
    """Its heart beats although it has no lease."""
    staging = installation.open_staging()
    take(staging, installation.put_in_flight(instance, Status.STARTED), "strict")
    waiting = installation.put_in_flight(instance, Status.STARTED)
    staging.start_run(waiting, "strict")
    staging.succeed(live("strict"), waiting)

    counts = drains_in_flight(instance, staging)
    staging.close()

    assert counts == {("strict", "live"): 2}


def record(instance: dg.DagsterInstance, installation: Installation, started: float) -> dg.RunRecord:
    """A run that Dagster believes to have worked since then."""
    run_id = installation.put_in_flight(instance, Status.STARTED)
    found = instance.get_run_record_by_id(run_id)
    assert found is not None
    return found._replace(start_time=started)


def is_orphan(installation: Installation, found: dg.RunRecord, now: float) -> bool:
    """Whether the run would be failed at that time."""
    staging = installation.open_staging(Clock(now))
    lost = orphans([found], staging, now)
    staging.close()
    return lost == {found.dagster_run.run_id}


def test_a_started_run_may_take_its_time_to_show_in_the_store(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """A minute; after that nobody works on it."""
    found = record(instance, installation, NOW)

    assert not is_orphan(installation, found, NOW + ORPHAN_SECONDS - 1)
    assert is_orphan(installation, found, NOW + ORPHAN_SECONDS)


def test_a_run_is_an_orphan_once_its_lease_has_run_out(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """However long ago it was started."""
    found = record(instance, installation, NOW - 3600)
    staging = installation.open_staging(Clock(NOW))
    staging.start_run(found.dagster_run.run_id, "strict")
    staging.close()

    assert not is_orphan(installation, found, NOW + LEASE_SECONDS - 1)
    assert is_orphan(installation, found, NOW + LEASE_SECONDS)


@pytest.mark.parametrize("ending", ["drained", "buried", "down"])
def test_a_run_that_has_just_ended_is_no_orphan(
    installation: Installation, instance: dg.DagsterInstance, ending: Ending
) -> None:
    """Its process is still telling Dagster; one that was killed while it did is found a minute later."""
    found = record(instance, installation, NOW - 3600)
    staging = installation.open_staging(Clock(NOW))
    staging.start_run(found.dagster_run.run_id, "strict")
    staging.end_run(found.dagster_run.run_id, ending)
    staging.close()

    assert not is_orphan(installation, found, NOW + ORPHAN_SECONDS - 1)
    assert is_orphan(installation, found, NOW + ORPHAN_SECONDS)


def test_a_run_that_was_made_and_never_queued_blocks_its_stream_for_five_minutes(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """A daemon that died in between has forgotten it; it is failed, so that the next one may start."""
    run_id = installation.put_in_flight(instance, Status.NOT_STARTED)
    found = instance.get_run_record_by_id(run_id)
    assert found is not None
    made = found.create_timestamp.timestamp()

    assert not is_orphan(installation, found, made + UNLAUNCHED_SECONDS - 1)
    assert is_orphan(installation, found, made + UNLAUNCHED_SECONDS)


@pytest.mark.parametrize("status", [Status.STARTING, Status.CANCELING])
def test_other_runs_are_no_orphans(
    installation: Installation, instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    """Dagster's own monitoring looks after the others."""
    run_id = installation.put_in_flight(instance, status)
    found = instance.get_run_record_by_id(run_id)
    assert found is not None

    assert not is_orphan(installation, found, NOW + 86400)


@pytest.mark.parametrize(("parent", "expected"), [(None, ["other"]), ("earlier", ["strict", "other"])])
def test_a_destination_whose_runs_end_at_once_is_slowed_down(
    installation: Installation, instance: dg.DagsterInstance, parent: str | None, expected: list[str]
) -> None:
    """Once its runs of the day are used up; the other one is not, and re-executions cost nothing."""
    installation.accept("a")
    for _ in range(BURST):
        installation.put_in_flight(instance, Status.FAILURE, parent)

    assert requested(installation, instance) == expected


# Lanes and redeliveries


def streams(installation: Installation, instance: dg.DagsterInstance) -> list[str]:
    """The streams that one tick requests runs for."""
    return [asked.tags["stream"] for asked in tick(installation, instance)]


def redeliver(installation: Installation) -> str:
    """Have everything delivered to `strict`, and asked for once more; returns the name of the stream."""
    staging = installation.open_staging()
    staging.settle(take(staging, "live-run", "strict"), Settlement(delivered=staging.pending("strict", 100)))
    staging.end_run("live-run", "drained")
    stream = staging.redeliver("strict", Part(0, staging.head()), 0).stream
    staging.close()
    return stream


def test_each_lane_gets_a_run_of_its_own(installation: Installation, instance: dg.DagsterInstance) -> None:
    """The settings say how many; what is pending already goes out first, by the stream that was there before."""
    installation.accept("a")
    installation.configure("strict", "lanes = 3")

    before = streams(installation, instance)
    staging = installation.open_staging()
    staging.settle(take(staging, "live-run", "strict"), Settlement(delivered=staging.pending("strict", 1)))
    staging.close()
    installation.accept("b")
    after = tick(installation, instance)

    assert before == ["strict/live", "other/live"]
    assert [each.tags["stream"] for each in after] == [
        *("strict/lane-1-of-3", "strict/lane-2-of-3", "strict/lane-3-of-3", "other/live"),
    ]
    assert after[1].run_config["ops"]["deliver"] == {"config": {"destination": "strict", "stream": "lane-2-of-3"}}


def test_a_run_of_one_lane_is_enough_for_that_lane(installation: Installation, instance: dg.DagsterInstance) -> None:
    """The other lanes are streams like any other."""
    installation.configure("strict", "lanes = 2")
    tick(installation, instance)
    installation.accept("a")
    installation.put_in_flight(instance, Status.STARTING, stream="lane-1-of-2")

    assert streams(installation, instance) == ["strict/lane-2-of-2", "other/live"]


def test_a_redelivery_gets_runs_beside_the_live_stream(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """With a tag of its own, and behind the live ones in Dagster's queue."""
    installation.accept("a")
    stream = redeliver(installation)
    installation.put_in_flight(instance, Status.STARTED)

    asked = {each.tags["stream"]: each for each in tick(installation, instance)}

    assert [*asked] == [f"strict/{stream}", "other/live"]
    assert asked[f"strict/{stream}"].tags["dagster/priority"] == "-1"
    assert "dagster/priority" not in asked["other/live"].tags
    installation.put_in_flight(instance, Status.STARTING, stream=stream)
    assert streams(installation, instance) == ["other/live"]


def test_a_redelivery_waits_while_live_delivery_does_not_get_on(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Its own run would fail as well; the live stream comes first."""
    installation.accept("a")
    redeliver(installation)
    installation.accept("b")
    staging = installation.open_staging()
    staging.back_off(take(staging, "run-1", "strict"), time.time() + 60, "HTTP 503")
    staging.end_run("run-1", "down")
    staging.close()

    assert streams(installation, instance) == ["other/live"]


def test_a_cancelled_redelivery_gets_no_run(installation: Installation, instance: dg.DagsterInstance) -> None:
    """Nor does one that is over."""
    installation.accept("a")
    stream = redeliver(installation)
    staging = installation.open_staging()
    staging.cancel_redelivery(stream)
    staging.close()

    assert streams(installation, instance) == ["other/live"]


def test_the_runs_of_a_redelivery_cost_the_live_stream_nothing(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Each stream has its runs of the day."""
    installation.accept("a")
    stream = redeliver(installation)
    installation.accept("b")
    for _ in range(BURST):
        installation.put_in_flight(instance, Status.FAILURE, stream=stream)

    assert streams(installation, instance) == ["strict/live", "other/live"]
