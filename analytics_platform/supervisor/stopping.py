"""How process groups are stopped: asked first, killed when their time is over."""

import time
from collections.abc import Callable, Collection

from analytics_platform.supervisor import processes

GRACE_SECONDS = 20.0
FIRST_SECONDS = 10.0  # after this, the groups that stop last are asked, too
POLL_SECONDS = 0.05


def stop_groups(
    first: Collection[int],
    last: Collection[int],
    is_alive: Callable[[int], bool] = processes.group_is_alive,
    is_hurried: Callable[[], bool] = lambda: False,
    grace: float = GRACE_SECONDS,
) -> list[int]:
    """Stop process groups (named by their leaders' pids) and return those that had to be killed.

    The groups in `last` are asked when the others have ended. `grace` is in seconds, for all of them
    together; when `is_hurried` becomes true, nothing is waited for any more.
    """
    groups = [*first, *last]
    give_up_at = time.monotonic() + grace
    for batch, until in ((first, min(give_up_at, time.monotonic() + FIRST_SECONDS)), (groups, give_up_at)):
        for group in filter(is_alive, batch):
            processes.terminate(group)
        while any(map(is_alive, batch)) and time.monotonic() < until and not is_hurried():
            time.sleep(POLL_SECONDS)
    left = [group for group in groups if is_alive(group)]
    for group in left:
        processes.kill_group(group)
    return left
