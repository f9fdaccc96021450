"""Asks the operating system about processes by their ids."""

import os
import signal
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def started_at(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None if there is none, or the system does not say (macOS)."""
    try:
        return int(_status(pid)[19])
    except OSError:
        return None


def group_is_alive(group: int) -> bool:
    """Whether anything of a process group still runs."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    # A dead process that its parent has not fetched yet (in a container perhaps never) still takes signals.
    return not PROC.is_dir() or any(_runs_in(int(path.name), group) for path in PROC.glob("[0-9]*"))


def terminate(pid: int) -> None:
    """Ask a process to end."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def kill_group(group: int) -> None:
    """End a process and all it has started, at once."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _runs_in(pid: int, group: int) -> bool:
    try:
        state, _parent, group_of_process, *_rest = _status(pid)
    except OSError:
        return False
    return int(group_of_process) == group and state not in "ZX"


def _status(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the command, which may hold blanks and brackets itself."""
    return (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
