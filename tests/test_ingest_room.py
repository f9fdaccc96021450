"""What happens before the store has no room left, and when it has none?"""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from analytics_platform.settings import load
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Usage
from ingest_api.room import MB, Bounds
from tests.fakes.product import eventually, free_port
from tests.ingest_process import REPOSITORY, is_ready
from tests.raw_http import connect, head, statuses
from tests.running_api import KEY, TIMEOUT, ApiStarter, basic, track, typed

pytest_plugins = ["tests.ingest_fixtures"]

NAMESPACE = (shutil.which("unshare") or "unshare", "--map-root-user", "--mount")
TRACK = "/api/analytics/track"
BATCH = "/api/analytics/batch"


@pytest.mark.parametrize(
    ("bounds", "usage", "is_ready", "takes_events"),
    [
        (Bounds(), Usage(10**12, 10**12, 0), True, True),
        (Bounds(least_free=500), Usage(0, 0, 500), True, True),
        (Bounds(least_free=500), Usage(0, 0, 499), False, True),
        (Bounds(least_free=500), Usage(0, 0, 100), False, True),
        (Bounds(least_free=500), Usage(0, 0, 99), False, False),
        (Bounds(least_free=500), Usage(0, 0, None), True, True),
        (Bounds(most_used=500), Usage(499, 10_000, 0), True, True),
        (Bounds(most_used=500), Usage(500, 500, 10_000), False, False),
    ],
)
def test_first_it_is_not_ready_then_it_takes_no_events(
    bounds: Bounds, usage: Usage, *, is_ready: bool, takes_events: bool
) -> None:
    """The last fifth of the room that should be free is for deliveries and housekeeping, which make more of it."""
    assert (bounds.shortage(usage) is None, not bounds.is_full(usage)) == (is_ready, takes_events)


def test_a_low_disk_fails_readiness_with_what_is_wrong(
    start_api: ApiStarter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Early: events are still taken, and somebody has time to make room."""
    free = shutil.disk_usage(tmp_path).free
    api = start_api(bounds=Bounds(least_free=free * 2))

    readiness = api.get("/health/ready")

    assert (readiness.status_code, readiness.json()["code"], readiness.headers["Retry-After"]) == (
        503,
        "storage_low",
        "5",
    )
    assert "MB are free on the disk of the store" in readiness.json()["message"]
    assert "(ANALYTICS_MIN_FREE_MB)" in readiness.json()["message"]
    assert api.get("/health/live").status_code == 200
    assert api.post(TRACK, track()).status_code == 202
    assert [record.getMessage() for record in caplog.records if record.name == "ingest_api.room"] == [
        f"not ready: {api.room.shortage}"
    ]


def test_a_store_without_room_refuses_before_a_body_is_read(start_api: ApiStarter, tmp_path: Path) -> None:
    """So it costs nobody any time: nothing is asked of the store, and nothing of the body is waited for."""
    free = shutil.disk_usage(tmp_path).free
    api = start_api(bounds=Bounds(least_free=free * 10))

    with connect(api) as connection:
        connection.sendall(
            head(f"POST {TRACK} HTTP/1.1", f"Authorization: {basic(KEY)}", "Content-Length: 100", "Connection: close")
        )
        answer = connection.recv(65_536)

    assert statuses(answer) == [503]
    assert b"storage_full" in answer
    assert b"retry-after: 30" in answer
    assert api.staging.commits == []


def test_over_its_limit_the_store_takes_nothing_until_something_has_left_it(
    start_api: ApiStarter, tmp_path: Path
) -> None:
    """Without a restart; the room of what has left is used again, whatever the size of the files."""
    api = start_api(bounds=Bounds(most_used=MB))
    fill = [typed(properties={"report_id": "x" * 1000}) for _ in range(300)]
    before = 0
    while not api.room.shortage:
        assert api.post(BATCH, {"batch": fill}).status_code == 202
        before += 1
        api.room.look()

    refused, readiness = api.post(TRACK, track()), api.get("/health/ready")
    with closing(sqlite3.connect(tmp_path / "staging.db")) as db, db:
        db.execute("DELETE FROM events")
    api.room.look()
    afterwards = api.post(TRACK, track())

    assert before > 1
    assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (503, "storage_full", "30")
    assert (readiness.status_code, "(ANALYTICS_MAX_STORE_MB)" in readiness.json()["message"]) == (503, True)
    assert afterwards.status_code == 202


def test_the_bounds_are_settings(tmp_path: Path) -> None:
    """Half a gigabyte should be free, and the store may hold what it can, unless somebody says otherwise."""
    default = load({}, tmp_path).ingest
    other = load({"ANALYTICS_MIN_FREE_MB": "0", "ANALYTICS_MAX_STORE_MB": "2000"}, tmp_path).ingest

    assert (default.min_free_mb, default.max_store_mb) == (500, 0)
    assert (other.min_free_mb, other.max_store_mb) == (0, 2000)


class SmallDisk:
    """The ingest process with its data on a file system of 48 MB that nobody else sees."""

    SIZE = 48 * MB

    def __init__(self, process: "subprocess.Popen[str]", port: int, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.seen = Path(f"/proc/{process.pid}/root{folder}")  # as the process sees it
        self.accepted = 0

    def leave(self, free: int) -> None:
        """Fill the disk, or make room, so that so many bytes are free."""
        filler = self.seen / "filler"
        filler.unlink(missing_ok=True)
        disk = os.statvfs(self.seen)
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize - free)

    def post(self) -> requests.Response:
        """A batch of 100 events, of 1 KB each."""
        batch = {"batch": [typed(properties={"report_id": "x" * 900}) for _ in range(100)]}
        headers = {"Authorization": basic("demo")}
        answer = requests.post(self.url + BATCH, json=batch, headers=headers, timeout=TIMEOUT)
        self.accepted += answer.json().get("accepted", 0)
        return answer

    def code(self) -> str:
        """What is answered to a batch."""
        answer = self.post()
        return "accepted" if answer.status_code == 202 else str(answer.json()["code"])

    def readiness(self) -> str:
        """What is answered to whoever asks whether it is ready."""
        answer = requests.get(f"{self.url}/health/ready", timeout=TIMEOUT)
        return str(answer.json().get("code", "ready"))

    def stored(self) -> int:
        """How many events are in the log."""
        copy = Path(str(self.seen).partition("/root")[2]) / "copy.db"  # SQLite itself would look beside the mount
        for suffix in ("", "-wal"):
            shutil.copy(self.seen / f"staging.db{suffix}", f"{copy}{suffix}")
        with closing(open_staging(f"sqlite:///{copy}")) as staging:
            return staging.head()


def _leave_out_unless_one_may_mount(folder: Path) -> None:
    """Some systems keep namespaces to themselves; in CI that is a failure, as for any group of tests."""
    trial = [*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    if subprocess.run(trial, capture_output=True, check=False).returncode:
        leave_out = pytest.fail if os.environ.get("REQUIRE_ALL_GROUPS") == "1" else pytest.skip
        leave_out("small_disk (this user may not mount in a namespace)")


@contextmanager
def small_disk(folder: Path, min_free_mb: int) -> Iterator[SmallDisk]:
    """Start it; a file system of one's own takes no rights where users may have namespaces."""
    folder.mkdir()
    _leave_out_unless_one_may_mount(folder)
    port = free_port()
    mount = f"mount -t tmpfs -o size={SmallDisk.SIZE} tmpfs {folder} && cd {folder}"
    command = f"{mount} && exec {sys.executable} -m ingest_api"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")} | {
        "PYTHONPATH": str(REPOSITORY),
        "ANALYTICS_DATA_DIR": str(folder),
        "ANALYTICS_PORT": str(port),
        "ANALYTICS_MIN_FREE_MB": str(min_free_mb),
    }
    with subprocess.Popen(
        [*NAMESPACE, "sh", "-c", command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            eventually(lambda: is_ready(port) or process.poll() is not None, bool, TIMEOUT)
            yield SmallDisk(process, port, folder)
        finally:
            process.kill()


@pytest.mark.small_disk
def test_a_disk_that_fills_up_is_announced_then_spared_then_used_again(tmp_path: Path) -> None:
    """Fault 16: somebody else fills it; within five seconds of having room again events are taken."""
    with small_disk(tmp_path / "small", min_free_mb=30) as disk:
        first = disk.code(), disk.readiness()
        disk.leave(20 * MB)
        low = eventually(disk.readiness, lambda code: code != "ready", 5), disk.code()
        disk.leave(4 * MB)
        full = eventually(disk.code, lambda code: code != "accepted", 5), disk.readiness()
        left = shutil.disk_usage(disk.seen).free
        disk.leave(35 * MB)
        again = eventually(disk.code, lambda code: code == "accepted", 5), disk.readiness()
        stored = disk.stored()

    assert first == ("accepted", "ready")
    assert low == ("storage_low", "accepted")
    assert full == ("storage_full", "storage_low")
    assert left > 2 * MB
    assert again == ("accepted", "ready")
    assert stored == disk.accepted


@pytest.mark.small_disk
def test_a_disk_that_is_truly_full_loses_nothing(tmp_path: Path) -> None:
    """Fault 15: without any reserve. What was accepted is there, and what was not is said not to be."""
    with small_disk(tmp_path / "small", min_free_mb=0) as disk:
        disk.leave(MB)
        refused = eventually(disk.code, lambda code: code != "accepted", 30)
        readiness = disk.readiness()
        disk.leave(20 * MB)
        again = eventually(disk.code, lambda code: code == "accepted", 5)
        stored = disk.stored()

    assert (refused, readiness, again) == ("storage_full", "storage_full", "accepted")
    assert stored == disk.accepted


@pytest.mark.small_disk
def test_a_full_disk_is_never_ready(tmp_path: Path) -> None:
    """Not because a commit of nothing still finds its place in the write-ahead log, where larger ones have been."""
    with small_disk(tmp_path / "small", min_free_mb=0) as disk:
        for _ in range(40):  # 4 MB, so that the write-ahead log begins anew
            disk.post()
        disk.leave(0)
        alone = disk.readiness()
        between = {(disk.code(), disk.readiness()) for _ in range(10)}
        disk.leave(20 * MB)
        again = eventually(disk.code, lambda code: code == "accepted", 5), disk.readiness()

    assert (alone, between) == ("storage_full", {("storage_full", "storage_full")})
    assert again == ("accepted", "ready")
