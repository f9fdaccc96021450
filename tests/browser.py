"""Plays a scene on a page in Chromium."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.generated.toolchains import TSC

PROGRAM = Path(__file__).parent / "programs" / "browse.cjs"


def played(url: str, scene: str, width: int = 1100, scheme: str = "light") -> dict[str, Any]:
    """What a scene returns, with the errors and the requests of the page."""
    environment = {**os.environ, "NODE_PATH": str(TSC.parents[2])}
    command = ["node", str(PROGRAM), shutil.which("chromium") or "", url, str(width), scheme]
    done = subprocess.run(
        command, env=environment, input=scene, capture_output=True, text=True, timeout=120, check=True
    )
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen
