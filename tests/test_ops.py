"""What does a run look like to Dagster, and what is left of it in Dagster's storage?"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from analytics_platform.definitions import defs
from analytics_platform.delivery.run import Attempt, Report
from analytics_platform.ops import ancestors, try_once
from analytics_platform.staging.base import Dead
from tests.fakes.vendor import Received, Reply
from tests.installation import ANSWER, CANARIES, KEY, Installation

pytest_plugins = ["tests.installation_fixtures"]

Type = dg.DagsterEventType
LAST_TRY = Attempt("run-1")


@pytest.fixture
def kept() -> Iterator[dg.DagsterInstance]:
    """A Dagster whose storage is on disk, so that runs can be executed again."""
    with dg.instance_for_test() as instance:
        yield instance


def delivery_job() -> dg.JobDefinition:
    """The job, where Dagster can import it."""
    return defs.get_job_def("delivery")


def re_execute(instance: dg.DagsterInstance, run_id: str) -> dg.JobExecutionResult:
    """Press the button."""
    options = dg.ReexecutionOptions.from_failure(run_id, instance)
    return dg.execute_job(dg.reconstructable(delivery_job), instance=instance, reexecution_options=options)


def kinds(result: dg.ExecuteInProcessResult) -> Counter[str]:
    """How many events of each kind a run has left."""
    return Counter(event.event_type_value for event in result.all_events)


def shown(result: dg.ExecuteInProcessResult) -> tuple[str, Mapping[str, dg.MetadataValue[Any]]]:
    """The sentence and the metadata of a failed run."""
    data = result.failure_data_for_node("deliver")
    assert data is not None
    assert data.user_failure_data is not None
    return data.user_failure_data.description or "", data.user_failure_data.metadata


def failed(outcome: Report | dg.Failure) -> dg.Failure:
    """The failure that a try has come to."""
    assert isinstance(outcome, dg.Failure)
    return outcome


def refuse(installation: Installation, *message_ids: str) -> None:
    """Have the vendor refuse requests with one of these events in them, and quote the event and the key."""

    def rule(received: Received) -> Reply | None:
        return (
            Reply(400, f"invalid {ANSWER} {KEY} {received.raw.decode()}")
            if {*message_ids} & {*received.message_ids}
            else None
        )

    installation.vendor.will(rule)


def test_a_run_delivers_and_shows_its_numbers(installation: Installation, instance: dg.DagsterInstance) -> None:
    """Here it is told to stop as soon as the vendor has got something."""
    installation.accept("a", "b", destination="other")
    installation.vendor.will(lambda _: installation.stop())

    result = installation.execute(instance, "other")

    output = next(event for event in result.all_events if event.is_successful_output)
    assert result.success
    assert installation.vendor.accepted_ids == ["a", "b"]
    shown = {name: value.value for name, value in output.step_output_data.metadata.items()}
    assert {name: value for name, value in shown.items() if isinstance(value, int) and name != "bytes"} == {
        "delivered": 2,
        "skipped": 0,
        "requests": 1,
        "rejected_in_all": 0,
        "still_dead": 0,
    }
    assert {*shown} > {"bytes", "lag_seconds_p50", "lag_seconds_p95", "vendor_seconds_p50", "vendor_seconds_p95"}


def test_a_run_records_the_health_of_its_destination(installation: Installation, kept: dg.DagsterInstance) -> None:
    """Also when it fails: each run is a point in the plots of the destination's asset."""
    installation.accept("event-a", "event-b", destination="other")
    refuse(installation, "event-b")

    result = installation.execute(kept, "other")

    recorded = kept.get_latest_materialization_event(dg.AssetKey(["destinations", "other"]))
    assert recorded is not None
    assert recorded.run_id == result.run_id
    assert recorded.asset_materialization is not None
    numbers = recorded.asset_materialization.metadata
    assert (numbers["delivered"].value, numbers["still_dead"].value) == (1, 1)


def test_a_rejected_event_fails_its_run_and_re_executing_delivers_exactly_it(
    installation: Installation, kept: dg.DagsterInstance
) -> None:
    """Promises 2, 3 and 8: a failed run names the dead letters, re-executing it is their replay, nothing is told."""
    installation.accept("event-a", "event-b", "event-c", destination="other")
    refuse(installation, "event-b")

    first = installation.execute(kept, "other")
    second = re_execute(kept, first.run_id)
    installation.vendor.recovers()
    third = re_execute(kept, second.run_id)
    fourth = re_execute(kept, first.run_id)

    sentence, metadata = shown(first)
    assert sentence.startswith("other: 1 event(s) were rejected, see `rejected` in the metadata.")
    rejected = metadata["rejected"]
    assert isinstance(rejected, dg.TableMetadataValue)
    assert [{**record.data, "vendor": ""} for record in rejected.records] == [
        {"seq": 2, "messageId": "event-b", "reason": "HTTP 400", "vendor": ""}
    ]
    assert str(rejected.records[0].data["vendor"]).startswith("invalid …")
    assert [run.success for run in (first, second, third, fourth)] == [False, False, True, True]
    assert Counter(installation.vendor.accepted_ids) == Counter(["event-a", "event-b", "event-c"])
    assert told(kept) == []


def told(instance: dg.DagsterInstance) -> list[str]:
    """The canaries that are found anywhere in Dagster's storage."""
    home = Path(instance.root_directory)
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b"event-b" in stored
    return [canary for canary in CANARIES if canary.encode() in stored]


def test_a_key_that_is_refused_fails_the_run_without_another_try(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """The sentence says what to mend; the store keeps the events, and the time of the next try."""
    installation.accept("a", destination="strict")
    installation.vendor.will_answer(401, f"{KEY} is not a key")

    result = installation.execute(instance, "strict")

    sentence, metadata = shown(result)
    assert sentence.startswith("strict refuses our key, address or configuration (HTTP 401). Nothing is lost.")
    assert metadata["still_dead"].value == 0
    assert len(installation.vendor.requests) == 1
    assert kinds(result)["STEP_UP_FOR_RETRY"] == 0


def test_a_run_for_a_destination_that_is_not_configured_fails_with_one_sentence(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Without another try, and without a chain of errors."""
    result = installation.execute(instance, "old")

    data = result.failure_data_for_node("deliver")
    assert data is not None
    assert data.error is not None
    assert shown(result)[0] == (
        "old is not one of the configured destinations: add it to the settings again, then press Re-execute."
    )
    assert kinds(result)["STEP_UP_FOR_RETRY"] == 0
    assert (data.error.cause, data.error.context) == (None, None)


def test_a_replay_delivers_its_selection_whoever_buried_it(
    installation: Installation, kept: dg.DagsterInstance
) -> None:
    """Even when the run that did is forgotten; replaying it again has nothing to do."""
    installation.accept("event-a", "event-b", destination="other")
    refuse(installation, "event-a", "event-b")
    buried = installation.execute(kept, "other")
    kept.delete_run(buried.run_id)
    installation.vendor.recovers()
    staging = installation.open_staging()
    staging.select_letters(Dead(ids=[2]), "selection")
    staging.close()
    config = {"destination": "other", "selection": "selection", "rate": 100.0}

    results = [
        delivery_job().execute_in_process({"ops": {"deliver": {"config": config}}}, instance=kept) for _ in range(2)
    ]

    outputs = [
        event.step_output_data.metadata for each in results for event in each.all_events if event.is_successful_output
    ]
    assert installation.vendor.accepted_ids == ["event-b"]
    assert [metadata["delivered"].value for metadata in outputs] == [1, 0]
    assert "nothing to do" in str(outputs[1]["note"].value)


def test_a_vendor_that_is_down_is_tried_again_by_the_same_run(installation: Installation) -> None:
    """For about a minute, under the same lease; the last try gives up the lease and has the stream back off."""
    installation.accept("a", destination="strict")
    installation.vendor.will_answer(520)

    first = failed(try_once("strict", Attempt("run-1", is_last=False, pause=60.0), installation.platform))
    last = failed(try_once("strict", LAST_TRY, installation.platform))

    staging = installation.open_staging()
    ending = staging.runs(["run-1"])[0].ending
    staging.close()
    assert (first.allow_retries, last.allow_retries) == (True, False)
    assert first.description == "strict takes no events now (HTTP 520). Nothing is lost, this run tries again."
    assert (last.description or "").startswith("strict takes no events now (HTTP 520). Nothing is lost. The next try")
    assert ending == "down"


def test_a_store_that_cannot_be_used_is_tried_again_and_sends_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in it waits."""
    installation.accept("a", destination="strict")
    monkeypatch.setenv("ANALYTICS_QUEUE", f"sqlite:///{installation.data}")

    outcome = failed(try_once("strict", LAST_TRY, installation.platform))

    assert outcome.allow_retries
    assert "cannot be opened" in (outcome.description or "")
    assert installation.vendor.requests == []


def test_a_store_that_is_damaged_promises_nothing(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in it may be lost; the sentence says what to do, and no more than is known."""
    (installation.data / "damaged.db").write_text("no database\n" * 1000)
    monkeypatch.setenv("ANALYTICS_QUEUE", f"sqlite:///{installation.data}/damaged.db")

    outcome = failed(try_once("strict", LAST_TRY, installation.platform))

    assert "`analytics restore` the last backup" in (outcome.description or "")
    assert (outcome.description or "").endswith(". Nothing is sent until the store is back.")


def test_settings_that_are_wrong_fail_the_run_with_their_sentence(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trying again would not mend them."""
    monkeypatch.delenv("VENDOR_KEY")

    outcome = failed(try_once("strict", LAST_TRY, installation.platform))

    assert not outcome.allow_retries
    assert outcome.description == (
        f"{Path.cwd()}/analytics.toml: destinations.other.api_key_env: "
        "the environment variable VENDOR_KEY is not set; set it to the key."
    )


def test_an_error_of_ours_says_where_and_quotes_nothing(installation: Installation) -> None:
    """Its own words could be an event's: here a stored call lacks what every accepted one has."""
    installation.accept("a", destination="strict", timestamp=None)

    outcome = failed(try_once("strict", LAST_TRY, installation.platform))

    assert outcome.allow_retries
    assert re.fullmatch(
        r"strict: an error of ours, KeyError at ops\.py:\d+ > .* > webhook\.py:\d+\. Nothing is lost\.",
        outcome.description or "",
    )


def test_the_runs_that_a_run_re_executes_are_found_nearest_first(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Up to one that Dagster has forgotten, whose dead letters are still asked for."""
    forgotten = "00000000-0000-0000-0000-000000000000"
    first = installation.put_in_flight(instance, dg.DagsterRunStatus.FAILURE, forgotten)
    second = installation.put_in_flight(instance, dg.DagsterRunStatus.FAILURE, first)
    run = instance.get_run_by_id(second)

    assert run is not None
    assert ancestors(run, instance) == [first, forgotten]
