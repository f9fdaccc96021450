"""What must be true before anything is started; each failure is a ConfigurationError of one sentence."""

import errno
import fcntl
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

from analytics_platform.destinations import build
from analytics_platform.settings import ConfigurationError, Settings
from analytics_platform.settings.hash_key import hash_key
from analytics_platform.settings.snapshots import database_url
from analytics_platform.snapshots.declaration import read_all
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import StagingError
from analytics_platform.staging.suppression import SuppressionList
from event_registry.definitions import DefinitionError
from event_registry.registry import default

NO_FOLDER = "move the file away that is where a folder must be"
REMEDIES = {
    errno.EEXIST: NO_FOLDER,
    errno.ENOTDIR: NO_FOLDER,
    errno.EISDIR: "move the folder away that is where a file must be",
    errno.ENOENT: "make the folder that it is to be in",
    errno.ENOSPC: "make room on its disk",
    errno.EDQUOT: "make room on its disk",
    errno.EROFS: "mount its disk for writing",
    errno.EIO: "look after its disk, which does not read or write as it should",
}
"""What a person does about an error of the file system."""


@contextmanager
def claimed(data_dir: Path, *, together: bool = False) -> Iterator[None]:
    """The data folder, made if it is missing and locked against a second supervisor.

    `together` is for parts that run alone: they share it with each other.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("a")
    except OSError as error:
        raise unusable(data_dir, error) from None
    with lock:
        try:
            fcntl.flock(lock, (fcntl.LOCK_SH if together else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"Another `analytics run` or `analytics part` uses the data folder {data_dir}: "
                "stop it, or set ANALYTICS_DATA_DIR to another one"
            ) from None
        yield


def unusable(data_dir: Path, error: OSError) -> ConfigurationError:
    """What is wrong with the data folder or with what is in it, and what to do about it."""
    place = Path(str(error.filename))
    what = f"{place} in the data folder" if data_dir in place.parents else "The data folder"
    remedy = REMEDIES.get(error.errno or 0, "let the user of this process write it")
    return ConfigurationError(
        f"{what} {data_dir} cannot be used ({error.strerror}): {remedy}, or set ANALYTICS_DATA_DIR to another folder"
    )


def check_plan() -> None:
    """Raises ConfigurationError when a class of the tracking plan is wrong, which no part can start with."""
    try:
        default()
    except DefinitionError as error:
        raise ConfigurationError(str(error)) from None


def check_hash_key(settings: Settings, environ: Mapping[str, str]) -> None:
    """Raises ConfigurationError for a hash key that is none, or not the suppression list's; the store must be there."""
    key = hash_key(environ, settings.data_dir)
    try:
        with closing(open_staging(settings.shared_queue)) as staging:
            SuppressionList(staging, key).refresh()
    except StagingError as error:
        raise ConfigurationError(str(error)) from None


def check_snapshots(settings: Settings, environ: Mapping[str, str]) -> None:
    """Raises ConfigurationError for a snapshot that cannot be read, or whose database nobody has named."""
    snapshots, faults = read_all(settings.snapshots, default())
    for fault in faults.values():
        raise ConfigurationError(fault)
    for each in snapshots:
        try:
            database_url(environ, each.database_env, settings.data_dir)
        except ConfigurationError as error:
            raise ConfigurationError(f"{settings.snapshots / each.name}.toml: {error}") from None


def check_ports(settings: Settings) -> None:
    """Raises ConfigurationError when one of the ports cannot be had."""
    ports = {"ANALYTICS_PORT": settings.port, "DAGSTER_PORT": settings.dagster_port}
    if settings.ingest.metrics_port:
        ports["ANALYTICS_METRICS_PORT"] = settings.ingest.metrics_port
    for (one, port), (other, same) in combinations(ports.items(), 2):
        if port == same:
            raise ConfigurationError(f"{one} and {other} are both {port}: set one of them to another port")
    _check_port(settings.host, settings.port, "the ingest API", "ANALYTICS_PORT")
    _check_port("127.0.0.1", settings.dagster_port, "Dagster's UI", "DAGSTER_PORT")
    if settings.ingest.metrics_port:
        where = settings.ingest.metrics_host, settings.ingest.metrics_port
        _check_port(*where, "the metrics of the ingest API", "ANALYTICS_METRICS_PORT")


def check_destinations(settings: Settings) -> None:
    """Raises ConfigurationError when a destination's options are none that its adapter knows."""
    for destination in settings.destinations:
        build(destination, settings.data_dir, lambda: datetime.now(UTC))


def _check_port(host: str, port: int, purpose: str, variable: str) -> None:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a port just left is free
            probe.bind((host, port))
    except OSError as error:
        raise ConfigurationError(
            f"{purpose[0].upper()}{purpose[1:]} cannot listen on {host}:{port} ({error.strerror}): "
            f"stop what uses the port, or set {variable} to another one"
        ) from None
