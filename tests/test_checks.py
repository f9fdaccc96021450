"""What keeps `analytics run` from starting, and what does it say?"""

import errno
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from analytics_platform.settings import ConfigurationError, Settings, load
from analytics_platform.staging import open_staging
from analytics_platform.staging.suppression import Person, SuppressionList
from analytics_platform.supervisor.checks import check_hash_key, check_ports, check_snapshots, claimed, unusable
from tests.application import write
from tests.fakes import product

REPOSITORY = Path(__file__).parents[1]


def complaint_about_the_hash_key(data_dir: Path) -> str:
    """What is said of the key in a data folder."""
    environ = {"ANALYTICS_DATA_DIR": str(data_dir)}
    with pytest.raises(ConfigurationError) as refused:
        check_hash_key(load(environ, data_dir), environ)
    return str(refused.value)


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    return product.free_port()


def with_ports(port: int, dagster_port: int, host: str = "127.0.0.1") -> Settings:
    """The settings of somebody who wants these ports."""
    environ = {"ANALYTICS_PORT": str(port), "DAGSTER_PORT": str(dagster_port), "ANALYTICS_HOST": host}
    return load(environ, Path("/nowhere"))


def test_a_data_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """Events are personal data."""
    with claimed(tmp_path / "new" / "data"):
        mode = (tmp_path / "new" / "data").stat().st_mode

    assert oct(mode & 0o777) == "0o700"


@pytest.mark.parametrize("below", ["", "/deeper"])
def test_a_data_folder_that_cannot_be_made_is_named_with_its_variable(tmp_path: Path, below: str) -> None:
    """A file where the folder should be fails for everybody, root included."""
    (tmp_path / "data").touch()

    with pytest.raises(ConfigurationError) as refusal, claimed(Path(f"{tmp_path}/data{below}")):
        pass

    assert str(refusal.value) == (
        f"The data folder {tmp_path}/data{below} cannot be used ({'Not a directory' if below else 'File exists'}): "
        "move the file away that is where a folder must be, or set ANALYTICS_DATA_DIR to another folder"
    )


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EACCES, "let the user of this process write it"),
        (errno.EPERM, "let the user of this process write it"),
        (errno.EROFS, "mount its disk for writing"),
        (errno.ENOSPC, "make room on its disk"),
        (errno.ENOENT, "make the folder that it is to be in"),
    ],
)
def test_each_fault_of_the_data_folder_has_its_own_remedy(number: int, remedy: str) -> None:
    """What helps against a full disk does not help against a missing right."""
    fault = OSError(number, os.strerror(number), "/srv/data/lock")

    assert str(unusable(Path("/srv/data"), fault)) == (
        f"/srv/data/lock in the data folder /srv/data cannot be used ({os.strerror(number)}): {remedy}, "
        "or set ANALYTICS_DATA_DIR to another folder"
    )


def test_a_second_supervisor_on_the_same_data_is_refused(tmp_path: Path) -> None:
    """Two of them would stop each other's parts."""
    with (
        claimed(tmp_path),
        pytest.raises(ConfigurationError, match="Another `analytics run` or `analytics part` uses"),
        claimed(tmp_path),
    ):
        pass


def test_a_data_folder_is_free_again_after_its_supervisor(tmp_path: Path) -> None:
    """The lock ends with its process, even when that is killed."""
    with claimed(tmp_path):
        pass

    with claimed(tmp_path):
        assert (tmp_path / "lock").exists()


def test_a_taken_ingest_port_is_named_with_its_variable(taken_port: int, free_port: int) -> None:
    """The sentence says what to change."""
    with pytest.raises(ConfigurationError) as refusal:
        check_ports(with_ports(taken_port, free_port))

    assert str(refusal.value) == (
        f"The ingest API cannot listen on 127.0.0.1:{taken_port} (Address already in use): "
        "stop what uses the port, or set ANALYTICS_PORT to another one"
    )


def test_a_taken_dagster_port_is_named_with_its_variable(taken_port: int, free_port: int) -> None:
    """As for the ingest API."""
    with pytest.raises(ConfigurationError, match=rf"Dagster's UI .*:{taken_port} .* set DAGSTER_PORT"):
        check_ports(with_ports(free_port, taken_port))


def test_the_same_port_twice_is_refused(free_port: int) -> None:
    """Free as it is, only one of the two can have it."""
    with pytest.raises(ConfigurationError, match=f"ANALYTICS_PORT and DAGSTER_PORT are both {free_port}"):
        check_ports(with_ports(free_port, free_port))


def test_an_address_of_another_machine_is_refused(free_port: int, taken_port: int) -> None:
    """An ANALYTICS_HOST that is not ours is told like a taken port."""
    with pytest.raises(ConfigurationError, match=r"cannot listen on 192\.0\.2\.1"):
        check_ports(with_ports(free_port, taken_port, host="192.0.2.1"))


def test_a_wrong_tracking_plan_ends_the_run_with_one_line(tmp_path: Path) -> None:
    """Every part would die of it for ever."""
    plan = shutil.copytree(REPOSITORY / "event_registry", tmp_path / "event_registry") / "events.py"
    plan.write_text(plan.read_text() + '\n\nclass Lost(Event, name="report.lost"):\n    """A report was lost."""\n')

    done = subprocess.run(
        [Path(sys.executable).with_name("analytics"), "run"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    fault = 'the owner is missing: name the team, as in owner="reporting"'
    assert done.stderr == f"analytics: event_registry.events.Lost: {fault}\n"


def test_free_ports_are_fine(free_port: int) -> None:
    """Looking leaves nothing behind: the port can be had afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        dagster_port: int = other.getsockname()[1]

    check_ports(with_ports(free_port, dagster_port))

    socket.create_server(("127.0.0.1", free_port)).close()


def test_a_snapshot_that_cannot_be_read_is_named_with_file_field_and_remedy(tmp_path: Path) -> None:
    """Before anything is started."""
    path = write(tmp_path / "snapshots", cron="daily")
    environ = {"ANALYTICS_SNAPSHOTS": str(tmp_path / "snapshots")}

    with pytest.raises(ConfigurationError) as caught:
        check_snapshots(load(environ, tmp_path), environ)

    assert str(caught.value) == f'{path}: cron: must have five fields, such as "0 6 * * *", found 1'


def test_a_snapshot_whose_database_nobody_has_named_is_refused(tmp_path: Path) -> None:
    """The sentence names the file and the variable."""
    path = write(tmp_path / "snapshots")
    environ = {"ANALYTICS_SNAPSHOTS": str(tmp_path / "snapshots")}

    with pytest.raises(ConfigurationError) as caught:
        check_snapshots(load(environ, tmp_path), environ)

    assert str(caught.value).startswith(
        f"{path}: database_env: the environment variable APPLICATION_DATABASE is not set; set it to"
    )


def test_the_snapshots_that_come_with_the_product_need_no_variable(tmp_path: Path) -> None:
    """The demo application's database is known."""
    check_snapshots(load({}, tmp_path), {})


def test_a_hash_key_that_is_none_is_said_before_anything_is_started(tmp_path: Path) -> None:
    """The ingest API would end with it, and be started again, for ever."""
    (tmp_path / "hash-key").write_text("short")

    assert complaint_about_the_hash_key(tmp_path) == (
        f"{tmp_path}/hash-key: a hash key has at least 32 characters; make one with: openssl rand -hex 32"
    )


def test_another_hash_key_than_the_suppression_lists_is_said_before_anything_is_started(tmp_path: Path) -> None:
    """With it nobody on the list would be recognised."""
    with closing(open_staging(f"sqlite:///{tmp_path}/staging.db")) as staging:
        SuppressionList(staging, b"k" * 32).add([Person("user", "u_1")])

    assert complaint_about_the_hash_key(tmp_path).startswith("the suppression list was made with another hash key: ")
