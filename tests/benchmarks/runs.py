"""How much Dagster's storage grows with each run, in the running product."""

from collections.abc import Iterator
from pathlib import Path

from analytics_platform.launching import launch_replay
from tests.benchmarks import servers
from tests.fakes.product import eventually, running

RUNS = 100
IN_FLIGHT = 5  # as many as dagster.yaml lets run at once
MEGABYTE = 1e6
JOBS = "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }"


def measure(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """A row of the table; the runs are replays that find nothing to do, which leave what every run leaves."""
    with servers.sink() as sink:
        environment = {"ANALYTICS_ENDPOINT": f"http://127.0.0.1:{sink.port}", "ANALYTICS_API_KEY": "key"}
        with running(folder / "runs", environment) as product:
            eventually(lambda: product.query(JOBS, {}), lambda found: "delivery" in str(found))  # it is loaded last
            home = product.data / "dagster"
            before = _size(home)
            for number in range(RUNS):
                launch_replay(product.dagster, "default", f"nothing-{number}", 0)
                eventually(
                    lambda: product.runs("default", "NOT_STARTED", "QUEUED", "STARTING", "STARTED"),
                    lambda found: len(found) < IN_FLIGHT,
                )
            eventually(lambda: product.runs("default", "SUCCESS"), lambda found: len(found) >= RUNS, 300)
            grown = (_size(home) - before) / RUNS
    what = f"Dagster's storage grows by, MB per 1,000 runs (of {RUNS} runs)"
    yield what, f"{grown * 1000 / MEGABYTE:.0f}", "", ""


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
