"""Sends the calls on its standard input with an SDK for Python, as an application would.

The arguments are the SDK's module, the name of its attribute for the host, and the host.
"""

import json
import sys
from importlib import import_module
from typing import Any

ARGUMENTS = {
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "groupId": "group_id",
    "previousId": "previous_id",
    "messageId": "message_id",
}


def main(module: str, host_attribute: str, host: str) -> None:
    """Make the calls and flush; exit with the errors that the SDK reported."""
    errors: list[Exception] = []
    analytics: Any = import_module(module)  # each SDK lies in a folder of its own
    analytics.write_key = "demo"
    setattr(analytics, host_attribute, host)
    analytics.on_error = lambda error, _batch: errors.append(error)

    for call in json.load(sys.stdin):
        make = getattr(analytics, call.pop("type"))
        make(**{ARGUMENTS.get(name, name): value for name, value in call.items()})
    analytics.shutdown()

    if errors:
        sys.exit(f"{errors}")


if __name__ == "__main__":
    main(*sys.argv[1:])
