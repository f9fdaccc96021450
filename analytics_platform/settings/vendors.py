"""The vendors that we know: where each one's adapter is, its addresses, and what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from urllib.parse import urlsplit

GROUP = "analytics_platform.destinations"
"""The entry point group in which another package names its adapter."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """What the configuration of a destination of this type may leave out, and what it must not."""

    adapter: str  # "module:attribute", as an entry point names it
    title: str
    regions: Mapping[str, str] = field(default_factory=dict)  # region: address
    domain: str | None = None  # whose hosts are all this vendor's; then `us` is the region of who names none
    needs_key: str | None = None  # what the vendor calls its key, if there is no doing without
    skips: tuple[str, ...] = ()  # types of calls that it has no use for

    @property
    def hosts(self) -> Mapping[str, str]:
        """Its own hosts, each with the address of its API."""
        return {urlsplit(address).hostname or "": address for address in self.regions.values()}


VENDORS = {
    "amplitude": Vendor(
        "analytics_platform.destinations.amplitude:Amplitude",
        "Amplitude",
        {"us": "https://api2.amplitude.com", "eu": "https://api.eu.amplitude.com"},
        "amplitude.com",
        needs_key="an API key",
    ),
    "file": Vendor("analytics_platform.destinations.file:build", "The file destination"),
    "jitsu": Vendor("analytics_platform.destinations.jitsu:Jitsu", "Jitsu", needs_key="a write key"),
    "mixpanel": Vendor(
        "analytics_platform.destinations.mixpanel:Mixpanel",
        "Mixpanel",
        {
            "us": "https://api.mixpanel.com",
            "eu": "https://api-eu.mixpanel.com",
            "in": "https://api-in.mixpanel.com",
        },
        "mixpanel.com",
        needs_key="a project token",
        skips=("alias",),  # under Simplified ID Merge there is nothing to send for it
    ),
    "posthog": Vendor(
        "analytics_platform.destinations.posthog:PostHog",
        "PostHog",
        {"us": "https://us.i.posthog.com", "eu": "https://eu.i.posthog.com"},
        "posthog.com",
        needs_key="a project token",
    ),
    "rudderstack": Vendor(
        "analytics_platform.destinations.rudderstack:RudderStack", "RudderStack", needs_key="a write key"
    ),
    "segment": Vendor(
        "analytics_platform.destinations.segment:Segment",
        "Segment",
        {"us": "https://api.segment.io/v1", "eu": "https://events.eu1.segmentapis.com/v1"},
    ),
    "webhook": Vendor("analytics_platform.destinations.webhook:Webhook", "A webhook"),
}
"""The destination types of ours (destinations.md has each vendor's hosts)."""


@cache
def others() -> Mapping[str, EntryPoint]:
    """The adapters that installed packages bring, by the type that a configuration names; ours come first."""
    return {found.name: found for found in entry_points(group=GROUP) if found.name not in VENDORS}


def vendor_at(host: str) -> str | None:
    """The type whose vendor this host belongs to, if that vendor has a protocol of its own."""
    return next((name for name, vendor in VENDORS.items() if _is_within(host, vendor.domain)), None)


def _is_within(host: str, domain: str | None) -> bool:
    return domain is not None and (host == domain or host.endswith(f".{domain}"))
