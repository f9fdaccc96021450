"""The parts of the pipeline: their commands, their environment, when they are ready."""

import http.client
import socket
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from analytics_platform.settings import Settings
from analytics_platform.supervisor.code_server_first import PROBE_SECONDS, listens

WORKSPACE = Path(__file__).parents[2] / "workspace.yaml"
SCRIPTS = Path(sysconfig.get_path("scripts"))
AFTER_CODE_SERVER = (sys.executable, "-m", "analytics_platform.supervisor.code_server_first")


@dataclass(frozen=True)
class Part:
    """One long-running process of the pipeline."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    is_ready: Callable[[], bool] = lambda: True
    stops_last: bool = False


def parts(
    settings: Settings, environment: Mapping[str, str], code_server_port: int, listen: str = "127.0.0.1"
) -> list[Part]:
    """The four parts; runs and sensors happen in the code server, so it outlasts the others at the end.

    The code server and the webserver listen on `listen`, by themselves on loopback: whoever reaches them can run code.
    """
    dagster_port = str(settings.dagster_port)
    host = reachable(settings.host)
    return [
        Part(
            "code server",
            (
                *(sys.executable, "-m", "analytics_platform.code_server", "-m", "analytics_platform.definitions"),
                *("-h", listen, "-p", str(code_server_port), "--location-name", "analytics_platform"),
            ),
            environment,
            partial(listens, "127.0.0.1", code_server_port),
            stops_last=True,
        ),
        Part(
            "ingest",
            (sys.executable, "-m", "ingest_api"),
            environment,
            partial(_answers, host, settings.port, "/health/live"),  # a disk that is low is no reason to wait
        ),
        Part(
            "webserver",
            (*AFTER_CODE_SERVER, "dagster-webserver", "-w", str(WORKSPACE), "-h", listen, "-p", dagster_port),
            environment,
            partial(_answers, "127.0.0.1", settings.dagster_port, "/server_info"),
        ),
        Part("daemon", (*AFTER_CODE_SERVER, "dagster-daemon", "run", "-w", str(WORKSPACE)), environment),
    ]


def environment_of_parts(
    environ: Mapping[str, str], settings: Settings, code_server_port: int, code_server_host: str = "127.0.0.1"
) -> dict[str, str]:
    """The parts inherit the environment, since keys of destinations come from it; these are set besides."""
    # Without compiled bytecode each run takes twice as long to start.
    inherited = {name: value for name, value in environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    storage = settings.dagster_storage
    return (
        inherited
        | ({"ANALYTICS_DAGSTER_STORAGE": storage.get_secret_value()} if storage else {})
        | {
            "ANALYTICS_DATA_DIR": str(settings.data_dir),
            "ANALYTICS_CODE_SERVER_HOST": code_server_host,
            "ANALYTICS_CODE_SERVER_PORT": str(code_server_port),
            "DAGSTER_HOME": str(settings.data_dir / "dagster"),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            # gRPC takes even loopback connections through http_proxy unless it is told not to.
            "no_grpc_proxy": code_server_host,
        }
    )


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def reachable(host: str) -> str:
    """Where a server that listens on `host` can be reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not listened on


def _answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
