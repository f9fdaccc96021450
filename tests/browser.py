"""Serves the pages of a folder, and plays scenes on them in Chromium."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.fakes.vendor import Vendor
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


class Folder(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the folder on an origin of its own, which it gives."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Folder, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def gate(do: Callable[[], object]) -> Iterator[str]:
    """An address at which a scene asks the test to do something; the answer comes when it is done."""

    def answer(_: object) -> None:
        do()

    with Vendor().listening() as vendor:
        vendor.will(answer)
        yield vendor.url
