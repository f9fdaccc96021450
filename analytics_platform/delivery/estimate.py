"""What a redelivery would send, and how long that would take."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from analytics_platform.delivery.flush import sort
from analytics_platform.delivery.job import Job
from analytics_platform.delivery.share import Share
from analytics_platform.staging.base import Event, Staging
from analytics_platform.staging.streams import Part

PAGE = 1000  # events that are read at once


@dataclass(slots=True)
class Estimate:
    """The history that was asked for, counted."""

    sent: int = 0  # events
    kept: int = 0  # that are routed elsewhere, lack consent, or are somebody's who is suppressed
    first_at: float | None = None  # when the first of those that are sent was received, seconds since the epoch
    last_at: float | None = None

    def seconds(self, job: Job) -> float | None:
        """How long it takes if requests are full and live delivery needs nothing; None when there is no rate."""
        requests = -(-self.sent // job.batch_size)
        return requests / job.fastest if job.fastest else None


def estimate(
    staging: Staging, job: Job, part: Part, suppressed: Callable[[Sequence[Event]], Collection[int]]
) -> Estimate:
    """Look at every event of the part that is still in the log; `suppressed` finds those that nobody may have."""
    found, share = Estimate(), Share(part)
    after, last = part.first, part.last or 0
    while after < last and (page := staging.logged(None, after, PAGE)):
        after = page[-1].seq
        mine, _ = share.divide([event for event in page if event.seq <= last])
        outgoing = sort(mine, job.route, suppressed(mine)).outgoing
        times = [each.event.received_at for each in outgoing]
        found.sent += len(outgoing)
        found.kept += len(mine) - len(outgoing)
        found.first_at = min([*times, *([] if found.first_at is None else [found.first_at])], default=None)
        found.last_at = max([*times, *([] if found.last_at is None else [found.last_at])], default=None)
    return found
