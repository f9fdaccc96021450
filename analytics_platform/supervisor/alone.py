"""Runs one part in the foreground, for whoever has a supervisor of their own: containers, systemd."""

import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from analytics_platform.settings import load
from analytics_platform.supervisor import STOP_FILE
from analytics_platform.supervisor.checks import check_destinations, check_plan, check_snapshots, claimed
from analytics_platform.supervisor.data_folder import prepare
from analytics_platform.supervisor.parts import Part, environment_of_parts, parts

CODE_SERVER = "code server"
PORT = 4266
"""Of the code server, which the webserver and the daemon find by ANALYTICS_CODE_SERVER_HOST and _PORT."""


def run_alone(name: str, environ: Mapping[str, str], cwd: Path, listen: str) -> int:
    """Run a part until it ends, or until SIGINT or SIGTERM comes; returns its exit code.

    The webserver and the code server listen on `listen`. Raises ConfigurationError when it cannot be started.
    """
    settings = load(environ, cwd)
    check_plan()
    check_destinations(settings)
    check_snapshots(settings, environ)
    host = environ.get("ANALYTICS_CODE_SERVER_HOST") or "127.0.0.1"
    port = int(environ.get("ANALYTICS_CODE_SERVER_PORT") or PORT)
    environment = environment_of_parts(environ, settings, port, host)
    with claimed(settings.data_dir, together=True):
        prepare(settings, environment)
        [part] = [part for part in parts(settings, environment, port, listen) if part.name == name]
        return _follow(part, settings.data_dir / STOP_FILE if name == CODE_SERVER else None)


def _follow(part: Part, stop_file: Path | None) -> int:
    """Run the part, which gets the signals that come to us.

    The code server waits for its runs when it is told to stop, and they end soon once they see `stop_file`.
    """
    if stop_file:
        stop_file.unlink(missing_ok=True)
    asked: list[int] = []  # before the part has started
    _on_stop(lambda number, _: asked.append(number))  # whatever we have inherited, the part ignores no signal
    process = subprocess.Popen(part.command, env=part.environment)

    def stop(number: int, _frame: object) -> None:
        if stop_file:
            with suppress(OSError):
                stop_file.touch()
        process.send_signal(number)

    _on_stop(stop)
    for number in asked:
        stop(number, None)
    code = process.wait()
    return 128 - code if code < 0 else code


def _on_stop(handler: Callable[[int, object], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def names() -> dict[str, str]:
    """The name of each part on the command line, with its own."""
    return {"ingest": "ingest", "code-server": CODE_SERVER, "webserver": "webserver", "daemon": "daemon"}
