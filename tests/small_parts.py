"""Parts that are small Python programs, and what a test needs to follow them."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from analytics_platform.supervisor.parts import Part

SLEEPS = "import signal; signal.pause()"

IGNORES_SIGTERM = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").close()
while True: signal.pause()
"""

RECORDS_ITS_END = """
import signal, sys
def end(*_):
    open(sys.argv[2], "a").write(sys.argv[3] + " ")
    sys.exit()
signal.signal(signal.SIGTERM, end)
open(sys.argv[1], "w").close()
signal.pause()
"""

STARTS_ANOTHER_AND_ENDS = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", sys.argv[1], *sys.argv[2:]])
"""


def part(program: str, *arguments: object, name: str = "tiny", stops_last: bool = False) -> Part:
    """A part that runs this Python program."""
    command = (sys.executable, "-c", program, *map(str, arguments))
    return Part(name, command, {**os.environ}, stops_last=stops_last)


def signpost(path: Path) -> Path:
    """A pipe that a program opens when it is so far; reading from it waits for that."""
    os.mkfifo(path)
    return path


def wait_for_death(pid: int) -> None:
    """Wait until a child is dead, and leave it to its keeper to notice."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def is_running(pid: int) -> bool:
    """Whether there is such a process, other than a dead one that nobody has fetched yet."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0] != "Z"
    return False
