"""Sends the calls on its standard input with segment-analytics-python, as an application would."""

import json
import sys

from segment import analytics  # type: ignore[import-not-found]  # each version lies in a folder of its own

ARGUMENTS = {
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "groupId": "group_id",
    "previousId": "previous_id",
    "messageId": "message_id",
}


def main(host: str) -> None:
    """Make the calls and flush; exit with the errors that the SDK reported."""
    errors: list[Exception] = []
    analytics.write_key = "demo"
    analytics.host = host
    analytics.on_error = lambda error, _batch: errors.append(error)

    for call in json.load(sys.stdin):
        make = getattr(analytics, call.pop("type"))
        make(**{ARGUMENTS.get(name, name): value for name, value in call.items()})
    analytics.shutdown()

    if errors:
        sys.exit(f"{errors}")


if __name__ == "__main__":
    main(sys.argv[1])
