"""With what environment do the parts run, and when are they ready?"""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from analytics_platform.settings import load
from analytics_platform.supervisor.parts import environment_of_parts, parts


def environment(tmp_path: Path, **environ: str) -> dict[str, str]:
    """What the parts get when the supervisor was started so."""
    return environment_of_parts(environ, load({"ANALYTICS_DATA_DIR": "data"}, tmp_path), 4266)


def test_the_parts_inherit_the_environment(tmp_path: Path) -> None:
    """The keys of the destinations come from it."""
    found = environment(tmp_path, VENDOR_KEY="secret")

    assert found["VENDOR_KEY"] == "secret"


def test_all_parts_agree_on_one_data_folder_and_one_home_of_dagster(tmp_path: Path) -> None:
    """As absolute paths, which Dagster insists on."""
    found = environment(tmp_path, DAGSTER_HOME="/elsewhere")

    assert found["ANALYTICS_DATA_DIR"] == f"{tmp_path}/data"
    assert found["DAGSTER_HOME"] == f"{tmp_path}/data/dagster"


def test_no_part_phones_home(tmp_path: Path) -> None:
    """Besides dagster.yaml, in case somebody edits it."""
    found = environment(tmp_path)

    assert found["DAGSTER_DISABLE_TELEMETRY"] == "yes"


def test_bytecode_is_written_whatever_the_shell_says(tmp_path: Path) -> None:
    """It halves the start of every run."""
    found = environment(tmp_path, PYTHONDONTWRITEBYTECODE="1")

    assert "PYTHONDONTWRITEBYTECODE" not in found


def test_a_proxy_does_not_come_between_the_parts(tmp_path: Path) -> None:
    """With http_proxy alone, gRPC would look for the code server behind the proxy."""
    found = environment(tmp_path, http_proxy="http://proxy:3128")

    assert found["no_grpc_proxy"] == "127.0.0.1"


@pytest.mark.parametrize("name", ["code server", "ingest", "webserver"])
def test_a_part_that_does_not_listen_yet_is_not_ready(tmp_path: Path, name: str) -> None:
    """Neither is one that has died."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings = load({"ANALYTICS_PORT": str(port), "DAGSTER_PORT": str(port)}, tmp_path)
    [part] = [part for part in parts(settings, {}, port) if part.name == name]

    is_ready = part.is_ready()

    assert not is_ready


@pytest.mark.parametrize(("status", "expected"), [(200, True), (503, False)])
def test_the_ingest_api_is_ready_when_it_says_so(tmp_path: Path, status: int, expected: bool) -> None:  # noqa: FBT001  a case's value
    """GET /health/live is 200 once it serves; until then it listens in vain."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/live" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.handle_request).start()
        settings = load({"ANALYTICS_PORT": str(server.server_port), "ANALYTICS_HOST": "0.0.0.0"}, tmp_path)  # noqa: S104
        [ingest] = [part for part in parts(settings, {}, 1) if part.name == "ingest"]

        is_ready = ingest.is_ready()

    assert is_ready == expected
