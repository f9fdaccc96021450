"""How long an event takes from its acceptance to its destination, in the running product.

It takes half an hour, so it is not part of `make bench`: `make latency` runs it.
"""

import os
import random
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

import requests

from analytics_platform.supervisor import STOP_FILE
from tests.benchmarks import servers
from tests.fakes.product import Product, eventually, running

SECONDS = float(os.environ.get("LATENCY_SECONDS", "900"))  # a run lasts 600: at least one hand-over
RATE = 200  # events a second
GROUP = 10  # of them in one request
FLUSH_INTERVAL = 1.0  # seconds, of the destination `steady`; that of `prompt` is 0
STARTS = int(os.environ.get("LATENCY_STARTS", "12"))  # runs
QUIET = 15.0  # seconds before a first event: three turns of the sensor, after which an hour holds nothing new
SETTLED = 60.0  # seconds for what is under way at the end

CONFIG = """
[destinations.steady]
type = "segment"
endpoint = "{url}/steady"
api_key_env = "SINK_KEY"
batch_size = 2000
flush_interval_ms = 1000

[destinations.prompt]
type = "segment"
endpoint = "{url}/prompt"
api_key_env = "SINK_KEY"
flush_interval_ms = 0
"""
CONFIG_OF_ONE = """
[destinations.first]
type = "segment"
endpoint = "{url}/first"
api_key_env = "SINK_KEY"
flush_interval_ms = 0
"""


def measure(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the table; there is no yardstick but the flush interval."""
    arrivals = folder / "arrivals"
    arrivals.mkdir()
    with servers.sink(arrivals=arrivals) as sink:
        url = f"http://127.0.0.1:{sink.port}"
        starts = _starts(folder / "starts", url, arrivals)
        what = f"accepted to delivered, first event after silence, flush interval 0, p50 / p95 of {STARTS}, s"
        yield what, f"{median(starts):.1f} / {_p95(starts):.1f}", "5 at most", ""
        _run_steadily(folder / "steady", url, arrivals)
        accepted = _arrivals(arrivals, "accepted")
        for name, interval, at_most in (
            ("steady", FLUSH_INTERVAL, f"{FLUSH_INTERVAL + 0.5} / {FLUSH_INTERVAL + 3} at most"),
            ("prompt", 0, "0.3 / - at most"),
        ):
            arrived = _arrivals(arrivals, name)
            lags = [arrived[message_id] - at for message_id, at in accepted.items()]
            what = f"accepted to delivered, {RATE} events/s for {SECONDS / 60:g} min, flush interval {interval:g}"
            yield (
                f"{what}, p50 / p95 / max, s",
                f"{median(lags):.2f} / {_p95(lags):.2f} / {max(lags):.2f}",
                at_most,
                "",
            )


def _starts(data: Path, url: str, arrivals: Path) -> list[float]:
    """Seconds that first events took, each of which had a run to start."""
    lags = []
    with running(data, _environment(data, CONFIG_OF_ONE, url)) as product:
        for _ in range(STARTS):
            eventually(lambda: product.runs("first", "QUEUED", "STARTING", "STARTED"), lambda found: not found)
            time.sleep(QUIET + random.uniform(0, 5))  # noqa: S311  at any moment of the sensor's turn
            (message_id,), accepted = _accepted(requests.Session(), product, 1)
            lags.append(_arrivals_of(arrivals, "first", {message_id})[message_id] - accepted)
            (product.data / STOP_FILE).touch()  # a run that has delivered lasts for another five minutes
            eventually(lambda: product.runs("first", "QUEUED", "STARTING", "STARTED"), lambda found: not found)
            (product.data / STOP_FILE).unlink()
    return lags


def _run_steadily(data: Path, url: str, arrivals: Path) -> None:
    """Have events accepted at an even pace, once a run of each destination is there, and all of them delivered."""
    with running(data, _environment(data, CONFIG, url)) as product, requests.Session() as session:
        _accepted(session, product, 1)
        eventually(lambda: [*arrivals.iterdir()], lambda found: {"steady", "prompt"} <= {each.name for each in found})
        started = time.monotonic()
        with (arrivals / "accepted").open("w") as file:
            for turn in range(int(SECONDS * RATE / GROUP)):
                time.sleep(max(started + turn * GROUP / RATE - time.monotonic(), 0))
                message_ids, at = _accepted(session, product, GROUP)
                file.writelines(f"{message_id} {at}\n" for message_id in message_ids)
        for name in ("steady", "prompt"):
            _arrivals_of(arrivals, name, _arrivals(arrivals, "accepted").keys())


def _environment(data: Path, config: str, url: str) -> Mapping[str, str]:
    data.mkdir()
    (data / "analytics.toml").write_text(config.format(url=url))
    return {"ANALYTICS_CONFIG": str(data / "analytics.toml"), "SINK_KEY": "key"}


def _accepted(session: requests.Session, product: Product, count: int) -> tuple[list[str], float]:
    """The messageIds of so many events, and when they were answered."""
    message_ids = [str(uuid4()) for _ in range(count)]
    calls = [
        {"type": "track", "event": "report.created", "userId": f"u-{message_id[:2]}", "messageId": message_id}
        | {"properties": {"report_id": "r-1"}}
        for message_id in message_ids
    ]
    answer = session.post(f"{product.api}/v1/batch", json={"batch": calls}, auth=("demo", ""), timeout=30)
    if answer.status_code != requests.codes.ok or answer.json().get("rejected"):
        raise RuntimeError(f"the events were answered {answer.status_code}")
    return message_ids, time.monotonic()


def _arrivals(folder: Path, name: str) -> dict[str, float]:
    """When each event came first, by the clock that all processes share."""
    found: dict[str, float] = {}
    if (folder / name).exists():
        for line in (folder / name).read_text().splitlines():
            message_id, _, at = line.partition(" ")
            found.setdefault(message_id, float(at))
    return found


def _arrivals_of(folder: Path, name: str, wanted: Collection[str]) -> dict[str, float]:
    """The same once all of these have come."""
    return eventually(lambda: _arrivals(folder, name), lambda found: found.keys() >= set(wanted), SETTLED)


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[18]
