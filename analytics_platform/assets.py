"""The snapshot assets, and the lineage that they stand in: database, snapshot, staging, destinations."""

import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import dagster as dg
from dagster._utils.schedules import schedule_execution_time_iterator  # the one that schedules themselves run by

from analytics_platform.metadata import destination_key
from analytics_platform.ops import place
from analytics_platform.partitions import partitions_of, period_of
from analytics_platform.resources import Platform
from analytics_platform.settings import ConfigurationError
from analytics_platform.snapshot_metadata import describe, results, sentence
from analytics_platform.snapshots.database import DatabaseError
from analytics_platform.snapshots.declaration import Declaration
from analytics_platform.snapshots.findings import checks
from analytics_platform.snapshots.installed import occasion_of, take_now
from analytics_platform.snapshots.taking import Occasion, Outcome, PartitionError
from analytics_platform.staging.base import StagingError

GROUP = "snapshots"
STAGING = dg.AssetKey("staging")
TICKS = 50  # of a schedule that are looked at for its longest gap
GRACE = timedelta(hours=2)  # that a reading may be late before the asset is stale; clocks that go back take one of them

Events = Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]


class Take(dg.Config):
    """How a snapshot is taken when somebody wants more than what has changed."""

    full: bool = False  # send every entity again
    accept_changes: bool = False  # send although a number has changed more than is tolerated


def snapshot_asset(declaration: Declaration) -> dg.AssetsDefinition:
    """The asset that takes a snapshot, with its checks."""
    name = declaration.name

    @dg.asset(
        name=name,
        description=f"{declaration.description} Sent as {declaration.call}().\n\n```sql\n{declaration.sql}\n```",
        group_name=GROUP,
        owners=[f"team:{declaration.owner}"],
        kinds={declaration.dialect, "python" if declaration.between else "sql"},
        deps=[database_key(declaration)],
        partitions_def=partitions_of(declaration),
        check_specs=[
            dg.AssetCheckSpec(check, asset=name, description=what, blocking=True)
            for check, what in checks(declaration).items()
        ],
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=_longest_gap(declaration) + GRACE),
    )
    def taken(context: dg.AssetExecutionContext, config: Take, platform: Platform) -> Events:
        attempt = _attempt(declaration, context.partition_key, config, platform)
        if isinstance(attempt, dg.Failure):
            raise attempt  # here, so that what led to it, and could quote a row, is not chained to it
        occasion, outcome = attempt
        yield from results(outcome)
        metadata = describe(occasion, outcome)
        if outcome.stopped:
            raise dg.Failure(sentence(declaration, outcome.stopped), metadata=metadata, allow_retries=False)
        yield dg.MaterializeResult(metadata=metadata)

    return taken


def broken_asset(name: str, fault: str) -> dg.AssetsDefinition:
    """What stands for a snapshot whose declaration cannot be read: it fails with the fault, and holds up nobody."""

    @dg.asset(name=name, group_name=GROUP, description=f"This snapshot cannot be taken: {fault}.")
    def broken() -> None:
        raise dg.Failure(f"{fault}.", allow_retries=False)

    return broken


def lineage(declarations: Sequence[Declaration], destinations: Sequence[str]) -> list[dg.AssetSpec]:
    """What snapshots are read from and where their calls go, none of which Dagster makes itself."""
    databases = {database_key(each): each.dialect for each in declarations}
    return [
        *(dg.AssetSpec(key, group_name="databases", kinds={dialect}) for key, dialect in databases.items()),
        dg.AssetSpec(
            STAGING,
            deps=[each.name for each in declarations],
            group_name="delivery",
            description="The log of accepted events: snapshots append to it as the ingest API does.",
        ),
        *(
            dg.AssetSpec(
                destination_key(name),
                deps=[STAGING],
                group_name="delivery",
                description="Each run of `delivery` records here what it has delivered, and how fast.",
            )
            for name in destinations
        ),
    ]


def database_key(declaration: Declaration) -> dg.AssetKey:
    """The asset that stands for the application's database."""
    return dg.AssetKey(["databases", declaration.database_env.lower()])


def _attempt(
    declaration: Declaration, partition: str, config: Take, platform: Platform
) -> tuple[Occasion, Outcome] | dg.Failure:
    """Take the snapshot; a failure says in one sentence what there is to do, in no words of a row."""
    name = declaration.name
    try:
        settings = platform.settings()
        period = period_of(declaration, partition)
        occasion = occasion_of(declaration, period, os.environ, settings, time.time(), is_full=config.full)
        return occasion, take_now(occasion, settings, accept_changes=config.accept_changes)
    except (ConfigurationError, DatabaseError, PartitionError) as error:
        return dg.Failure(f"{name}: {error}. Nothing was sent.", allow_retries=False)
    except StagingError as error:
        return dg.Failure(f"{name}: {error}. What was accepted stays; Re-execute sends the rest.")
    except Exception as error:  # noqa: BLE001  whatever it is, the run fails with it
        return dg.Failure(f"{name}: an error of ours, {type(error).__name__} at {place(error)}.")


def _longest_gap(declaration: Declaration) -> timedelta:
    """The longest time between two scheduled readings."""
    since = datetime.combine(declaration.start, datetime.min.time(), UTC).timestamp()
    ticks = islice(schedule_execution_time_iterator(since, declaration.cron, declaration.timezone), TICKS)
    return max(after.astimezone(UTC) - before.astimezone(UTC) for before, after in pairwise(ticks))
