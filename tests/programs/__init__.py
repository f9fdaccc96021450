"""Programs that a test runs in processes of their own."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def start(name: str, *arguments: str, under: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start a program of this folder, `under` another command if need be."""
    command = [*under, sys.executable, "-m", f"tests.programs.{name}", *arguments]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
