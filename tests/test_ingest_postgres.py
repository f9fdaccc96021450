"""Do ingest processes share a store on Postgres, and does one process have a store in memory for itself?"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import requests

from analytics_platform.staging import open_staging
from tests.fakes.product import children, free_port
from tests.ingest_process import command, running
from tests.running_api import TIMEOUT, basic, typed

pytest_plugins = ["tests.database_fixtures"]

BATCHES, EVENTS, CLIENTS = 40, 10, 4


def post(port: int, batch: int) -> int:
    """Post a batch, whose events have messageIds of their own; how many were accepted."""
    calls = [typed(messageId=f"m-{batch}-{number}") for number in range(EVENTS)]
    answer = requests.post(
        f"http://127.0.0.1:{port}/api/analytics/batch",
        json={"batch": calls},
        headers={"Authorization": basic("demo")},
        timeout=TIMEOUT,
    )
    return int(answer.json()["accepted"])


def test_workers_of_two_machines_share_one_store(tmp_path: Path, postgres_url: str) -> None:
    """Each accepted event is stored once, also one that comes to all of them; nothing is said about it."""
    ports, folders = [free_port(), free_port()], [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    with (
        running(folders[0], ports[0], ANALYTICS_QUEUE=postgres_url, ANALYTICS_WORKERS="2") as first,
        running(folders[1], ports[1], ANALYTICS_QUEUE=postgres_url) as second,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        workers = children(first.pid)
        sent = [(port, batch) for batch in range(BATCHES) for port in ports]
        accepted = sum(clients.map(lambda each: post(*each), sent))
        complaints = []
        for process in (first, second):
            process.terminate()
            complaints.append(process.communicate(timeout=TIMEOUT)[1])

    with closing(open_staging(postgres_url)) as staging:
        stored = staging.logged(None, 0, 10_000)
    assert (len(workers), complaints) == (2, ["", ""])
    assert accepted == 2 * BATCHES * EVENTS  # a duplicate is as good as stored
    assert [event.seq for event in stored] == [*range(1, BATCHES * EVENTS + 1)]
    assert len({event.message_id for event in stored}) == BATCHES * EVENTS


def test_a_store_in_memory_says_that_it_promises_nothing(tmp_path: Path) -> None:
    """At the start, in one line; it takes events all the same, and leaves no file behind."""
    port = free_port()
    with running(tmp_path, port, ANALYTICS_QUEUE="memory://") as process:
        accepted = post(port, 1)
        process.terminate()
        said, complaints = process.communicate(timeout=TIMEOUT)

    assert (accepted, complaints) == (EVENTS, "")
    assert said.splitlines()[1:] == [
        "ingest API: stores them in memory: all of it is gone with this process, whatever was answered"
    ]
    assert [*tmp_path.glob("*.db*")] == []


@pytest.mark.parametrize("setting", ["ANALYTICS_WORKERS", "ANALYTICS_METRICS_PORT"])
def test_several_processes_cannot_have_a_store_in_memory(tmp_path: Path, setting: str) -> None:
    """One sentence says so, and what to do."""
    environment = {"ANALYTICS_QUEUE": "memory://", "ANALYTICS_PORT": str(free_port()), setting: str(free_port())[:2]}

    _, complaint = command(tmp_path, **environment).communicate(timeout=TIMEOUT)

    assert complaint.startswith("ingest API: ANALYTICS_QUEUE: a store in memory is one process's alone")


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """At the start, without the password."""
    url = "postgresql://me:secret-canary@127.0.0.1:1/events"

    _, complaint = command(tmp_path, ANALYTICS_QUEUE=url, ANALYTICS_PORT=str(free_port())).communicate(timeout=TIMEOUT)

    assert complaint.startswith("ingest API: the staging store postgresql://127.0.0.1:1/events cannot be opened: ")
    assert (complaint.count("\n"), "canary" in complaint) == (1, False)
