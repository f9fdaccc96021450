"""The whole product as its users run it: `analytics run`, in real processes, on ports of its own."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import requests

T = TypeVar("T")

READY_SECONDS = 90.0
REPOSITORY = Path(__file__).resolve().parents[2]

RUNS = """
query ($filter: RunsFilter!) { runsOrError(filter: $filter, limit: 200) { ... on Runs { results {
  runId status parentRunId tags { key value } } } } }
"""
EVENTS = """
query ($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events {
  ... on MessageEvent { message }
  ... on StepEvent { stepKey }
  ... on ExecutionStepFailureEvent { failureMetadata { metadataEntries { label
    ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text }
    ... on TableMetadataEntry { table { records } } } } error { message } }
  ... on ExecutionStepOutputEvent { metadataEntries { label
    ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text } } } } } } }
"""
RE_EXECUTE = """
mutation ($params: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""


LAUNCH = """
mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""


def free_port() -> int:
    """A port that nobody listens on, and that the system gives to no connection: it gives those from 32768 on."""
    while True:
        port = random.randrange(15_000, 32_000)  # noqa: S311 - so that tests that run together do not meet
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def eventually(read: Callable[[], T], holds: Callable[[T], bool], seconds: float = 60) -> T:
    """Read until what is read is right, and return it; fail with what was read last."""
    deadline = time.monotonic() + seconds
    while not holds(value := read()):
        assert time.monotonic() < deadline, f"still {value!r} after {seconds} s"
        time.sleep(0.1)
    return value


class Product:
    """A running product."""

    def __init__(self, process: subprocess.Popen[bytes], data: Path, port: int, dagster_port: int) -> None:
        self.process = process
        self.data = data
        self.api = f"http://127.0.0.1:{port}"
        self.dagster = f"http://127.0.0.1:{dagster_port}"

    def post(self, path: str, body: object, **options: Any) -> requests.Response:
        """Post JSON with the demo key."""
        return requests.post(f"{self.api}{path}", json=body, auth=("demo", ""), timeout=10, **options)

    def is_ready(self) -> bool:
        """Whether the API takes events."""
        try:
            return requests.get(f"{self.api}/health/ready", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def query(self, query: str, variables: Mapping[str, object]) -> Any:
        """Ask Dagster's GraphQL."""
        answer = requests.post(
            f"{self.dagster}/graphql", json={"query": query, "variables": variables}, timeout=30
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def runs(self, destination: str, *statuses: str) -> list[dict[str, Any]]:
        """The destination's runs, newest first."""
        wanted: dict[str, object] = {"tags": [{"key": "destination", "value": destination}]}
        if statuses:
            wanted["statuses"] = statuses
        found: list[dict[str, Any]] = self.query(RUNS, {"filter": wanted})["runsOrError"]["results"]
        return found

    def metadata(self, run_id: str) -> dict[str, Any]:
        """What the run's page shows: the metadata of the op's failure or output."""
        entries: dict[str, Any] = {}
        for event in self.query(EVENTS, {"run": run_id})["logsForRun"]["events"]:
            shown = (event.get("failureMetadata") or {}).get("metadataEntries") or event.get("metadataEntries") or []
            for entry in shown:
                records = (entry.get("table") or {}).get("records")
                value = [json.loads(record) for record in records] if records else None
                entries[entry["label"]] = value or entry.get("intValue", entry.get("text"))
        return entries

    def said(self, run_id: str) -> str:
        """The messages of a run's events."""
        query = (
            "query ($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { "
            "events { ... on MessageEvent { message } } } } }"
        )
        events = self.query(query, {"id": run_id})["logsForRun"]["events"]
        return "\n".join(event["message"] for event in events)

    def re_execute(self, run_id: str, strategy: str = "FROM_FAILURE") -> str:
        """Press Re-execute on a run; return the new run's id."""
        params = {"parentRunId": run_id, "strategy": strategy, "useParentRunTags": True}
        launched = self.query(RE_EXECUTE, {"params": params})["launchRunReexecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        new_id: str = launched["run"]["runId"]
        return new_id

    def launch(self, job: str, partition: str | None = None) -> str:
        """Start a run of a job by hand; return its id."""
        selector = {
            "repositoryLocationName": "analytics_platform",
            "repositoryName": "__repository__",
            "jobName": job,
        }
        tags = [{"key": "dagster/partition", "value": partition}] if partition else []
        params = {"selector": selector, "runConfigData": {}, "executionMetadata": {"tags": tags}}
        launched = self.query(LAUNCH, {"params": params})["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        new_id: str = launched["run"]["runId"]
        return new_id

    def wait_for_run(self, run_id: str, seconds: float = 90) -> str:
        """The status with which the run ends."""

        def status() -> str:
            found = self.query(RUNS, {"filter": {"runIds": [run_id]}})["runsOrError"]["results"]
            return str(found[0]["status"])

        return eventually(status, lambda now: now in ("SUCCESS", "FAILURE", "CANCELED"), seconds)

    def part(self, name: str) -> int:
        """The process id of one of the supervisor's parts."""
        parts = json.loads((self.data / "parts.json").read_text())
        return int(parts[name]["pid"])

    def run_workers(self) -> list[int]:
        """The process ids of the runs: what the process has forked that the code server keeps for it."""
        return [pid for fork in children(self.part("code server")) for pid in children(fork)]


def children(parent: int) -> list[int]:
    """The direct children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return found


def command(pid: int) -> str:
    """A process's command line; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


@contextmanager
def running(data: Path, environment: Mapping[str, str]) -> Iterator[Product]:
    """Run the product until the block ends, then stop it as Ctrl-C does."""
    port, dagster_port = free_port(), free_port()
    data.mkdir(parents=True, exist_ok=True)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("ANALYTICS_", "DAGSTER_"))}
    variables |= {
        "ANALYTICS_DATA_DIR": str(data),
        "ANALYTICS_PORT": str(port),
        "DAGSTER_PORT": str(dagster_port),
        **environment,
    }
    with (data / "terminal.log").open("wb") as terminal:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("analytics"), "run"],
            cwd=data,
            env=variables,
            stdout=terminal,
            stderr=terminal,
            stdin=subprocess.DEVNULL,
        )
    product = Product(process, data, port, dagster_port)
    try:
        eventually(lambda: "is running" in (data / "terminal.log").read_text() or process.poll(), bool, READY_SECONDS)
        assert process.poll() is None, (data / "terminal.log").read_text()
        yield product
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
