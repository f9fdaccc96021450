"""Where may Dagster keep its own storage?"""

from pathlib import Path

import pytest

from analytics_platform.settings import ConfigurationError, load


def test_it_is_in_the_data_folder_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    """Also with an empty variable."""
    assert load({}, tmp_path).dagster_storage is None
    assert load({"ANALYTICS_DAGSTER_STORAGE": ""}, tmp_path).dagster_storage is None


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_a_postgres_is_named_with_the_driver_that_works(tmp_path: Path, scheme: str) -> None:
    """However its address begins, and without showing its password."""
    settings = load({"ANALYTICS_DAGSTER_STORAGE": f"{scheme}://dagster:canary@db:5432/dagster"}, tmp_path)

    assert settings.dagster_storage is not None
    assert settings.dagster_storage.get_secret_value() == "postgresql+psycopg2://dagster:canary@db:5432/dagster"
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("analytics:p%40@db/x", "analytics:p%40@db/x?options=-csearch_path%3Dpublic"),
        ("/x?host=/run/postgresql", "/x?host=/run/postgresql&options=-csearch_path%3Dpublic"),
        ("analytics@db/x?options=-csearch_path%3Dtheirs", "analytics@db/x?options=-csearch_path%3Dtheirs"),
        ("somebody@db/x", "somebody@db/x"),
    ],
)
def test_a_user_named_as_the_stores_schema_is_led_to_dagsters_tables(tmp_path: Path, url: str, meant: str) -> None:
    """Or one who may be named so; not if the address says itself where the tables are."""
    settings = load({"ANALYTICS_DAGSTER_STORAGE": f"postgresql://{url}"}, tmp_path)

    assert settings.dagster_storage is not None
    assert settings.dagster_storage.get_secret_value() == f"postgresql+psycopg2://{meant}"


@pytest.mark.parametrize("url", ["mysql://u:secret@db/x", "secret", "postgresql:secret", "sqlite:///secret.db"])
def test_another_address_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    """There may be a password in it."""
    with pytest.raises(ConfigurationError) as refused:
        load({"ANALYTICS_DAGSTER_STORAGE": url}, tmp_path)

    assert str(refused.value) == (
        "ANALYTICS_DAGSTER_STORAGE: must be postgresql://user:password@host/database; leave it unset for SQLite"
    )
