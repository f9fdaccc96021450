"""Puts the ingest process together: settings, store, API and HTTP server."""

import gc
import logging
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType

import uvicorn
from starlette.applications import Starlette

from analytics_platform.settings import ConfigurationError, Settings, load
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Staging, StagingError
from event_registry.registry import default
from ingest_api.app import create_app
from ingest_api.writer import Writer

BACKLOG = 2048  # connections that wait to be accepted
KEEP_ALIVE_SECONDS = 75  # longer than the proxies in front usually wait, so that they close first
DRAIN_SECONDS = 8  # for requests that are being read when the process is told to stop


class CannotServe(Exception):
    """The process cannot do its work; `main` prints the sentence and exits with 1."""


class ContentlessFormatter(logging.Formatter):
    """Log lines whose tracebacks leave out the exceptions' texts, which may quote an event."""

    def formatException(  # noqa: N802 - the name is the standard library's
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The frames and the exception's type."""
        kind, _, frames = ei
        return "".join(traceback.format_tb(frames)) + (kind.__name__ if kind else "")


def main(environ: Mapping[str, str] = os.environ) -> None:
    """Serve until told to stop; what was read by then is written and answered first."""
    os.umask(0o077)  # events are nobody else's business on this machine
    _set_up_logging()
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))  # uvicorn raises the signal again when it has drained
    try:
        settings = load(environ, Path.cwd())
        with _listen(settings.host, settings.port) as listener, closing(open_staging(settings.queue)) as staging:
            staging.register([destination.name for destination in settings.destinations])
            serve(settings, staging, listener)
    except (ConfigurationError, StagingError, CannotServe) as error:
        sys.exit(f"ingest API: {error}")


def serve(settings: Settings, staging: Staging, listener: socket.socket) -> None:
    """Serve the API on a listening socket; raises CannotServe when the writer has died of a bug."""
    has_died = threading.Event()

    def stop() -> None:
        has_died.set()
        server.should_exit = True

    app = create_app(registry=default(), sources=settings.sources, writer=Writer(staging, on_death=stop))
    server = uvicorn.Server(server_config(app))
    gc.collect()
    gc.freeze()  # what lives as long as the process need not be walked while requests wait
    where = f"http://{settings.host}:{settings.port}"
    print(f"ingest API: takes events at {where}", flush=True)  # noqa: T201 - for the person at the terminal
    server.run(sockets=[listener])
    if has_died.is_set():
        raise CannotServe("the writer has died of a bug, see the log above")


def server_config(app: Starlette) -> uvicorn.Config:
    """How the HTTP server runs: it names nobody in its answers or its log."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _set_up_logging() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(ContentlessFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # below that: a line for each broken request


def _listen(host: str, port: int) -> socket.socket:
    """The socket, bound before anything else starts, so that a taken port is one clear line."""
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG
        )
    except OSError as error:
        cause = (error.strerror or type(error).__name__).partition(" (")[0]  # Python 3.11 repeats the address there
        raise CannotServe(
            f"cannot listen on {host}:{port} ({cause}): "
            "stop what uses that port, or set ANALYTICS_HOST and ANALYTICS_PORT"
        ) from error
