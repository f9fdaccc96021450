"""What becomes of a store on Postgres that an earlier version has written?"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from analytics_platform.staging import open_staging
from analytics_platform.staging.aside import Aside
from analytics_platform.staging.base import Counts, Dead, Staging, StagingError, Trouble
from analytics_platform.staging.postgres.digests import message_hash
from analytics_platform.staging.postgres.schema import VERSION
from tests.databases import everything_in
from tests.fakes.clock import Clock
from tests.programs import start
from tests.stores import entry, ids, pending_ids

pytest_plugins = ["tests.database_fixtures"]

VERSIONS = [Path(__file__).parent / "vectors" / f"postgres-version-{version}.sql" for version in range(1, VERSION)]


@pytest.fixture(params=VERSIONS, ids=lambda vector: vector.stem)
def url(request: pytest.FixtureRequest, postgres_url: str) -> str:
    """A store of an earlier version, in which `vendor` has had m-1, refused m-2 and not yet taken m-3."""
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute(request.param.read_bytes())
    return postgres_url


@pytest.fixture
def staging(url: str) -> Iterator[Staging]:
    """The same, opened by this version."""
    with closing(open_staging(url)) as staging:
        yield staging


def test_everything_in_it_stays(staging: Staging) -> None:
    """What is pending, what is dead, what was delivered, and whose messageIds are known."""
    letters = staging.open_letters("vendor", ["run-1"], 0, 10)

    assert pending_ids(staging) == ["m-3"]
    assert staging.troubles("vendor", staging.pending("vendor", 10)) == {3: Trouble(1_800_000_000.0, 2)}
    assert [(letter.event.message_id, letter.reason) for letter in letters] == [("m-2", "HTTP 400")]
    assert ids([each.event for each in staging.dead_letters(Dead(event="thing.done", user="u2"), 0, 10)]) == ["m-2"]
    assert [call.message_id for call in staging.quarantined(Aside(event="thing.wrong"), 0, 10)] == ["q-1"]
    assert staging.counts("vendor") == Counts(delivered=1, skipped=0, pending=1, dead=1)
    assert staging.append([entry("m-1"), entry("q-1", problems="[]"), entry("m-4")]) == [False, False, True]
    assert staging.head() == 4


def test_it_can_do_what_this_version_can(staging: Staging) -> None:
    """Such as to share a destination's users among lanes."""
    assert staging.split("vendor", 2)
    assert [state.stream for state in staging.streams(["vendor"], 10)] == ["live"]


DAY = """
CREATE TABLE analytics.events_{day} PARTITION OF analytics.events FOR VALUES IN ({day});
INSERT INTO analytics.days VALUES ({day}, {seq}, 1800000000 + 86400 * {day});
INSERT INTO analytics.events VALUES ({seq}, 1000, {day}, '{hash}', 'web', '{name}', '{{}}')
"""


@pytest.mark.parametrize("url", VERSIONS[3:4], indirect=True, ids=lambda vector: vector.stem)
def test_the_ids_of_the_last_eight_days_stay_known(url: str) -> None:
    """Up to version 4 each day had an index of its own; the log stays as it was."""
    with psycopg.connect(url, autocommit=True) as db:
        for day in range(2, 12):
            name = f"m-{day + 2}"
            db.execute(DAY.format(day=day, seq=day + 2, hash=message_hash(entry(name)), name=name))
    names = [f"m-{number}" for number in range(1, 14)]

    with closing(open_staging(url, Clock(1_800_950_400.0))) as staging:
        assert ids(staging.logged(None, 0, 100)) == names
        assert staging.append([entry(name) for name in names]) == [True] * 5 + [False] * 8


def test_it_is_brought_up_to_date_once_by_whoever_comes_first(url: str) -> None:
    """Of several processes that start together, the others wait, and find nothing to do."""
    processes = [start("append", url, name, "1") for name in ("a", "b", "c", "d")]

    results = [process.communicate(timeout=60) for process in processes]

    assert results == [("a-0\n", ""), ("b-0\n", ""), ("c-0\n", ""), ("d-0\n", "")]
    with psycopg.connect(url) as db:
        versions = db.execute("SELECT version FROM analytics.migrations ORDER BY version").fetchall()
    assert versions == [(version,) for version in range(1, VERSION + 1)]


@pytest.mark.parametrize("url", VERSIONS[:1], indirect=True, ids=lambda vector: vector.stem)
def test_a_migration_that_fails_changes_nothing(url: str) -> None:
    """It is one transaction: a store is never between two versions."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE TABLE analytics.limits (in_the_way integer)")
        before = everything_in(url)

        with pytest.raises(StagingError, match=r"cannot be opened: .*already exists"):
            open_staging(url)

        assert everything_in(url) == before
        db.execute("DROP TABLE analytics.limits")
    with closing(open_staging(url)) as staging:
        assert pending_ids(staging) == ["m-3"]


def test_a_store_of_a_newer_version_is_refused(postgres_url: str) -> None:
    """The sentence says what to do."""
    open_staging(postgres_url).close()
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute("INSERT INTO analytics.migrations (version) VALUES (%s)", (VERSION + 1,))

    with pytest.raises(StagingError, match=r"^the staging store .* was written by a newer version: install that one$"):
        open_staging(postgres_url)
