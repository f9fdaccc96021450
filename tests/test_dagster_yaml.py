"""Which runs does dagster.yaml let work at the same time?"""

import shutil
from pathlib import Path

import dagster as dg
import pytest
from dagster._utils.tags import TagConcurrencyLimitsCounter  # what the queue itself decides by

ROOT = Path(__file__).parent.parent


@pytest.fixture
def limits(tmp_path: Path) -> list[dict[str, object]]:
    """The tag limits as Dagster reads them."""
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    return [dict(limit) for limit in queue.tag_concurrency_limits]


def run(**tags: str) -> dg.DagsterRun:
    """A run with these tags; of `__` is made `/`."""
    return dg.DagsterRun("job", tags={name.replace("__", "/"): value for name, value in tags.items()})


@pytest.mark.parametrize(
    ("working", "next_one"),
    [
        ([run(dagster__backfill="b")], run(dagster__backfill="b")),
        ([run(snapshot="mrr")], run(snapshot="mrr")),
        ([run(snapshot=f"s{n}", dagster__partition="2026-03-04") for n in range(5)], run(dagster__partition="x")),
        ([run(destination="crm", stream="crm/live")] * 5, run(destination="crm", stream="crm/live")),
    ],
    ids=["the days of a backfill", "one snapshot", "catching up", "one stream"],
)
def test_a_run_waits_for_those_before_it(
    limits: list[dict[str, object]], working: list[dg.DagsterRun], next_one: dg.DagsterRun
) -> None:
    """With one fewer at work it need not wait."""
    assert TagConcurrencyLimitsCounter(limits, working).is_blocked(next_one)
    assert not TagConcurrencyLimitsCounter(limits, working[1:]).is_blocked(next_one)


@pytest.mark.parametrize("next_one", [run(stream="crm/live"), run(snapshot="mrr")], ids=["a delivery", "a snapshot"])
def test_a_backfill_holds_up_neither_deliveries_nor_other_snapshots(
    limits: list[dict[str, object]], next_one: dg.DagsterRun
) -> None:
    """However many days it has."""
    backfill = run(snapshot="seats", dagster__backfill="b", dagster__partition="2026-03-04")

    assert not TagConcurrencyLimitsCounter(limits, [backfill]).is_blocked(next_one)


def test_a_stream_holds_up_no_other_of_its_destination(limits: list[dict[str, object]]) -> None:
    """Lanes, a redelivery and a replay work side by side."""
    busy = [run(destination="crm", stream="crm/live")] * 5

    assert not TagConcurrencyLimitsCounter(limits, busy).is_blocked(run(destination="crm", stream="crm/redelivery-1"))
