"""Makes each configured destination from its settings.

An adapter is what its vendor does differently and nothing else. It is a callable that takes `posting.Terms` and
gives a `base.Destination`: for a vendor behind HTTP a subclass of `posting.Posting`, which has the rest.

Ours are named in `settings/vendors.py`. Another package adds one by an entry point, and nothing here changes:

    [project.entry-points."analytics_platform.destinations"]
    acme = "acme_analytics.adapter:Acme"

Installed beside this one, it is the destination type `acme`: `[destinations.x]` with `type = "acme"`. What only
this vendor has stands under `[destinations.x.options]`; `Terms.read_options` checks it.
"""

from collections.abc import Callable
from datetime import datetime
from importlib.metadata import EntryPoint
from pathlib import Path

from analytics_platform.destinations.addresses import resolve
from analytics_platform.destinations.base import Destination
from analytics_platform.destinations.http import Client
from analytics_platform.destinations.mapping import Changed, Changes
from analytics_platform.destinations.posting import Terms
from analytics_platform.settings import ConfigurationError, DestinationSettings
from analytics_platform.settings.vendors import GROUP, VENDORS, others


def build(settings: DestinationSettings, data_dir: Path, now: Callable[[], datetime]) -> Destination:
    """The destination that these settings describe; `now` gives aware UTC times.

    Raises ConfigurationError when its adapter cannot be had, or is not content with its options.
    """
    destination = adapter(settings, data_dir, now)
    changes = changes_of(settings)
    return Changed(destination, changes) if changes else destination


def adapter(settings: DestinationSettings, data_dir: Path, now: Callable[[], datetime]) -> Destination:
    """The destination before its calls are changed; raises ConfigurationError."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    secret = settings.api_secret.get_secret_value() if settings.api_secret else ""
    terms = Terms(
        name=settings.name,
        endpoint=endpoint_of(settings),
        key=key,
        secret=secret,
        client=Client((key, secret), settings.concurrency, resolve=None if settings.may_be_private else resolve),
        now=now,
        folder=data_dir / "delivered",
        batch=settings.batch,
        max_events=settings.batch_size,
        max_bytes=settings.batch_bytes,
        gzip=settings.compression == "gzip",
        options=settings.options,
    )
    return _made(settings, terms)


def changes_of(settings: DestinationSettings) -> Changes:
    """What of a call is otherwise at this destination."""
    return Changes(settings.rename, settings.move)


def endpoint_of(settings: DestinationSettings) -> str:
    """The address, as adapters write paths behind it; a webhook's is the whole address, and stays as it is."""
    endpoint = settings.endpoint or ""
    return endpoint if settings.type == "webhook" else endpoint.rstrip("/")


def _made(settings: DestinationSettings, terms: Terms) -> Destination:
    kind = settings.type
    found = EntryPoint(kind, VENDORS[kind].adapter, GROUP) if kind in VENDORS else others()[kind]
    try:
        make: Callable[[Terms], Destination] = found.load()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"destinations.{settings.name}.type: the adapter of {kind} cannot be loaded ({type(error).__name__}): "
            "install its package again, or remove the destination"
        ) from None
    return make(terms)
