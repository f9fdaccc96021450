"""Whether a destination takes events: one probe, and what its answer says of the configuration."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import msgspec

from analytics_platform.destinations import build
from analytics_platform.destinations.base import DELIVERED_TO_A_PAGE, Outcome, Outgoing, opened
from analytics_platform.settings import DestinationSettings
from analytics_platform.settings.vendors import VENDORS
from analytics_platform.staging.base import Event
from event_registry.own_events import DestinationChecked

EVENT = DestinationChecked.definition.name

DOUBTS = {
    "posthog": "PostHog says yes to a token of no project, too",
    "segment": "Segment says yes to nearly everything, in the wrong region, too",
}
"""Vendors whose yes proves little (destinations.md, section 16)."""

REMEDIES = {
    "HTTP 401": "the key is refused; see whether it is this project's",
    "HTTP 403": "the key may not send events, or this network may not reach the vendor",
    "HTTP 404": "nothing is there; see whether the endpoint has the right host and path",
    "HTTP 400: the API key is refused": "see whether it is this project's",
}
BAD_SIGNATURE = "the signature is refused; see whether both sides have the same signing secret"
REDIRECTS = "it redirects, and no event follows; give the address that it leads to, if that is the right one"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe has shown, in words for the person who has configured the destination."""

    is_well: bool
    sentence: str


def check(settings: DestinationSettings, data_dir: Path, now: Callable[[], datetime]) -> Finding:
    """Send one event and explain the answer; the event is a real one, and stays there.

    Raises ConfigurationError when the destination cannot be made.
    """
    destination = build(settings, data_dir, now)
    (request,) = destination.cut([probe(settings.name, now())])
    outcome = destination.send(request)
    return Finding(outcome.kind == "delivered" and not _is_a_page(settings, outcome), explained(settings, outcome))


def probe(name: str, now: datetime) -> Outgoing:
    """The event, as it would come from the store."""
    message_id = str(uuid4())
    call = {
        "type": "track",
        "event": EVENT,
        "messageId": message_id,
        "anonymousId": "destination-check",
        "properties": DestinationChecked(destination=name).model_dump(),
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return opened(Event(0, "check", message_id, now.timestamp(), msgspec.json.encode(call).decode()))


def explained(settings: DestinationSettings, outcome: Outcome) -> str:
    """What came of the probe, what that means, and what to do."""
    if _is_a_page(settings, outcome):
        return "it answers with a web page, which is no API; see whether the endpoint has the right host and path"
    if outcome.kind == "delivered":
        doubt = DOUBTS.get(settings.type)
        return f"took the probe; {doubt}: look for {EVENT} there" if doubt else "took the probe"
    if outcome.kind == "halt" and not outcome.reason.startswith("HTTP"):
        return outcome.reason  # which says all that there is to say
    return f"{outcome.reason}: {_advice(settings, outcome)}"


def _advice(settings: DestinationSettings, outcome: Outcome) -> str:
    if outcome.is_too_fast:
        return "it answers, and asks for less; nothing is wrong with the configuration"
    if outcome.reason.startswith("HTTP 3"):
        return REDIRECTS
    if outcome.reason == "HTTP 401" and settings.type == "webhook":
        return BAD_SIGNATURE
    if outcome.kind == "halt":
        return REMEDIES.get(outcome.reason, "see whether the endpoint is right") + _and_the_region(settings)
    if outcome.kind in ("retry", "retry_after") and not outcome.reason.startswith("HTTP 4"):
        return f"it is down, or not at {settings.endpoint}"
    return "it answers, and refuses the probe"


def _is_a_page(settings: DestinationSettings, outcome: Outcome) -> bool:
    """Whether the yes came from something for people; a webhook may say it as it likes."""
    return outcome == DELIVERED_TO_A_PAGE and settings.type != "webhook"


def _and_the_region(settings: DestinationSettings) -> str:
    vendor = VENDORS.get(settings.type)
    here = next((name for name, at in vendor.regions.items() if at == settings.endpoint), None) if vendor else None
    return f", and whether its region is {here}: a key of another one is unknown there" if here else ""
