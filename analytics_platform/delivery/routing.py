"""Whether a call goes to a destination."""

from collections.abc import Collection

from analytics_platform.destinations.base import Call


def is_routed(call: Call, names: Collection[str]) -> bool:
    """Whether the call's `integrations` let it go to a destination known by any of these names (lower case).

    A name that is listed decides; `All` decides for those that are not, and is true when it is absent
    (Segment's spec; an object of options means true).
    """
    integrations = call.get("integrations")
    if not isinstance(integrations, dict):
        return True
    default = integrations.get("All", True)
    named = [value for name, value in integrations.items() if name.lower() in names]
    return all(value is not False for value in named or [default])
