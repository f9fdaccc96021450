"""Puts the ingest process together: settings, store, API and HTTP server."""

import gc
import logging
import math
import os
import resource
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, cast

import uvicorn
from starlette.applications import Starlette

from analytics_platform.settings import ConfigurationError, Settings, Source, config_path, load
from analytics_platform.settings.hash_key import hash_key
from analytics_platform.settings.session import SessionSettings, check_session_source
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Staging, StagingError
from analytics_platform.staging.suppression import SuppressionList
from event_registry.definitions import DefinitionError
from event_registry.registry import Registry, default
from ingest_api.app import create_app
from ingest_api.catalog import Catalog
from ingest_api.connections import Connections
from ingest_api.geoip import GeoIp
from ingest_api.limits import Limits
from ingest_api.protocol import BoundedProtocol
from ingest_api.rate_limit import WrongKeys
from ingest_api.reload import Reload, Stamp, stamp_of
from ingest_api.sources import Sources
from ingest_api.workers import end_when_told, keep_working
from ingest_api.writer import Writer

if TYPE_CHECKING:
    from ingest_api.session import Sessions

BACKLOG = 2048  # connections that wait to be accepted
SPARE_FILES = 100  # open files of a process that are no connections


class Parts(NamedTuple):
    """What every process that takes requests is made of."""

    settings: Settings
    registry: Registry
    hash_key: bytes
    geoip: GeoIp | None
    catalog: Catalog | None  # rendered before there are several processes, which share its memory
    config: Path  # the settings file
    config_stamp: Stamp  # its stamp before it was read
    read_sources: Callable[[], Iterable[Source]]  # as they are in the file now


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
    end_when_told()
    try:
        parts = read_parts(environ, Path.cwd())
        settings = parts.settings
        with _listen(settings.host, settings.port) as listener:
            with closing(open_staging(settings.queue)) as staging:
                staging.register([destination.name for destination in settings.destinations])
            where = f"http://{settings.host}:{settings.port}"
            print(f"ingest API: takes events at {where}", flush=True)  # noqa: T201 - for the person at the terminal
            work = partial(_work, parts, listener)
            if settings.ingest.workers == 1:
                work()
            else:
                keep_working(settings.ingest.workers, work)
    except (ConfigurationError, DefinitionError, StagingError, CannotServe) as error:
        sys.exit(f"ingest API: {error}")


def read_parts(environ: Mapping[str, str], cwd: Path) -> Parts:
    """Read all that can be wrong before anything is served; raises ConfigurationError and DefinitionError."""
    config = config_path(environ, cwd)
    stamp = stamp_of(config)
    settings = load(environ, cwd)
    database = settings.ingest.privacy.geoip_database
    plan = default()
    return Parts(
        settings,
        plan,
        hash_key(environ, settings.data_dir),
        GeoIp(database, time.monotonic) if database else None,
        Catalog(plan) if settings.ingest.catalog else None,
        config,
        stamp,
        partial(_read_sources, settings.ingest.session, environ, cwd),
    )


def _read_sources(session: SessionSettings | None, environ: Mapping[str, str], cwd: Path) -> Iterable[Source]:
    """The sources as the file has them now, with that of the sessions that are served; raises ConfigurationError."""
    sources = load(environ, cwd).sources
    check_session_source(session, sources)
    return sources


def serve(parts: Parts, staging: Staging, listener: socket.socket) -> None:
    """Serve the API on a listening socket; raises CannotServe when the writer has died of a bug."""
    has_died = threading.Event()

    def stop() -> None:
        has_died.set()
        server.should_exit = True

    limits = _limits()
    suppressed = SuppressionList(staging, parts.hash_key)
    suppressed.refresh()  # so that a wrong key is one line, at once
    sources = Sources(parts.settings.sources, WrongKeys(time.monotonic))
    reload = Reload(parts.config, parts.config_stamp, parts.read_sources, sources.replace)
    app = create_app(
        registry=parts.registry,
        hash_key=parts.hash_key,
        sources=sources,
        writer=Writer(staging, on_death=stop, append=suppressed.append),
        limits=limits,
        privacy=parts.settings.ingest.privacy,
        geoip=parts.geoip,
        catalog=parts.catalog,
        sessions=_sessions(parts.settings),
        address_rate=parts.settings.ingest.address_rate_limit,
        public_url=parts.settings.ingest.public_url,
    )
    server = uvicorn.Server(server_config(app, limits))
    gc.collect()
    gc.freeze()  # what lives as long as the process need not be walked while requests wait
    reload.start()
    server.run(sockets=[listener])
    reload.stop()
    if has_died.is_set():
        raise CannotServe("the writer has died of a bug, see the log above")


def _sessions(settings: Settings) -> "Sessions | None":
    """What recognises the sessions of our own application; its libraries are loaded only for it."""
    if settings.ingest.session is None:
        return None
    from ingest_api.session import Sessions  # noqa: PLC0415  as the docstring says

    return Sessions(settings.ingest.session, time.time, time.monotonic)


def server_config(app: Starlette, limits: Limits) -> uvicorn.Config:
    """How the HTTP server runs: within the limits, and naming nobody in its answers or its log."""
    protocol = partial(BoundedProtocol, limits, Connections(limits))
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=cast("type[BoundedProtocol]", protocol),  # uvicorn only calls it
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=cast("int", limits.idle_seconds),  # uvicorn only hands it to the event loop
        timeout_graceful_shutdown=math.ceil(limits.drain_seconds + limits.linger_seconds) + 1,
    )


def _work(parts: Parts, listener: socket.socket) -> None:
    """What each of the processes does, with a connection to the store of its own."""
    try:
        with closing(open_staging(parts.settings.queue)) as staging:
            serve(parts, staging, listener)
    except (StagingError, CannotServe) as error:
        sys.exit(f"ingest API: {error}")


def _limits() -> Limits:
    """The limits, with no more connections than the process may have, which it asks the system for."""
    limits, (files, most) = Limits(), resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + SPARE_FILES
    if files != resource.RLIM_INFINITY and files < wanted:
        files = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
        limits = replace(limits, connections=files - SPARE_FILES)
    return limits


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
