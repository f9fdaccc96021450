"""When does a snapshot stop before it sends anything?"""

import pytest

from analytics_platform.snapshots.findings import checks
from tests.application import Account, Application

pytest_plugins = ["tests.snapshot_fixtures"]

GOOD: tuple[Account, ...] = (("acme", "team", 3, 87.0), ("globex", "business", 2, 98.0))


def failed(application: Application, key: str = "2026-03-04", *, accept: bool = False) -> dict[str, str]:
    """The checks for which nothing was sent, with their sentences."""
    outcome = application.take(key, accept=accept)
    assert not (outcome.stopped and outcome.sent)
    return {each.check: each.sentence for each in outcome.stopped}


@pytest.mark.parametrize(
    ("rows", "check", "sentence"),
    [
        ((*GOOD, (None, "team", 1, 0.0)), "ids_are_not_null", "1 row(s) without a account_id"),
        ((*GOOD, (" ", "team", 1, 0.0)), "ids_are_not_null", "1 row(s) without a account_id"),
        ((*GOOD, GOOD[0]), "ids_are_unique", "1 row(s) with a account_id that was there"),
        (
            (*GOOD, ("initech", "team", "many", 0.0)),
            "traits_are_valid",
            "1 call(s) break the plan: $.traits.seat_count: expected integer, found string (1)",
        ),
        (
            (*GOOD, ("initech", "team", -1, 0.0)),
            "traits_are_valid",
            "1 call(s) break the plan: $.traits.seat_count: expected at least 0, found integer (1)",
        ),
    ],
)
def test_rows_that_are_wrong_stop_everything(
    application: Application, rows: tuple[Account, ...], check: str, sentence: str
) -> None:
    """Also for a person who accepts changes; the sentence names a column and a rule, no value."""
    application.has(*rows)

    assert failed(application, accept=True) == {check: sentence}
    assert application.calls() == []


def test_a_repeated_id_is_found_among_entities_that_are_known(application: Application) -> None:
    """Whichever of the two rows differs."""
    application.declare(tolerance=5)
    application.take()
    application.has(*GOOD, ("acme", "team", 4, 87.0))

    assert [*failed(application, "2026-03-05")] == ["ids_are_unique"]


def test_a_metric_that_is_halved_stops_before_it_is_sent(application: Application) -> None:
    """The sentence has both sums and what is tolerated."""
    application.take("2026-03-04")
    application.has(("acme", "team", 3, 43.5), ("globex", "business", 2, 49.0))

    assert failed(application, "2026-03-05") == {
        "mrr_is_plausible": "the sum of mrr went from 185 to 92.5 (-50%), 40% is tolerated"
    }
    assert len(application.calls()) == 2


def test_a_person_may_have_a_change_sent_anyway(application: Application) -> None:
    """From then on it is what the next reading is compared with."""
    application.take("2026-03-04")
    application.has(("acme", "team", 3, 43.5), ("globex", "business", 2, 49.0))

    accepted, after = failed(application, "2026-03-05", accept=True), failed(application, "2026-03-06")

    assert (accepted, after) == ({}, {})
    assert len(application.calls()) == 4


def test_a_reading_that_was_stopped_is_compared_with_by_nobody(application: Application) -> None:
    """The nonsense of yesterday does not make today's the rule."""
    application.take("2026-03-04")
    application.has(("acme", "team", 3, 43.5), ("globex", "business", 2, 49.0))

    failures = [*failed(application, "2026-03-05"), *failed(application, "2026-03-06")]

    assert failures == ["mrr_is_plausible", "mrr_is_plausible"]


def test_an_empty_table_stops_before_everybody_is_told_to_be_gone(application: Application) -> None:
    """A farewell for every entity is what a broken join looks like."""
    application.declare(farewell={"is_deleted": True})
    application.take("2026-03-04")
    application.has()

    assert failed(application, "2026-03-05")["row_count_is_plausible"] == (
        "the number of rows went from 2 to 0 (-100%), 40% is tolerated"
    )
    assert len(application.calls()) == 2


def test_each_metric_may_have_its_own_tolerance(application: Application) -> None:
    """And the others keep the common one."""
    application.declare(tolerances={"mrr": 0.6})
    application.take("2026-03-04")
    application.has(("acme", "team", 3, 43.5), ("globex", "business", 2, 49.0))

    assert failed(application, "2026-03-05") == {}


def test_the_first_reading_has_nothing_to_be_compared_with(application: Application) -> None:
    """Nor has one after nothing: from zero every change is boundless."""
    findings = application.take().reading.findings

    assert [each.sentence for each in findings][3] == "the number of rows is 2, with nothing to compare it with"


def test_every_finding_belongs_to_a_declared_check(application: Application) -> None:
    """Dagster refuses results of checks that it was not told of."""
    findings = application.take().reading.findings

    assert [each.check for each in findings] == [*checks(application.declaration)]
