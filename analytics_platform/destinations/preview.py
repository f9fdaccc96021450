"""The requests that calls become at a destination, as people read them; nothing is sent."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from analytics_platform.destinations import adapter, changes_of
from analytics_platform.destinations.base import Outgoing, opened
from analytics_platform.destinations.http import credentials, masked
from analytics_platform.destinations.mapping import changed
from analytics_platform.destinations.posting import FORM, Post, Posting
from analytics_platform.settings import ConfigurationError, DestinationSettings
from analytics_platform.staging.base import Event

SOURCE = "preview"


def preview(
    settings: DestinationSettings, calls: Sequence[Mapping[str, Any]], now: Callable[[], datetime]
) -> list[dict[str, Any]]:
    """The requests in order, each as `{method, path, headers, body}`, keys masked.

    A path is the one behind the host; the body is the JSON document, or the fields of a form with the documents in
    them decoded. The calls are taken as if all of them were routed there. Raises ConfigurationError for a
    destination that makes no requests.
    """
    destination = adapter(settings, Path(), now)
    if not isinstance(destination, Posting):
        raise ConfigurationError(f"{settings.name}: a destination of type {settings.type} has no requests to show")
    changes = changes_of(settings)
    events = [changed(_outgoing(n, call, now()), changes) for n, call in enumerate(calls, 1)]
    posts = [post for request in destination.cut(events) for post in destination.posts(request)]
    keys = [key.get_secret_value() for key in (settings.api_key, settings.api_secret) if key]
    return [_shown(post, keys) for post in posts]


def _outgoing(number: int, call: Mapping[str, Any], now: datetime) -> Outgoing:
    """The call as it would come from the store, with what the ingest API adds where it has none."""
    added = {
        "messageId": f"preview-{number}",
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    whole = {**added, **call}
    return opened(Event(number, SOURCE, whole["messageId"], now.timestamp(), json.dumps(whole)))


def _shown(post: Post, keys: Sequence[str]) -> dict[str, Any]:
    address = urlsplit(post.url)
    path = f"{address.path or '/'}?{address.query}" if address.query else address.path or "/"
    body = _fields(post.body) if post.headers.get("Content-Type") == FORM["Content-Type"] else json.loads(post.body)
    secrets = [*keys, *credentials(post.headers)]
    shown = {"method": "POST", "path": path, "headers": dict(post.headers), "body": body}
    return {name: _without(secrets, value) for name, value in shown.items()}


def _fields(body: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = dict(parse_qsl(body.decode()))
    for name, value in fields.items():
        with suppress(ValueError):
            document = json.loads(value)
            fields[name] = document if isinstance(document, dict | list) else value
    return fields


def _without(secrets: Collection[str], value: Any) -> Any:
    """The same document with its texts masked."""
    if isinstance(value, str):
        return masked(value, secrets)
    if isinstance(value, list):
        return [_without(secrets, each) for each in value]
    if isinstance(value, dict):
        return {name: _without(secrets, each) for name, each in value.items()}
    return value
