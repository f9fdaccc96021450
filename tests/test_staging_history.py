"""Can what was accepted be read again, whatever became of it since?

A part of the suite that every staging store must pass.
"""

import pytest

from analytics_platform.staging.base import Settlement, Staging
from tests.stores import append, entry, ids, take

pytest_plugins = ["tests.staging_fixtures"]


def test_the_log_is_read_in_pages(staging: Staging) -> None:
    """Each one begins beyond the seq where the last one ended, and what is settled is still there."""
    staging.settle(take(staging, "run-1"), Settlement(delivered=append(staging, "m-1", "m-2", "m-3")))

    first = staging.logged(None, 0, 2)
    second = staging.logged(None, first[-1].seq, 2)

    assert (ids(first), ids(second)) == (["m-1", "m-2"], ["m-3"])
    assert staging.logged(None, second[-1].seq, 2) == []


@pytest.mark.parametrize(("since", "found"), [(1000.0, ["m-1", "m-3"]), (1000.1, ["m-3"]), (2000.1, [])])
def test_the_log_is_read_from_a_moment_on(staging: Staging, since: float, found: list[str]) -> None:
    """What stands late in the log may be older than its neighbours: it was released from quarantine."""
    staging.append(
        [entry("m-1", received_at=1000.0), entry("m-2", received_at=999.0), entry("m-3", received_at=2000.0)]
    )

    assert ids(staging.logged(since, 0, 10)) == found
