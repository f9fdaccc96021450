"""What does a person read of a run in Dagster's UI?"""

from dataclasses import replace

import dagster as dg
import pytest

from analytics_platform.delivery.run import Report
from analytics_platform.delivery.tally import Tally
from analytics_platform.metadata import describe, health, sentence
from analytics_platform.staging.base import DeadLetter, Ending, Event
from analytics_platform.staging.streams import Part, Redelivery

EVENT = Event(7, "web", "m-7", 0.0, '{"properties": {"title": "content-canary"}}')
LETTER = DeadLetter(1, "vendor", EVENT, "HTTP 400", "invalid field answer-canary", "run-1", 0.0, "dead")


def test_numbers_are_shown_of_every_run() -> None:
    """Dagster plots them over time."""
    tally = Tally(requests=3, delivered=120, skipped=5, bytes=4000)
    tally.lags.values.extend([0.5] * 18 + [2.0, 9.0])
    tally.latencies.values.extend([0.1, 0.2, 0.3])

    assert describe(Report(tally)) == {
        "delivered": 120,
        "skipped": 5,
        "requests": 3,
        "rejected_in_all": 0,
        "still_dead": 0,
        "bytes": 4000,
        "lag_seconds_p50": 0.5,
        "lag_seconds_p95": 2.0,
        "vendor_seconds_p50": 0.2,
        "vendor_seconds_p95": 0.3,
    }


def test_what_was_not_measured_is_not_shown() -> None:
    """A zero would be a lie in the plot."""
    assert "lag_seconds_p50" not in describe(Report())


def test_the_health_of_a_destination_is_its_runs_numbers() -> None:
    """Each run is a point of the plots on the destination's page; tables stay with the run."""
    metadata = describe(Report(Tally(dead=2), still_dead=1, dead_letters=[LETTER], reasons={"HTTP 400": 1}))

    event = health("vendor", dg.Failure("", metadata=metadata).metadata)

    assert event.asset_key == dg.AssetKey(["destinations", "vendor"])
    assert event.metadata["rejected_in_all"] == dg.IntMetadataValue(2)
    assert {"rejected", "reasons"}.isdisjoint(event.metadata)


def test_reasons_are_counted_in_a_table() -> None:
    """Of all letters, not of the first ones alone; the most frequent first."""
    table = describe(Report(still_dead=205, reasons={"HTTP 413": 5, "HTTP 400": 200}))["reasons"]

    assert isinstance(table, dg.TableMetadataValue)
    assert [record.data for record in table.records] == [
        {"reason": "HTTP 400", "events": 200},
        {"reason": "HTTP 413", "events": 5},
    ]


def test_what_is_still_dead_is_named_with_its_reason() -> None:
    """Ids, reasons, and of the vendor's words those that quote nobody."""
    metadata = describe(Report(Tally(dead=1), still_dead=1, dead_letters=[LETTER]))

    table = metadata["rejected"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [record.data for record in table.records] == [
        {"seq": 7, "messageId": "m-7", "reason": "HTTP 400", "vendor": "invalid field …"}
    ]
    assert "canary" not in repr(metadata)


def test_a_run_with_nothing_to_do_says_so() -> None:
    """Green without a word would be a riddle."""
    assert describe(Report(note="nothing to do"))["note"] == "nothing to do"


NOTHING_IS_LOST = "vendor takes no events now (HTTP 503). Nothing is lost"
SENTENCES = {
    "buried": "vendor: 2 event(s) were rejected, see `rejected` in the metadata (HTTP 503). "
    "Mend the cause, then press Re-execute: it delivers exactly those that are still dead.",
    "down": f"{NOTHING_IS_LOST}. The next try is in about 5 min by itself; Re-execute tries at once.",
    "halted": "vendor refuses our key, address or configuration (HTTP 503). Nothing is lost. Mend the destination's "
    "settings and restart. The next try is in about 5 min by itself; Re-execute tries at once.",
    "died": "vendor: this run was taken for dead and stopped (HTTP 503). "
    "Nothing is lost, live delivery goes on by itself.",
    None: f"{NOTHING_IS_LOST}, this run tries again.",
}


@pytest.mark.parametrize("ending", ["buried", "down", "halted", "died", None])
def test_a_failed_drain_says_what_happened_and_what_to_do(ending: Ending | None) -> None:
    """In words for whoever is on call."""
    report = Report(ending=ending, is_failure=True, error="HTTP 503", still_dead=2, retry_in=300.0)

    assert sentence("vendor", report) == SENTENCES[ending]


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("down", f"{NOTHING_IS_LOST}. Press Re-execute to try again."),
        (
            "stopped",
            "vendor: this re-execution is not done (HTTP 503). Nothing is lost. Press Re-execute to try again.",
        ),
    ],
)
def test_a_re_execution_that_failed_is_tried_again_by_a_person(ending: Ending, expected: str) -> None:
    """Nothing else would replay its dead letters."""
    assert sentence("vendor", Report(ending=ending, is_failure=True, error="HTTP 503")) == expected


REDELIVERY = Redelivery("vendor", "redelivery-3", Part(100, 300), 5.0, 0.0, 250, 120, 30, None, is_cancelled=False)


@pytest.mark.parametrize(
    ("redelivery", "said", "percent"),
    [
        (REDELIVERY, "redelivery-3 (goes on)", 75.0),
        (replace(REDELIVERY, cursor=300, ended_at=1.0), "redelivery-3 (finished)", 100.0),
        (replace(REDELIVERY, ended_at=1.0, is_cancelled=True), "redelivery-3 (cancelled)", None),
    ],
)
def test_a_run_of_a_redelivery_says_how_far_that_is(redelivery: Redelivery, said: str, percent: float | None) -> None:
    """After all of its runs together; Dagster plots the number."""
    metadata = describe(Report(redelivery=redelivery))

    assert (metadata["redelivery"], metadata.get("redelivery_percent")) == (said, percent)
    assert metadata["redelivery_delivered"] == 120
