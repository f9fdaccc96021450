"""Takes a snapshot: reads, compares with what was accepted last, and sends what has changed."""

import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from operator import itemgetter
from typing import Any

import msgspec
from pydantic import SecretStr

from analytics_platform.snapshots.calls import (
    SOURCE,
    Call,
    caller,
    frame,
    identified,
    message_id,
    plain,
    problems,
    times,
)
from analytics_platform.snapshots.database import DatabaseError, Query, Row, reading
from analytics_platform.snapshots.declaration import Declaration, planned
from analytics_platform.snapshots.findings import Faults, Finding, judge, stopped
from analytics_platform.snapshots.frames import between, transformed
from analytics_platform.snapshots.memory import Known, Memory, Past, Waiting
from analytics_platform.snapshots.metrics import Metric
from analytics_platform.snapshots.period import Period
from analytics_platform.staging.base import Entry
from event_registry.registry import Registry

DIGEST_BYTES = 16
APPEND_CALLS = 1000  # in one transaction of the staging store, which the ingest API waits for
PREVIEW_ROWS = 5
TREND_PARTITIONS = 30
LATE = timedelta(hours=1)
"""How long after its end a partition is still taken by a query of the present, since runs wait in queues."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is taken: which snapshot, for when, and how."""

    declaration: Declaration
    period: Period
    url: SecretStr
    key: bytes  # of the installation, for the digests and for the plan's secrets
    now: float  # seconds since the epoch
    is_full: bool = False  # everything counts as changed

    @property
    def at(self) -> datetime:
        """The `timestamp` of the calls."""
        return self.period.moment(self.read_at, is_of_any_time=self.declaration.is_of_any_time)

    @property
    def read_at(self) -> datetime:
        """When the rows are read."""
        return datetime.fromtimestamp(self.now, UTC)


@dataclass
class Reading:
    """What has been read, and how it compares with what was accepted last."""

    rows: int = 0
    changed: int = 0
    farewells: int = 0
    metrics: dict[str, Metric] = field(default_factory=dict)
    preview: list[dict[str, Any]] = field(default_factory=list)  # of the first rows what everybody may see
    findings: list[Finding] = field(default_factory=list)

    def summary(self) -> Past:
        """What the next reading is compared with."""
        return Past(self.rows, {name: round(metric.sum, 6) for name, metric in self.metrics.items()})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a reading."""

    reading: Reading
    stopped: list[Finding]  # for which nothing was sent
    sent: int
    trend: list[Past]  # the latest partitions, oldest first, this one among them when it was sent


class PartitionError(Exception):
    """The query was asked about a time that it cannot know: one that has not begun, or is over and it knows no past."""


Append = Callable[[Sequence[Entry]], Sequence[bool]]


def take(occasion: Occasion, memory: Memory, registry: Registry, append: Append, *, accept_changes: bool) -> Outcome:
    """Read, and send what has changed unless a check speaks against it; with `accept_changes` a mere change does not.

    Raises DatabaseError, PartitionError and StagingError.
    """
    found = read(occasion, memory, registry)
    against = stopped(found.findings, accept_changes=accept_changes)
    if against:
        memory.forget_waiting()
    sent = 0 if against else send(occasion, found, memory, append)
    return Outcome(found, against, sent, memory.trend(TREND_PARTITIONS))


def read(occasion: Occasion, memory: Memory, registry: Registry) -> Reading:
    """Read the rows; afterwards the calls that differ from what was accepted last wait in the memory.

    Raises DatabaseError, and PartitionError for a partition that has not begun, or that is over and that the query
    cannot go back to.
    """
    declaration, period = occasion.declaration, occasion.period
    _check_time(occasion)
    comparison = _Comparison(occasion, memory, registry)
    with memory.writing():
        memory.forget_waiting()
        with _rows(occasion) as (columns, chunks):
            pick = _picker(declaration, columns)
            for chunk in chunks:
                comparison.take([pick(row) for row in chunk])
        comparison.take_leave()
    found = comparison.reading
    before = memory.past(period.start.timestamp())
    found.findings = judge(declaration, comparison.faults, found.summary(), before)
    return found


def _check_time(occasion: Occasion) -> None:
    period = occasion.period
    if period.start > occasion.read_at:
        raise PartitionError(f"{period.key} has not begun. Take a partition that is over, or the current one")
    if not occasion.declaration.is_of_any_time and period.end + LATE <= occasion.read_at:
        raise PartitionError(
            f"{period.key} is over, and the query reads the present state only. Take the current "
            "partition, or have the query name :partition_start or :partition_end"
        )


def send(occasion: Occasion, found: Reading, memory: Memory, append: Append) -> int:
    """Append what waits, remember what was accepted; returns how many calls were new to the store.

    Raises StagingError; what was accepted until then is remembered.
    """
    sent, last = 0, 0
    while batch := memory.waiting(APPEND_CALLS, last):
        stored = append([_entry(waiting, occasion) for _, waiting in batch])
        accepted = [waiting for (_, waiting), is_new in zip(batch, stored, strict=True) if is_new]
        memory.remember(accepted, occasion.period.key)
        sent += len(accepted)
        last = batch[-1][0]
    memory.record(occasion.period.start.timestamp(), occasion.now, found.summary())
    memory.forget_waiting()
    return sent


def first_calls(memory: Memory, limit: int) -> list[Call]:
    """The first calls that would be sent."""
    return [msgspec.json.decode(waiting.payload) for _, waiting in memory.waiting(limit)]


def _entry(waiting: Waiting, occasion: Occasion) -> Entry:
    payload = waiting.payload.decode()
    return Entry(SOURCE, msgspec.json.decode(waiting.payload, type=_MessageId).message_id, occasion.now, payload)


class _MessageId(msgspec.Struct):
    message_id: str = msgspec.field(name="messageId")


@contextmanager
def _rows(occasion: Occasion) -> Iterator[tuple[list[str], Iterator[Sequence[Row]]]]:
    """The columns and rows of the query, or of the Python that stands behind it."""
    declaration, period = occasion.declaration, occasion.period
    query = Query(
        declaration.database_env,
        occasion.url,
        declaration.dialect,
        declaration.sql,
        declaration.parameters,
        declaration.timeout_seconds,
    )
    with reading(query, period) as (columns, chunks):
        if declaration.between is None:
            yield columns, chunks
        else:
            yield transformed(columns, chunks, between(declaration.between), period)


def _picker(declaration: Declaration, columns: list[str]) -> Callable[[Row], tuple[Any, ...]]:
    """What takes the declared columns out of a row, in their order."""
    if missing := [column for column in declaration.columns if column not in columns]:
        raise DatabaseError(f"the rows have no column {missing[0]}; they have {', '.join(columns)}")
    return itemgetter(*(columns.index(column) for column in declaration.columns))


def visible(declaration: Declaration, registry: Registry) -> list[str]:
    """The columns that Dagster's UI may show: a group's id, and the traits that the plan does not call personal."""
    fields = planned(declaration, registry)
    traits = [trait for trait in declaration.traits if fields[trait].privacy.level in {"public", "internal"}]
    return [declaration.id, *traits] if declaration.call == "group" else traits


class _Comparison:
    """Compares rows with what was accepted last, chunk by chunk."""

    def __init__(self, occasion: Occasion, memory: Memory, registry: Registry) -> None:
        declaration = occasion.declaration
        self.reading = Reading(metrics={name: Metric() for name in declaration.metrics or ()})
        self.faults = Faults()
        self._occasion, self._memory, self._registry = occasion, memory, registry
        self._places = {name: declaration.columns.index(name) for name in self.reading.metrics}
        self._shown = {name: declaration.columns.index(name) for name in visible(declaration, registry)}
        self._call = caller(declaration, registry, occasion.at, occasion.read_at)
        self._seen = bytearray(memory.size())
        # Other columns, or the same in another order, are another state.
        about = msgspec.json.encode((declaration.name, declaration.call, declaration.columns))
        self._key = hmac.digest(occasion.key, about, "sha256")

    def take(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Count a chunk of rows in, and have the changed ones wait."""
        found = self.reading
        found.rows += len(rows)
        for name, place in self._places.items():
            found.metrics[name].add(row[place] for row in rows)
        for row in rows[: max(PREVIEW_ROWS - len(found.preview), 0)]:
            found.preview.append({name: plain(row[place]) for name, place in self._shown.items()})
        for row in rows:
            self._compare(row)

    def _compare(self, row: tuple[Any, ...]) -> None:
        entity = identified(row[0])
        if entity is None:
            self.faults.missing_ids += 1
            return
        digest = blake2b(msgspec.json.encode(row[1:], enc_hook=str), key=self._key, digest_size=DIGEST_BYTES).digest()
        known = self._memory.known(entity)
        if known is not None:
            if self._seen[known.place]:
                self.faults.repeated_ids += 1
                return
            self._seen[known.place] = 1
            if known.digest == digest and not self._occasion.is_full:
                return
        if self._wait(entity, self._call(row), digest, known):
            self.reading.changed += 1
        else:
            self.faults.repeated_ids += 1

    def _wait(self, entity: str, call: Call, digest: bytes | None, known: Known | None) -> bool:
        period = self._occasion.period
        nth = known.nth if known is not None and known.partition == period.key else 0
        name = self._occasion.declaration.name
        call = {"messageId": message_id(name, period.key, entity, digest or b"", nth), **call}
        call = self._registry.protect(call, self._occasion.key)
        payload = msgspec.json.encode(call)
        self.faults.note(problems(call, payload, self._registry))
        return self._memory.wait(Waiting(entity, call.get("userId"), digest, payload))

    def take_leave(self) -> None:
        """Have a farewell wait for each entity that has disappeared, unless this reading is of the past."""
        occasion, latest = self._occasion, self._memory.latest()
        declaration = occasion.declaration
        if not declaration.farewell or (latest is not None and latest > occasion.period.start.timestamp()):
            return
        sent_at = times(occasion.at, occasion.read_at)
        for entity, user, known in self._memory.absent(self._seen):
            call = frame(declaration, entity, user, declaration.farewell, sent_at)
            self.reading.farewells += self._wait(entity, call, None, known)
