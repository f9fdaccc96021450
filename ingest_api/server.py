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
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, cast

import uvicorn
import uvloop  # noqa: F401 - before workers are forked, each of which would import it
from starlette.applications import Starlette

from analytics_platform.settings import ConfigurationError, Settings, Source, config_path, load
from analytics_platform.settings.hash_key import hash_key
from analytics_platform.settings.privacy import PrivacySettings
from analytics_platform.settings.queue import check_is_shared
from analytics_platform.settings.session import SessionSettings, check_session_source
from analytics_platform.staging import describe, is_lasting, open_staging
from analytics_platform.staging.base import Staging, StagingError
from analytics_platform.staging.suppression import SuppressionList
from event_registry.definitions import DefinitionError
from event_registry.registry import Registry, default
from ingest_api.analytics_js import AnalyticsJs
from ingest_api.app import create_app, described
from ingest_api.board import Slot, board
from ingest_api.catalog import Catalog
from ingest_api.commits import Commits, count_suppressed
from ingest_api.connections import Connections
from ingest_api.counters import Counters, Gauges
from ingest_api.docs import Docs
from ingest_api.geoip import GeoIp
from ingest_api.limits import Limits
from ingest_api.protocol import BoundedProtocol
from ingest_api.pulse import Pulse
from ingest_api.rate_limit import WrongKeys
from ingest_api.refusals import Refusals
from ingest_api.reload import Reload, Stamp, stamp_of
from ingest_api.room import MB, Bounds, Room
from ingest_api.sources import Sources
from ingest_api.workers import end_when_told, keep_working
from ingest_api.writer import Writer

if TYPE_CHECKING:
    from ingest_api.session import Sessions

BACKLOG = 2048  # connections that wait to be accepted
MOST_SCRAPES = 32  # connections, from one address half of them
YOUNG_OBJECTS = 30_000  # between two looks for garbage; a batch alone makes thousands, none of which is any
SWITCH_SECONDS = 0.0005  # until a busy event loop lends the writer's thread the interpreter, some times for a commit
SPARE_FILES = 100  # open files of a process that are no connections


class Parts(NamedTuple):
    """What every process that takes requests is made of."""

    settings: Settings
    registry: Registry
    hash_key: bytes
    geoip: GeoIp | None
    catalog: Catalog | None  # rendered before there are several processes, which share its memory
    analytics_js: AnalyticsJs | None
    docs: Docs | None  # the same
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
            if not is_lasting(settings.queue):
                print(f"ingest API: stores them {describe(settings.queue)}", flush=True)  # noqa: T201 - the same
            _work_together(parts, listener)
    except (ConfigurationError, DefinitionError, StagingError, CannotServe) as error:
        sys.exit(f"ingest API: {error}")


def _work_together(parts: Parts, listener: socket.socket) -> None:
    """One process that takes requests works by itself; several are kept at work, as is one that shows metrics."""
    ingest = parts.settings.ingest
    if ingest.workers > 1 or ingest.metrics_port:
        check_is_shared(parts.settings.queue)
    slots = board(ingest.workers)
    works = [partial(_work, parts, listener, slot) for slot in slots]
    if ingest.metrics_port:
        with _listen(ingest.metrics_host, ingest.metrics_port, "ANALYTICS_METRICS_") as metrics_listener:
            keep_working([*works, partial(_show_metrics, parts, metrics_listener, slots)])
    elif len(works) == 1:
        works[0]()
    else:
        keep_working(works)


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
        AnalyticsJs(folder) if (folder := settings.ingest.analytics_js) else None,
        Docs(described()) if settings.ingest.docs else None,
        config,
        stamp,
        partial(_read_sources, settings.ingest.session, environ, cwd),
    )


def _read_sources(session: SessionSettings | None, environ: Mapping[str, str], cwd: Path) -> Iterable[Source]:
    """The sources as the file has them now, with that of the sessions that are served; raises ConfigurationError.

    A file without any, as a full disk leaves one behind, must not open the demo source, whose key everybody knows.
    """
    settings = load(environ, cwd)
    if settings.is_demo:
        raise ConfigurationError(f"there is no [sources.NAME] in {config_path(environ, cwd)}")
    check_session_source(session, settings.sources)
    return settings.sources


def serve(parts: Parts, staging: Staging, listener: socket.socket, slot: Slot) -> None:
    """Serve the API on a listening socket; raises CannotServe when the writer has died of a bug.

    `slot` is where it notes what it counts, and finds what a process before it has counted.
    """
    has_died = threading.Event()

    def stop() -> None:
        has_died.set()
        server.should_exit = True

    def note() -> None:
        gauges = Gauges(time.time(), *writer.waiting(), *connections.held())
        slot.write(counters.note(gauges))

    limits = _limits()
    connections = Connections(limits)
    counters = Counters.resumed(slot.read())
    refusals = Refusals(counters, parts.settings.ingest.privacy, time.time, time.monotonic)
    suppressed = SuppressionList(staging, parts.hash_key, partial(count_suppressed, counters))
    suppressed.refresh()  # so that a wrong key is one line, at once
    sources = Sources(parts.settings.sources, WrongKeys(time.monotonic))
    reload = Reload(parts.config, parts.config_stamp, parts.read_sources, sources.replace)
    writer = Writer(staging, on_death=stop, append=Commits(suppressed.append, counters).append)
    room = Room(staging.usage, _bounds(parts.settings))
    pulses = Pulse(room.look), Pulse(note, refusals.tell_left_out)
    app = create_app(
        registry=parts.registry,
        hash_key=parts.hash_key,
        sources=sources,
        writer=writer,
        room=room,
        limits=limits,
        privacy=parts.settings.ingest.privacy,
        geoip=parts.geoip,
        catalog=parts.catalog,
        analytics_js=parts.analytics_js,
        docs=parts.docs,
        sessions=_sessions(parts.settings),
        address_rate=parts.settings.ingest.address_rate_limit,
        public_url=parts.settings.ingest.public_url,
        counters=counters,
        refusals=refusals,
    )
    server = uvicorn.Server(server_config(app, limits, connections, refusals))
    gc.collect()
    gc.freeze()  # what lives as long as the process need not be walked while requests wait
    gc.set_threshold(YOUNG_OBJECTS)
    sys.setswitchinterval(SWITCH_SECONDS)
    reload.start()
    for pulse in pulses:
        pulse.start()
    server.run(sockets=[listener])
    for pulse in pulses:
        pulse.stop()
    reload.stop()
    if has_died.is_set():
        raise CannotServe("the writer has died of a bug, see the log above")


def _sessions(settings: Settings) -> "Sessions | None":
    """What recognises the sessions of our own application; its libraries are loaded only for it."""
    if settings.ingest.session is None:
        return None
    from ingest_api.session import Sessions  # noqa: PLC0415  as the docstring says

    return Sessions(settings.ingest.session, time.time, time.monotonic)


def server_config(
    app: Starlette, limits: Limits, connections: Connections | None = None, refusals: Refusals | None = None
) -> uvicorn.Config:
    """How the HTTP server runs: within the limits, and naming nobody in its answers or its log.

    `connections` and `refusals` are for whoever looks at what they count.
    """
    connections = connections or Connections(limits)
    refusals = refusals or Refusals(Counters(), PrivacySettings(), time.time, time.monotonic)
    protocol = partial(BoundedProtocol, limits, connections, refusals)
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


def _work(parts: Parts, listener: socket.socket, slot: Slot) -> None:
    """What each of the processes that take requests does, with a connection to the store of its own."""
    try:
        with closing(open_staging(parts.settings.queue)) as staging:
            serve(parts, staging, listener, slot)
    except (StagingError, CannotServe) as error:
        sys.exit(f"ingest API: {error}")


def _show_metrics(parts: Parts, listener: socket.socket, slots: Sequence[Slot]) -> None:
    """What the process that shows metrics does; it alone loads their library."""
    from ingest_api.metrics.app import Metrics, metrics_app  # noqa: PLC0415  as the docstring says

    destinations = [destination.name for destination in parts.settings.destinations]
    try:
        with closing(open_staging(parts.settings.queue)) as staging:
            app = metrics_app(Metrics(slots, staging, destinations, _bounds(parts.settings), time.time))
            limits = Limits(connections=MOST_SCRAPES)
            uvicorn.Server(server_config(app, limits)).run(sockets=[listener])
    except StagingError as error:
        sys.exit(f"ingest API: {error}")


def _bounds(settings: Settings) -> Bounds:
    return Bounds(settings.ingest.min_free_mb * MB, settings.ingest.max_store_mb * MB)


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
    lines = logging.StreamHandler()
    lines.setFormatter(logging.Formatter("%(message)s"))
    refusals = logging.getLogger("ingest_api.refusals")
    refusals.addHandler(lines)
    refusals.propagate = False
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # below that: a line for each broken request


def _listen(host: str, port: int, variables: str = "ANALYTICS_") -> socket.socket:
    """The socket, bound before anything else starts, so that a taken port is one clear line.

    `variables` is how the names of the two begin that say where it is.
    """
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG
        )
    except OSError as error:
        cause = (error.strerror or type(error).__name__).partition(" (")[0]  # Python 3.11 repeats the address there
        raise CannotServe(
            f"cannot listen on {host}:{port} ({cause}): "
            f"stop what uses that port, or set {variables}HOST and {variables}PORT"
        ) from error
