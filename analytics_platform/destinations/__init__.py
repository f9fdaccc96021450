"""Makes each configured destination from its settings."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from analytics_platform.destinations.base import Destination
from analytics_platform.destinations.file import File
from analytics_platform.destinations.http import Client
from analytics_platform.destinations.segment import Segment
from analytics_platform.destinations.webhook import Webhook
from analytics_platform.settings import DestinationSettings


def build(settings: DestinationSettings, data_dir: Path, now: Callable[[], datetime]) -> Destination:
    """The destination that these settings describe; `now` gives aware UTC times."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    if settings.type == "file":
        return File(data_dir / "delivered", settings.batch_size, now)
    adapter = Segment if settings.type == "segment" else Webhook
    return adapter(
        Client((key,), settings.concurrency),
        settings.endpoint or "",
        key,
        batch=settings.batch,
        max_events=settings.batch_size,
        now=now,
    )
