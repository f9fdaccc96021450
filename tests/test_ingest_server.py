"""How does the ingest process start and stop?"""

import json
import logging
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests

from analytics_platform.settings import ConfigurationError
from analytics_platform.settings.sources import hash_of
from ingest_api.board import board
from ingest_api.server import CannotServe, ContentlessFormatter, read_parts, serve
from tests.fakes.product import children, eventually, free_port
from tests.fakes.product import command as command_line
from tests.ingest_process import REPOSITORY, command, running
from tests.raw_http import head
from tests.running_api import TIMEOUT, TestStaging, basic, track, typed

CLIENTS = 4
EVENTS = 10  # in a batch; with more than one batch a client on disk, some client has had its answer


def post(port: int, count: int) -> int:
    """Post a batch with the demo key; how many were accepted, 0 when the process is gone."""
    try:
        answer = requests.post(
            f"http://127.0.0.1:{port}/api/analytics/batch",
            json={"batch": [typed() for _ in range(count)]},
            headers={"Authorization": basic("demo")},
            timeout=TIMEOUT,
        )
    except requests.RequestException:  # refused, or cut off in the middle of the answer
        return 0
    return int(answer.json()["accepted"])


def stored(data: Path) -> int:
    """How many events are on disk."""
    with closing(sqlite3.connect(data / "staging.db")) as db:
        count: int = db.execute("SELECT count(*) FROM events").fetchone()[0]
        return count


def test_it_says_where_it_takes_events_and_takes_them(tmp_path: Path) -> None:
    """One line, once it can be reached; the demo key works without any configuration."""
    port = free_port()

    with running(tmp_path, port) as process:
        accepted = post(port, 3)
        process.terminate()
        said, complaints = process.communicate(timeout=TIMEOUT)

    assert said == f"ingest API: takes events at http://127.0.0.1:{port}\n"
    assert complaints == ""
    assert (accepted, stored(tmp_path)) == (3, 3)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_ends_it_with_zero(tmp_path: Path, stop: signal.Signals) -> None:
    """Under load: what was accepted is on disk, and what was read is answered."""
    port = free_port()

    with running(tmp_path, port) as process, ThreadPoolExecutor(CLIENTS) as clients:
        posting = [clients.submit(post_until_gone, port) for _ in range(CLIENTS)]
        eventually(lambda: stored(tmp_path), lambda count: count > CLIENTS * EVENTS, TIMEOUT)
        process.send_signal(stop)
        accepted = sum(client.result() for client in posting)
        status = process.wait(TIMEOUT)

    assert status == 0
    assert accepted == stored(tmp_path)


def test_a_kill_loses_nothing_that_was_accepted(tmp_path: Path) -> None:
    """Promise 1: at any moment; what was on its way may or may not be stored."""
    port = free_port()

    with running(tmp_path, port) as process, ThreadPoolExecutor(CLIENTS) as clients:
        posting = [clients.submit(post_until_gone, port) for _ in range(CLIENTS)]
        eventually(lambda: stored(tmp_path), lambda count: count > CLIENTS * EVENTS, TIMEOUT)
        process.kill()
        accepted = sum(client.result() for client in posting)

    assert 0 < accepted <= stored(tmp_path)


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    """With the setting that changes it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, complaints = result(command(tmp_path, ANALYTICS_PORT=str(port)))

    assert status == 1
    remedy = "stop what uses that port, or set ANALYTICS_HOST and ANALYTICS_PORT"
    assert complaints == [f"ingest API: cannot listen on 127.0.0.1:{port} (Address already in use): {remedy}"]


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("ANALYTICS_PLAN_MODE", "sometimes", "ANALYTICS_PLAN_MODE"),
        ("ANALYTICS_QUEUE", "redis://localhost", "ANALYTICS_QUEUE"),
        ("ANALYTICS_WORKERS", "many", "ANALYTICS_WORKERS"),
        ("ANALYTICS_QUEUE", "sqlite:////dev/null/staging.db", "/dev/null/staging.db"),
    ],
)
def test_what_keeps_it_from_starting_is_one_clear_line(tmp_path: Path, setting: str, value: str, expected: str) -> None:
    """A wrong setting, an unknown store, a store that cannot be opened: what and where, and a non-zero exit."""
    status, complaints = result(command(tmp_path, **{"ANALYTICS_PORT": str(free_port()), setting: value}))

    assert status == 1
    assert len(complaints) == 1
    assert expected in complaints[0]


def test_a_wrong_tracking_plan_is_one_clear_line(tmp_path: Path) -> None:
    """It names the class and its fault; a traceback would lead into our own code."""
    path = plan_with(tmp_path, '\n\nclass Lost(Event, name="report.lost"):\n    """A report was lost."""\n')

    status, complaints = result(command(tmp_path, ANALYTICS_PORT=str(free_port()), PYTHONPATH=path))

    assert status == 1
    fault = 'the owner is missing: name the team, as in owner="reporting"'
    assert complaints == [f"ingest API: event_registry.events.Lost: {fault}"]


def test_a_flood_of_broken_requests_leaves_few_lines_in_the_log(tmp_path: Path) -> None:
    """Each of them JSON; otherwise whoever reaches the port can fill the disk."""
    port = free_port()

    with running(tmp_path, port) as process:
        for sent in [b"no HTTP\r\n\r\n", b"\x16\x03\x01\r\n\r\n", head("GET / HTTP/1.1", "Host: other")] * 50:
            with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
                connection.sendall(sent)
                connection.recv(65_536)
        process.terminate()
        _, complaints = process.communicate(timeout=TIMEOUT)

    refused = [json.loads(line)["refused"] for line in complaints.splitlines()]
    assert {*refused} == {"bad_http", "bad_host"}
    assert len(refused) < 50


def test_a_writer_that_has_died_ends_the_process(tmp_path: Path) -> None:
    """So that a supervisor starts it again."""
    parts = read_parts({"ANALYTICS_DATA_DIR": str(tmp_path)}, tmp_path)
    staging = TestStaging(tmp_path / "staging.db")
    staging.housekeeping_error = RuntimeError("a bug")

    with closing(staging), socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as process:
        served = process.submit(serve, parts, staging, listener, board(1)[0])
        accepted = post(listener.getsockname()[1], 1)

        assert accepted == 1
        assert isinstance(served.exception(TIMEOUT), CannotServe)


def test_the_log_has_the_place_of_a_bug_but_not_its_text() -> None:
    """An exception's text may quote an event."""
    with pytest.raises(ValueError, match="canary") as raised:
        int("canary")
    error = raised.value
    record = logging.LogRecord("api", logging.ERROR, "", 1, "failed", None, (ValueError, error, error.__traceback__))

    line = ContentlessFormatter().format(record)

    assert "ValueError" in line
    assert "test_ingest_server.py" in line
    assert "invalid literal" not in line


def test_workers_share_the_port_and_the_store(tmp_path: Path) -> None:
    """One line says where they take events, and nothing else is said."""
    port = free_port()

    with running(tmp_path, port, "--workers", "3") as process:
        workers = children(process.pid)
        with ThreadPoolExecutor(CLIENTS) as clients:
            accepted = sum(clients.map(lambda _: post(port, EVENTS), range(40)))
        process.terminate()
        said, complaints = process.communicate(timeout=TIMEOUT)

    assert len(workers) == 3
    assert said == f"ingest API: takes events at http://127.0.0.1:{port}\n"
    assert complaints == ""
    assert (accepted, stored(tmp_path)) == (40 * EVENTS, 40 * EVENTS)


def test_a_worker_that_dies_is_started_again(tmp_path: Path) -> None:
    """After a pause, and said in one line; the others serve meanwhile."""
    port = free_port()

    with running(tmp_path, port, "--workers", "2") as process:
        victim, other = children(process.pid)
        os.kill(victim, signal.SIGKILL)
        accepted = post(port, 1)
        successors = eventually(lambda: {*children(process.pid)} - {victim, other}, lambda found: len(found) == 1)
        process.terminate()
        _, complaints = process.communicate(timeout=TIMEOUT)

    assert accepted == 1
    assert len(successors) == 1
    assert complaints.count("\n") == 1
    assert f"worker {victim} has died (exit code -9): it is started again in 1 s" in complaints


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_all_workers_drain_at_a_signal(tmp_path: Path, stop: signal.Signals) -> None:
    """As a single process does, and none is left."""
    port = free_port()

    with running(tmp_path, port, "--workers", "2") as process, ThreadPoolExecutor(CLIENTS) as clients:
        workers = children(process.pid)
        posting = [clients.submit(post_until_gone, port) for _ in range(CLIENTS)]
        eventually(lambda: stored(tmp_path), lambda count: count > CLIENTS * EVENTS, TIMEOUT)
        process.send_signal(stop)
        accepted = sum(client.result() for client in posting)
        status = process.wait(TIMEOUT)

    assert status == 0
    assert accepted == stored(tmp_path)
    assert [worker for worker in workers if command_line(worker)] == []


def test_workers_do_not_outlive_the_process_that_keeps_them(tmp_path: Path) -> None:
    """When it is killed, its successor finds the port free."""
    port = free_port()

    with running(tmp_path, port, "--workers", "2") as process:
        workers = children(process.pid)
        process.kill()
        left = eventually(lambda: [pid for pid in workers if command_line(pid)], lambda pids: pids == [], TIMEOUT)

    assert left == []
    socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_key_is_exchanged_under_load_without_refusing_anybody(tmp_path: Path, workers: int) -> None:
    """Without a restart: the old one, then both, then the new one; a broken file changes nothing."""
    port, config = free_port(), tmp_path / "analytics.toml"
    has_changed_over, is_over = threading.Event(), threading.Event()

    def send() -> set[int]:
        statuses = set()
        while not is_over.is_set():
            statuses.add(status_with(port, "new" if has_changed_over.is_set() else "old"))
        return statuses

    config.write_text(with_keys("old"))
    with running(tmp_path, port, "--workers", str(workers)) as process, ThreadPoolExecutor(CLIENTS) as clients:
        with ExitStack() as until:
            until.callback(is_over.set)
            sending = [clients.submit(send) for _ in range(CLIENTS)]
            said = changed(config, with_keys("old", "new"), process, workers)
            has_changed_over.set()
            said |= changed(config, with_keys("new"), process, workers)
            said |= changed(config, "[sources.web", process, workers)
        statuses = {status for client in sending for status in client.result()}
        left = status_with(port, "old"), status_with(port, "new")

    assert statuses == {202}
    assert left == (401, 202)
    assert said == {"sources are those of the changed", "sources stay as they were"}


def test_a_file_without_the_source_of_the_sessions_is_not_taken_over(tmp_path: Path) -> None:
    """Their calls would belong to nobody."""
    config, web = tmp_path / "analytics.toml", with_keys("old")
    config.write_text(f'{web}[ingest.session]\nsource = "web"\nsecret_env = "SECRET"\n')
    parts = read_parts({"ANALYTICS_DATA_DIR": str(tmp_path), "SECRET": "s" * 32}, tmp_path)

    config.write_text(web.replace("web", "app"))

    with pytest.raises(ConfigurationError, match=r"ingest\.session\.source: there is no \[sources\.web\]"):
        parts.read_sources()


@pytest.mark.parametrize("text", ["", "[ingest]\ncatalog = false\n", "[sources]\n"])
def test_a_file_without_sources_opens_no_demo_source(tmp_path: Path, text: str) -> None:
    """Whose key everybody knows; a full disk leaves an empty file behind."""
    config = tmp_path / "analytics.toml"
    config.write_text(with_keys("old"))
    parts = read_parts({"ANALYTICS_DATA_DIR": str(tmp_path)}, tmp_path)

    config.write_text(text)

    with pytest.raises(ConfigurationError, match=r"there is no \[sources\.NAME\] in"):
        parts.read_sources()


def with_keys(*keys: str) -> str:
    """A settings file with one source that has these keys."""
    return f"[sources.web]\nwrite_key_sha256 = {json.dumps([hash_of(key) for key in keys])}\n"


def changed(config: Path, text: str, process: "subprocess.Popen[str]", workers: int) -> set[str]:
    """What the workers say of a changed file, once all of them have looked at it."""
    assert process.stderr is not None
    config.write_text(text)
    lines = [process.stderr.readline() for _ in range(workers)]
    return {
        found[0]
        for line in lines
        if (found := re.search(r"sources (are those of the changed|stay as they were)", line))
    }


def status_with(port: int, key: str) -> int:
    """The status of an event with this key."""
    url = f"http://127.0.0.1:{port}/api/analytics/track"
    return requests.post(url, json=track(), headers={"Authorization": basic(key)}, timeout=TIMEOUT).status_code


def plan_with(folder: Path, addition: str) -> str:
    """A PYTHONPATH on which the registry is a copy of ours, with this added to its plan."""
    copy = shutil.copytree(REPOSITORY / "event_registry", folder / "event_registry")
    plan = copy / "events.py"
    plan.write_text(plan.read_text() + addition)
    return f"{folder}{os.pathsep}{REPOSITORY}"


def post_until_gone(port: int) -> int:
    """Post batches until nobody answers; how many events were accepted."""
    total = 0
    while accepted := post(port, EVENTS):
        total += accepted
    return total


def result(process: "subprocess.Popen[str]") -> tuple[int, list[str]]:
    """The exit status, and the lines on stderr."""
    _, complaints = process.communicate(timeout=60)
    return process.returncode, complaints.splitlines()
