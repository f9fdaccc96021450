"""Remembers on disk which parts run, so that the next start can end what a killed supervisor has left."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from analytics_platform.supervisor import STOP_FILE, processes
from analytics_platform.supervisor.stopping import stop_groups


def record(data_dir: Path, pids: Mapping[str, int]) -> None:
    """Write down which process each part is; a pid alone may belong to another process one day."""
    parts = {name: {"pid": pid, "started": processes.started_at(pid)} for name, pid in pids.items()}
    new = data_dir / "parts.json.new"
    # A full disk must not end the supervisor; the price is that its leftovers are not found after a kill.
    with suppress(OSError):
        new.write_text(json.dumps(parts), encoding="utf-8")
        new.replace(_file(data_dir))


def forget(data_dir: Path) -> None:
    """Say that nothing is running any more."""
    _file(data_dir).unlink(missing_ok=True)


def end_leftovers(data_dir: Path, say: Callable[[str], None]) -> None:
    """End the parts of an earlier supervisor that are still alive."""
    left = _still_alive(data_dir)
    if left:
        names = ", ".join(f"{name} (pid {pid})" for name, pid in left.items())
        say(f"Ending what a killed `analytics run` has left: {names} ...")
        (data_dir / STOP_FILE).touch()
        stop_groups(left.values(), [])
    forget(data_dir)
    (data_dir / STOP_FILE).unlink(missing_ok=True)


def _still_alive(data_dir: Path) -> dict[str, int]:
    try:
        parts = json.loads(_file(data_dir).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # a power cut can leave it empty
        return {}
    return {
        name: part["pid"]
        for name, part in parts.items()
        if part["started"] is not None and processes.started_at(part["pid"]) == part["started"]
    }


def _file(data_dir: Path) -> Path:
    return data_dir / "parts.json"
