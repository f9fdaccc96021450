"""Whether a call goes to a destination."""

from collections.abc import Collection
from dataclasses import dataclass

from analytics_platform.destinations.envelope import Envelope
from analytics_platform.destinations.filters import EVERYTHING, Filter, name_of


@dataclass(frozen=True, slots=True)
class Route:
    """The way to a destination: by what a call says of it, what the configuration says, and what the plan says."""

    names: frozenset[str]  # how `integrations` may call it, in lower case
    filter: Filter = EVERYTHING
    elsewhere: frozenset[str] = frozenset()  # the events, and types of other calls, that the plan sends elsewhere

    def takes(self, source: str, call: Envelope) -> bool:
        """Whether a call from this source goes there."""
        if self.elsewhere and name_of(call) in self.elsewhere:
            return False
        return (not call.integrations or is_routed(call, self.names)) and self.filter.passes(source, call)


def is_routed(call: Envelope, names: Collection[str]) -> bool:
    """Whether the call's `integrations` let it go to a destination known by any of these names (lower case).

    A name that is listed decides; `All` decides for those that are not, and is true when it is absent
    (Segment's spec; an object of options means true).
    """
    integrations = call.integrations
    if not isinstance(integrations, dict):
        return True
    default = integrations.get("All", True)
    named = [value for name, value in integrations.items() if name.lower() in names]
    return all(value is not False for value in named or [default])
