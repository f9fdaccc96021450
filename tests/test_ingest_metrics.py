"""What does Prometheus get to see?"""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from analytics_platform.staging import MEMORY, open_staging
from analytics_platform.staging.base import Settlement
from analytics_platform.staging.streams import Part
from ingest_api.board import board
from ingest_api.counters import Counters, Gauges
from ingest_api.metrics.app import Metrics
from ingest_api.metrics.processes import SILENT_SECONDS
from ingest_api.metrics.store import of_destinations
from ingest_api.room import Bounds
from tests.fakes.clock import Clock
from tests.fakes.product import children, eventually, free_port
from tests.ingest_process import command, running
from tests.running_api import TIMEOUT, basic, typed
from tests.stores import entry, take, take_stream

SETTINGS = """
[sources.web]
write_key_env = "WEB_KEY"
[destinations.vendor]
type = "file"
"""


class Ingest:
    """Two processes that take requests, and what is counted of them."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, metrics_port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.metrics_url = f"http://127.0.0.1:{metrics_port}/metrics"

    def post(self, body: object, path: str = "/api/analytics/batch", key: str = "web") -> requests.Response:
        """A request on a connection of its own, which any of the processes may take."""
        headers = {"Authorization": basic(key)}
        return requests.post(self.url + path, json=body, headers=headers, timeout=TIMEOUT)

    def metrics(self) -> dict[str, float]:
        """All of them, by name and labels."""
        return samples(requests.get(self.metrics_url, timeout=TIMEOUT).text)

    def has(self, name: str, value: float) -> dict[str, float]:
        """All metrics, once this one has the value."""
        return eventually(self.metrics, lambda found: found.get(name) == value, TIMEOUT)


def samples(text: str) -> dict[str, float]:
    """Prometheus's text as names with labels, and their values."""
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def ingest(tmp_path: Path) -> Iterator[Ingest]:
    """The product's ingest part, with metrics."""
    (tmp_path / "analytics.toml").write_text(SETTINGS)
    port, metrics_port = free_port(), free_port()
    environment = {"ANALYTICS_METRICS_PORT": str(metrics_port), "WEB_KEY": "web"}
    with running(tmp_path, port, "--workers", "2", **environment) as process:
        ingest = Ingest(process, port, metrics_port)
        eventually(lambda: _answers(ingest), bool, TIMEOUT)
        yield ingest


def _answers(ingest: Ingest) -> bool:
    try:
        return ingest.metrics().get("analytics_workers") == 2
    except requests.ConnectionError:
        return False


def test_all_processes_are_counted_together(ingest: Ingest) -> None:
    """Whichever took a request: the same port shows all of them, and the store as it is."""
    good, unplanned, bad = typed(), typed(event="report.odd"), {"type": "track"}
    for n in range(20):
        ingest.post({"batch": [good, good, unplanned, bad, {**good, "messageId": f"m-{n // 2}"}]})
    for _ in range(10):
        ingest.post({}, key="wrong")

    found = ingest.has("analytics_requests_total paths=own status=202", 20)
    found |= ingest.has("analytics_requests_total paths=own status=401", 10)

    assert {name: value for name, value in found.items() if name.startswith("analytics_events_total")} == {
        "analytics_events_total outcome=accepted source=web": 50,
        "analytics_events_total outcome=duplicate source=web": 10,
        "analytics_events_total outcome=quarantined source=web": 20,
        "analytics_events_total outcome=rejected source=web": 20,
    }
    assert found["analytics_refusals_total code=invalid_write_key"] == 10
    assert found["analytics_answer_seconds_count paths=own"] == 30
    assert found["analytics_commit_events_sum"] == 80
    assert found["analytics_destination_pending_events destination=vendor"] == 50
    assert found["analytics_destination_oldest_pending_seconds destination=vendor"] > 0
    assert found["analytics_destination_dead_letters destination=vendor"] == 0
    assert (found["analytics_store_up"], found["analytics_queue_events"]) == (1, 0)
    assert found["analytics_store_free_bytes"] > found["analytics_store_disk_bytes"] > 0


def test_what_a_killed_process_has_counted_stays(ingest: Ingest) -> None:
    """Its successor counts on: no counter goes back."""
    for _ in range(10):
        ingest.post({"batch": [typed()]})
    ingest.has("analytics_events_total outcome=accepted source=web", 10)

    for worker in takers(ingest):
        os.kill(worker, signal.SIGKILL)
    found = ingest.has("analytics_worker_starts_total", 4)

    assert found["analytics_events_total outcome=accepted source=web"] == 10


def takers(ingest: Ingest) -> list[int]:
    """The processes that take requests; the one that shows metrics is the last that was started."""
    return sorted(children(ingest.process.pid))[:2]


def test_no_client_adds_to_the_number_of_metrics(ingest: Ingest) -> None:
    """Threat 41: whatever paths, methods, keys, names and types it makes up: it would fill Prometheus's memory."""
    odd = [f"odd-{n}" for n in range(100)]
    ingest.post({"batch": [{"type": "odd"}, typed(event="odd")]})
    ingest.post({}, path="/odd")
    ingest.post({}, key="odd")
    for status, path in (("202", "own"), ("401", "own"), ("404", "other")):
        before = {*ingest.has(f"analytics_requests_total paths={path} status={status}", 1)}

    for name in odd:
        ingest.post({"batch": [{"type": name}, typed(event=name)]})
        ingest.post({}, path=f"/{name}")
        ingest.post({}, key=name)
    found = ingest.has("analytics_refusals_total code=not_found", 101)

    held_back = {"analytics_refusals_total code=rate_limited", "analytics_requests_total paths=own status=429"}
    assert {*found} - before <= held_back
    assert not any("odd" in name for name in found)


def test_the_metrics_are_nowhere_unless_a_port_is_set(tmp_path: Path) -> None:
    """Threat 40: and never on the port that clients reach."""
    port = free_port()

    with running(tmp_path, port) as process:
        status = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=TIMEOUT).status_code
        kept = children(process.pid)

    assert (status, kept) == (404, [])


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    """With the names of the settings that change it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = command(tmp_path, ANALYTICS_PORT=str(free_port()), ANALYTICS_METRICS_PORT=port)
        _, complaints = process.communicate(timeout=TIMEOUT)

    assert complaints == (
        f"ingest API: cannot listen on 127.0.0.1:{port} (Address already in use): "
        "stop what uses that port, or set ANALYTICS_METRICS_HOST and ANALYTICS_METRICS_PORT\n"
    )


def test_the_port_is_only_for_metrics(ingest: Ingest) -> None:
    """And for nothing that changes anything."""
    root = ingest.metrics_url.removesuffix("/metrics")

    statuses = [
        requests.request(method, root + path, timeout=TIMEOUT).status_code
        for method, path in (("POST", "/metrics"), ("GET", "/"), ("POST", "/v1/track"), ("HEAD", "/metrics"))
    ]

    assert statuses == [405, 404, 404, 200]


def test_a_destination_has_one_of_each_whatever_its_streams() -> None:
    """Of lanes, the oldest event and the worst health; a redelivery, which somebody wanted, is no lag."""
    with closing(open_staging(MEMORY, Clock(2000.0))) as staging:
        staging.register(["vendor", "other"])
        staging.append([entry("a", received_at=1000.0)])
        staging.settle(take(staging, "run-1"), Settlement(delivered=staging.pending("vendor", 1)))
        staging.redeliver("vendor", Part(0, 1), 0)
        staging.split("vendor", 2)
        staging.append([entry("b", received_at=1900.0), entry("c", received_at=1950.0)])
        one, two = (take_stream(staging, f"run-{lane}", f"lane-{lane}-of-2") for lane in (1, 2))
        staging.settle(one, Settlement(passed=staging.pending("vendor", 1, one.stream)))
        staging.back_off(two, 3000.0, "HTTP 503")

        found = [
            (family.name.removeprefix("analytics_destination_"), sample.value)
            for family in of_destinations(staging, ["vendor", "other"], 2000.0)
            for sample in family.samples
            if sample.labels == {"destination": "vendor"}
        ]

    assert found == [
        *(("pending_events", 2), ("dead_letters", 0), ("oldest_pending_seconds", 100.0), ("failures", 1)),
        *(("delivered", 1), ("skipped", 0), ("expired", 0)),
    ]


def test_who_asks_for_open_metrics_gets_them(ingest: Ingest) -> None:
    """Prometheus does."""
    answer = requests.get(ingest.metrics_url, headers={"Accept": "application/openmetrics-text"}, timeout=TIMEOUT)

    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_metrics_are_there_while_the_store_is_not(tmp_path: Path) -> None:
    """Then of all times they are looked at; what the processes have counted needs no store."""
    clock = Clock()
    [slot] = board(1)
    slot.write(Counters().note(Gauges(at=clock())))
    staging = open_staging(f"sqlite:///{tmp_path}/staging.db", clock)
    staging.close()

    found = {family.name: family.samples for family in Metrics([slot], staging, [], Bounds(), clock).collect()}

    assert found["analytics_store_up"][0].value == 0
    assert found["analytics_workers"][0].value == 1


def test_a_process_that_says_nothing_is_none(tmp_path: Path) -> None:
    """One that hangs is as good as dead; what it had counted stays."""
    clock = Clock()
    slots = board(2)
    for slot in slots:
        counters = Counters()
        counters.answered("sdk", 200)
        slot.write(counters.note(Gauges(at=clock(), queue_events=3)))
    clock.advance(SILENT_SECONDS)
    slots[0].write(Counters().note(Gauges(at=clock(), queue_events=4)))

    with closing(open_staging(f"sqlite:///{tmp_path}/staging.db", clock)) as staging:
        found = {family.name: family.samples for family in Metrics(slots, staging, [], Bounds(), clock).collect()}

    assert found["analytics_workers"][0].value == 1
    assert found["analytics_queue_events"][0].value == 4
    assert found["analytics_requests"][0].value == 1
