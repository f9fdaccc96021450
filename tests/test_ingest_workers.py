"""How soon is a worker that has died started again?"""

import pytest

from ingest_api.workers import pause_after


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (1000, 30)])
def test_the_pause_doubles_up_to_half_a_minute(failures: int, seconds: float) -> None:
    """A worker that dies at each start costs little, and one that can live again does so soon."""
    assert pause_after(failures) == seconds
