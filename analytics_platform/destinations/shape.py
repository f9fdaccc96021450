"""The parts of a call that several vendors want, each under a name of its own."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics_platform.destinations.base import Call

Names = Mapping[str, str | Mapping[str, str]]
"""From a key of `context`, or the keys of a section in it, to the vendor's names."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def section(call: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object in a call, such as its `properties`; empty when there is none."""
    found = call.get(name)
    return found if isinstance(found, dict) else {}


def named(context: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """What of the context has a name at the vendor, under that name; without what is null."""
    found: dict[str, Any] = {}
    for key, name in names.items():
        if isinstance(name, str):
            found[name] = context.get(key)
        elif inner := section(context, key):
            found |= {theirs: inner.get(ours) for ours, theirs in name.items()}
    return without_nulls(found)


def without_nulls(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item without what is null: to some servers a null is a key that is present."""
    return {name: value for name, value in item.items() if value is not None}


def time_of(call: Call) -> datetime:
    """When it happened."""
    time = datetime.fromisoformat(call["timestamp"])
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def milliseconds(time: datetime) -> int:
    """Since the epoch."""
    return (time - EPOCH) // timedelta(milliseconds=1)


def usable(identifier: object, refused: Collection[str]) -> str | None:
    """An id as text; None when there is none, or one that the vendor refuses, such as `null` (lower case)."""
    text = "" if identifier is None else str(identifier)
    return None if not text or text.lower() in refused else text


def properties_of(call: Call) -> dict[str, Any]:
    """The properties, with the name and the category of a page or screen among them, as Segment's own SDKs do."""
    page = {key: call.get(key) for key in ("name", "category")} if call["type"] in ("page", "screen") else {}
    return {**without_nulls(page), **section(call, "properties")}


def viewed(call: Call, template: str) -> str:
    """The name of the event that a page or screen becomes, by a template such as `Viewed {name} Page`."""
    if name := call.get("name"):
        return template.replace("{name}", str(name))
    return "Loaded a Page" if call["type"] == "page" else "Loaded a Screen"


def group_of(call: Call) -> str | None:
    """The group that a call belongs to: its own, or that of its context."""
    found = call.get("groupId") or section(call, "context").get("groupId")
    return None if found is None else str(found)


CAMPAIGN = {
    "source": "utm_source",
    "medium": "utm_medium",
    "name": "utm_campaign",
    "term": "utm_term",
    "content": "utm_content",
}
"""What a campaign's parts are called by everybody."""
