"""`analytics run`, from the first check to the last part stopped."""

import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from analytics_platform.settings import config_path, load
from analytics_platform.supervisor.checks import (
    check_destinations,
    check_hash_key,
    check_plan,
    check_ports,
    check_snapshots,
    claimed,
)
from analytics_platform.supervisor.data_folder import prepare
from analytics_platform.supervisor.greeting import greeting
from analytics_platform.supervisor.keeper import Keeper
from analytics_platform.supervisor.leftovers import end_leftovers
from analytics_platform.supervisor.misspelt import misspelt
from analytics_platform.supervisor.parts import Part, environment_of_parts, free_port, parts
from event_registry.registry import default

TURN_SECONDS = 0.2


def run(environ: Mapping[str, str], cwd: Path) -> None:
    """Run the pipeline until somebody stops it; raises ConfigurationError when it cannot be started."""
    settings = load(environ, cwd)
    config = config_path(environ, cwd)
    for each in misspelt(environ, config.read_text(encoding="utf-8") if config.exists() else ""):
        say(each)
    check_plan()
    check_destinations(settings)
    check_snapshots(settings, environ)
    with claimed(settings.data_dir):
        end_leftovers(settings.data_dir, say)
        check_ports(settings)
        code_server_port = free_port()
        environment = environment_of_parts(environ, settings, code_server_port)
        say(f"Preparing {settings.data_dir} ...")
        prepare(settings, environment)
        check_hash_key(settings, environ)
        keep_running(parts(settings, environment, code_server_port), settings.data_dir, greeting(settings, default()))


def keep_running(kept: Sequence[Part], data_dir: Path, when_ready: str) -> None:
    """Start parts, say `when_ready` once all of them are, keep them running until SIGINT or SIGTERM comes."""
    requests = _note_stop_requests()
    say(f"Starting {', '.join(part.name for part in kept)} ...")
    keeper, waited_for = Keeper(kept, data_dir, say), list(kept)
    try:
        keeper.start()
        while not requests:
            keeper.tend()
            if waited_for and not (waited_for := [part for part in waited_for if not part.is_ready()]):
                say(when_ready)
            time.sleep(TURN_SECONDS)
    finally:
        say("Stopping: runs come to their end first (Ctrl-C once more kills at once) ...")
        # Only Ctrl-C counts: a service manager that signals the whole group reaches us twice, once by way of make.
        keeper.stop(is_hurried=lambda: requests.count(signal.SIGINT) > 1)
        say("Stopped.")


def _note_stop_requests() -> list[int]:
    """A list that grows by each signal that asks to stop; from now on none of them ends this process."""
    requests: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        requests.append(number)

    signal.signal(signal.SIGINT, note)
    signal.signal(signal.SIGTERM, note)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # under nohup the end of the terminal is no reason
        signal.signal(signal.SIGHUP, note)
    return requests


def say(text: str) -> None:
    """Tell the person at the terminal, who may have closed it."""
    with suppress(OSError):
        print(text, flush=True)
