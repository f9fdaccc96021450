"""Answers Prometheus."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from analytics_platform.staging.base import Staging, StagingError
from ingest_api.board import Slot
from ingest_api.counters import Counters
from ingest_api.errors import answer_to
from ingest_api.metrics.families import gauge
from ingest_api.metrics.processes import of_processes
from ingest_api.metrics.store import of_destinations, of_store
from ingest_api.room import Bounds

PATH = "/metrics"

_noted = msgspec.msgpack.Decoder(Counters)


class Metrics:
    """A collector, as the library calls it: asked for all metrics, it makes them anew."""

    def __init__(
        self,
        board: Sequence[Slot],
        staging: Staging,
        destinations: Sequence[str],
        bounds: Bounds,
        clock: Callable[[], float],
    ) -> None:
        """`clock` gives seconds since the epoch."""
        self._board = board
        self._staging = staging
        self._destinations = destinations
        self._bounds = bounds
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """All metrics; those of the store are missing while it cannot be read."""
        now = self._clock()
        found = [_noted.decode(note) for slot in self._board if (note := slot.read()) is not None]
        yield from of_processes(found, now)
        try:
            store = list(of_store(self._staging, self._bounds))
            store += of_destinations(self._staging, self._destinations, now)
        except StagingError:
            store = []
        yield gauge("analytics_store_up", "Whether the store can be read.", bool(store))
        yield from store


def metrics_app(metrics: Metrics) -> Starlette:
    """The application that answers a scrape, in the format that it asks for."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics)
    return Starlette(
        routes=[Route(PATH, partial(_scrape, registry))],
        exception_handlers=dict.fromkeys((HTTPException, Exception), _failed),
    )


async def _scrape(registry: CollectorRegistry, request: Request) -> Response:
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(await run_in_threadpool(encode, registry), headers={"Content-Type": content_type})


async def _failed(_request: Request, error: Exception) -> Response:
    return answer_to(error)
