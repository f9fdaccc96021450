"""Appends events to a store, one at a time, and says each messageId once its append has returned."""

import sys
from itertools import count

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry


def main(url: str, name: str, times: int) -> None:
    """Append as often as told, for ever if `times` is 0."""
    staging = open_staging(url)
    for number in range(times) if times else count():
        message_id = f"{name}-{number}"
        staging.append([Entry("web", message_id, 1000.0, "{}")])
        print(message_id, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
