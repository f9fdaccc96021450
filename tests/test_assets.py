"""What does Dagster show of a snapshot, and what does it never get to know?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from analytics_platform.assets import broken_asset, lineage, snapshot_asset
from analytics_platform.resources import Platform
from tests.application import OF_A_DAY, Application

pytest_plugins = ["tests.snapshot_fixtures"]

TODAY = datetime.now(UTC).strftime("%Y-%m-%d")
PASSWORD = "password-canary"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster of its own, whose storage can be searched."""
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture
def installed(application: Application, monkeypatch: pytest.MonkeyPatch) -> Application:
    """The application, with the environment in which its snapshot is taken."""
    monkeypatch.chdir(application.folder)
    monkeypatch.setenv("ANALYTICS_DATA_DIR", str(application.folder))
    monkeypatch.setenv("APPLICATION_DATABASE", application.url)
    monkeypatch.setenv("ANALYTICS_SNAPSHOTS", str(application.folder / "snapshots"))
    return application


def materialise(
    application: Application, instance: dg.DagsterInstance, key: str = TODAY, **config: bool
) -> dg.ExecuteInProcessResult:
    """Press Materialize."""
    return dg.materialize(
        [snapshot_asset(application.declaration), *lineage([application.declaration], ["vendor"])],
        partition_key=key,
        instance=instance,
        resources={"platform": Platform()},
        run_config={"ops": {"accounts": {"config": config}}} if config else None,
        raise_on_error=False,
    )


def shown(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """The metadata of the materialisation."""
    [event] = result.asset_materializations_for_node("accounts")
    return {name: value.value for name, value in event.metadata.items()}


def preview(result: dg.ExecuteInProcessResult) -> list[dict[str, Any]]:
    """The rows of the preview."""
    [event] = result.asset_materializations_for_node("accounts")
    table = event.metadata["preview"]
    assert isinstance(table, dg.TableMetadataValue)
    return [dict(record.data) for record in table.records]


def failure(result: dg.ExecuteInProcessResult) -> str:
    """The sentence of a failed run."""
    data = result.failure_data_for_node("accounts")
    assert data is not None
    assert data.error is not None
    assert (data.error.cause, data.error.context) == (None, None)
    return data.user_failure_data.description if data.user_failure_data and data.user_failure_data.description else ""


def checked(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    """The outcome of each asset check."""
    return {each.check_name: each.passed for each in result.get_asset_check_evaluations()}


def stored(instance: dg.DagsterInstance) -> bytes:
    """All that Dagster has stored."""
    return b"".join(path.read_bytes() for path in Path(instance.root_directory).rglob("*") if path.is_file())


def test_a_materialisation_shows_its_numbers(installed: Application, instance: dg.DagsterInstance) -> None:
    """Rows, changed, sent, and of each metric sum, least and greatest: Dagster plots them over time."""
    found = shown(materialise(installed, instance))

    numbers = {name: value for name, value in found.items() if name not in {"preview", "picture", "as_of"}}
    assert numbers == {
        "dagster/row_count": 2,
        "changed": 2,
        "sent": 2,
        "farewells": 0,
        "seat_count_sum": 5.0,
        "seat_count_min": 2.0,
        "seat_count_max": 3.0,
        "mrr_sum": 185.0,
        "mrr_min": 87.0,
        "mrr_max": 98.0,
    }


def test_a_materialisation_shows_its_first_rows(installed: Application, instance: dg.DagsterInstance) -> None:
    """Of a group its id, and the traits that the plan does not call personal."""
    assert preview(materialise(installed, instance)) == [
        {"account_id": "acme", "plan": "team", "seat_count": 3, "mrr": 87.0},
        {"account_id": "globex", "plan": "business", "seat_count": 2, "mrr": 98.0},
    ]


def test_personal_traits_are_not_shown(installed: Application, instance: dg.DagsterInstance) -> None:
    """Nor a user's id: neither is anywhere in Dagster's storage."""
    installed.declare(
        "SELECT 'id-canary' || account_id AS user_id, 'mail-canary' AS email, plan FROM accounts",
        call="identify",
        id="user_id",
        traits=["email", "plan"],
    )

    found = preview(materialise(installed, instance))

    assert found == [{"plan": "team"}, {"plan": "business"}]
    assert b"canary" not in stored(instance).replace(b"'id-canary'", b"").replace(b"'mail-canary'", b"")


def test_a_materialisation_has_a_picture_of_each_metric(installed: Application, instance: dg.DagsterInstance) -> None:
    """Whole within its address: nothing is fetched from anywhere."""
    picture = shown(materialise(installed, instance))["picture"]

    assert [line.partition("(data:image/svg+xml;base64,")[0] for line in picture.split("\n\n")] == [
        "![seat_count]",
        "![mrr]",
    ]


def test_every_check_is_shown_with_its_outcome(installed: Application, instance: dg.DagsterInstance) -> None:
    """Ids, traits, the number of rows and each metric."""
    assert checked(materialise(installed, instance)) == dict.fromkeys(
        [
            "ids_are_not_null",
            "ids_are_unique",
            "traits_are_valid",
            "row_count_is_plausible",
            "seat_count_is_plausible",
            "mrr_is_plausible",
        ],
        True,
    )


def test_a_snapshot_that_would_send_nonsense_fails_and_says_what_to_do(
    installed: Application, instance: dg.DagsterInstance
) -> None:
    """Nothing is sent, the check is red; run again with accept_changes it is sent."""
    materialise(installed, instance)
    installed.has(("acme", "team", 3, 43.5), ("globex", "business", 2, 49.0))

    stopped = materialise(installed, instance)
    told = len(installed.calls())
    accepted = materialise(installed, instance, accept_changes=True)

    assert failure(stopped) == (
        "accounts: nothing was sent: the sum of mrr went from 185 to 92.5 (-50%), 40% is tolerated. If that is right, "
        "take it again with accept_changes: in the launchpad (shift-click Materialize), or with `analytics snapshot "
        "run accounts --accept-changes`. If it is not, mend the query or its source."
    )
    assert not checked(stopped)["mrr_is_plausible"]
    assert (told, accepted.success, len(installed.calls())) == (2, True, 4)


def test_a_full_run_sends_everything_again(installed: Application, instance: dg.DagsterInstance) -> None:
    """By its configuration, in the launchpad."""
    materialise(installed, instance)

    assert shown(materialise(installed, instance, full=True))["sent"] == 2


def test_a_backfill_takes_each_day_as_it_was(installed: Application, instance: dg.DagsterInstance) -> None:
    """Of a query that is asked about a time: the partition's time is the calls' timestamp."""
    installed.declare(OF_A_DAY)

    results = [materialise(installed, instance, key) for key in ("2026-03-03", "2026-03-04")]

    assert [result.success for result in results] == [True, True]
    assert {call["timestamp"] for call in installed.calls()} == {"2026-03-03T23:59:59.999Z"}


def test_the_lineage_leads_from_the_database_to_the_destinations(installed: Application) -> None:
    """As assets that Dagster draws, but does not make."""
    snapshot = snapshot_asset(installed.declaration)
    specs = {spec.key: [dep.asset_key for dep in spec.deps] for spec in lineage([installed.declaration], ["crm-eu"])}

    assert [dep.asset_key.to_user_string() for spec in snapshot.specs for dep in spec.deps] == [
        "databases/application_database"
    ]
    assert {key.to_user_string(): [dep.to_user_string() for dep in deps] for key, deps in specs.items()} == {
        "databases/application_database": [],
        "staging": ["accounts"],
        "destinations/crm-eu": ["staging"],
    }


@pytest.mark.parametrize(
    ("fields", "hours"),
    [({}, 26), ({"cron": "5 * * * *"}, 3), ({"cron": "0 1 * * 1-5"}, 74)],
)
def test_a_snapshot_is_stale_when_a_reading_is_an_hour_late(
    installed: Application, fields: dict[str, Any], hours: int
) -> None:
    """After the longest gap of its schedule, such as a weekend; one hour more is for clocks that go back."""
    asset = snapshot_asset(installed.declare(**fields))

    [spec] = asset.specs

    assert spec.freshness_policy == dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=hours))


def test_a_broken_declaration_fails_its_own_run_with_its_fault() -> None:
    """Its schedule is gone with it, but the asset is there and says why."""
    result = dg.materialize([broken_asset("accounts", "accounts.toml: owner: is needed")], raise_on_error=False)

    assert failure(result) == "accounts.toml: owner: is needed."


URLS = {
    "sqlite": "sqlite:////nowhere/app.db?key=password-canary",
    "postgresql": "postgresql://reader:password-canary@127.0.0.1:1/app",
    "mysql": "mysql://reader:password-canary@127.0.0.1:1/app",
}


@pytest.mark.parametrize("dialect", URLS)
def test_a_wrong_password_reaches_neither_logs_nor_metadata_nor_run_config(
    installed: Application,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    dialect: str,
) -> None:
    """The run fails with a sentence; the address is nowhere in Dagster's storage, nor on the terminal."""
    installed.declare(dialect=dialect)
    monkeypatch.setenv("APPLICATION_DATABASE", URLS[dialect])

    result = materialise(installed, instance)

    assert failure(result).startswith("accounts: the database in APPLICATION_DATABASE refused (OperationalError")
    assert PASSWORD.encode() not in stored(instance)
    assert PASSWORD not in "".join(capfd.readouterr())


def test_a_variable_that_is_not_set_is_named(
    installed: Application, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the form that its value has."""
    monkeypatch.delenv("APPLICATION_DATABASE")

    assert failure(materialise(installed, instance)) == (
        "accounts: database_env: the environment variable APPLICATION_DATABASE is not set; set it to the database's "
        "address, such as postgresql://reader:PASSWORD@host/name. Nothing was sent."
    )


def test_an_error_in_a_snapshots_own_python_says_where(installed: Application, instance: dg.DagsterInstance) -> None:
    """Its words could quote a row, so they stay out."""
    path = installed.folder / "snapshots" / "accounts.py"
    path.write_text('"""Breaks."""\n\n\ndef rows(read, period):\n    raise KeyError("content-canary")\n')
    installed.declare()

    sentence = failure(materialise(installed, instance))

    assert sentence.startswith("accounts: an error of ours, KeyError at ")
    assert sentence.endswith("accounts.py:5.")
    assert b"content-canary" not in stored(instance)
