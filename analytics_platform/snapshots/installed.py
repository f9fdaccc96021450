"""Takes a snapshot with what the installation has: its settings, its hash key, its staging store."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from analytics_platform.settings import Settings
from analytics_platform.settings.hash_key import hash_key
from analytics_platform.settings.snapshots import database_url
from analytics_platform.snapshots.calls import Call
from analytics_platform.snapshots.declaration import Declaration
from analytics_platform.snapshots.memory import Memory, opened
from analytics_platform.snapshots.period import Period
from analytics_platform.snapshots.taking import Occasion, Outcome, Reading, first_calls, read, take
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry
from analytics_platform.staging.suppression import SuppressionList
from event_registry import registry

FOLDER = "snapshots"  # in the data folder: what each snapshot remembers


def take_now(occasion: Occasion, settings: Settings, *, accept_changes: bool = False) -> Outcome:
    """Take the snapshot; raises DatabaseError, PartitionError and StagingError."""
    queue = settings.shared_queue
    with _memory(settings.data_dir, occasion.declaration) as memory, closing(open_staging(queue)) as staging:
        staging.register([destination.name for destination in settings.destinations])
        suppressed = SuppressionList(staging, occasion.key)

        def append(entries: Sequence[Entry]) -> list[bool]:
            stored = suppressed.append(entries)
            staging.checkpoint()  # or else this process would hold the messageIds of a million calls in memory
            return stored

        return take(occasion, memory, registry.default(), append, accept_changes=accept_changes)


def rehearse(occasion: Occasion, settings: Settings, calls: int) -> tuple[Reading, list[Call]]:
    """Read, and give the first calls that would be sent; nothing is sent or remembered."""
    with _memory(settings.data_dir, occasion.declaration) as memory:
        found = read(occasion, memory, registry.default())
        first = first_calls(memory, calls)
        memory.forget_waiting()
        return found, first


def occasion_of(  # noqa: PLR0913 - all that makes an occasion
    declaration: Declaration,
    period: Period,
    environ: Mapping[str, str],
    settings: Settings,
    now: float,
    *,
    is_full: bool = False,
) -> Occasion:
    """What is taken, with the database's address and the key of this installation; raises ConfigurationError."""
    url = database_url(environ, declaration.database_env, settings.data_dir)
    key = hash_key(environ, settings.data_dir)
    return Occasion(declaration, period, url, key, now, is_full)


@contextmanager
def _memory(data_dir: Path, declaration: Declaration) -> Iterator[Memory]:
    with opened(data_dir / FOLDER, declaration.name) as memory:
        yield memory
