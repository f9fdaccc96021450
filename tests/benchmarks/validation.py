"""How long it takes to hold a call against the plan, and to load a large plan."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import msgspec

from analytics_platform.settings import Source
from analytics_platform.settings.sources import hash_of
from event_registry.registry import Registry, load
from ingest_api.validation import Rules, judge
from tests.benchmarks.ingest import Row

T = TypeVar("T")

EVENTS = 2000  # of a large plan
CALLS = 2000  # in a round
ROUNDS = 15  # of which the fastest counts: whatever else the machine does only ever adds

PROPERTIES = {
    "order_id": "ord_1042",
    "currency": "EUR",
    "item_count": 3,
    "total": 129.9,
    "is_gift": False,
    "codes": ["spring", "vip"],
    "placed_at": "2026-03-04T10:20:30.456Z",
    "note": "leave it at the door",
}
FIELDS = '''
    order_id: str
    """The order's id."""
    currency: Literal["EUR", "USD"]
    """What was paid in."""
    item_count: Count
    """How many things it has."""
    total: Amount | None = None
    """What was paid."""
    is_gift: bool | None = None
    """Whether it is for somebody else."""
    codes: list[str] | None = None
    """The codes that made it cheaper."""
    placed_at: Timestamp | None = None
    """When it was placed."""
    note: str | None = None
    """What the customer said."""
'''


def measure(folder: Path) -> Iterator[Row]:
    """The rows of validating one call, and of loading two thousand definitions."""
    for name, source in (("small_plan", plan(1)), ("large_plan", plan(EVENTS)), ("bare_models", models(EVENTS))):
        (folder / f"{name}.py").write_text(source)
    sys.path.insert(0, str(folder))
    small, _ = timed("small_plan", load)
    large, seconds = timed("large_plan", load)
    _, bare = timed("bare_models", import_module)
    call = {
        "type": "track",
        "event": "order1.placed",
        "userId": "user-10042",
        "messageId": "0b9c1d9e-2f1c-4f0e-9d4e-1f0a5b6c7d8e",
        "timestamp": "2026-03-04T10:20:30.456Z",
        "properties": PROPERTIES,
        "context": {"library": {"name": "bench", "version": "1"}, "locale": "en-GB", "timezone": "Europe/London"},
    }
    encoded = json.dumps(call).encode()
    decoding = _microseconds(lambda: msgspec.json.decode(encoded))
    alone = _microseconds(_validating(small, encoded)) - decoding
    among = _microseconds(_validating(large, encoded)) - decoding
    yield "validated, 8 properties, µs on top of decoding", f"{alone:.1f}", f"{decoding:.1f}", f"{alone / decoding:.2f}"
    yield f"the same in a plan of {EVENTS:,} events, µs", f"{among:.1f}", f"{alone:.1f}", f"{among / alone:.2f}"
    yield f"a plan of {EVENTS:,} events is loaded, s", f"{seconds:.2f}", f"{bare:.2f}", f"{seconds / bare:.2f}"


def timed(name: str, imported: Callable[[str], T]) -> tuple[T, float]:
    """What an import of the module gives, and the seconds that it took."""
    started = time.perf_counter()
    return imported(name), time.perf_counter() - started


def plan(count: int) -> str:
    """The source of a plan with so many events of eight properties each."""
    opening = "from typing import Literal\n\nfrom event_registry.definitions import Amount, Count, Event, Timestamp\n"
    return opening + "".join(
        f"\n\nclass Order{number}Placed(\n"
        f'    Event, name="order{number}.placed", owner="sales", since="2026-01-31", example={PROPERTIES!r}\n'
        f'):\n    """A customer placed an order of kind {number}."""\n{FIELDS}'
        for number in range(1, count + 1)
    )


def models(count: int) -> str:
    """The same without a plan: Pydantic's models alone, which check nothing of what they say."""
    opening = (
        "from typing import Literal\n\nfrom pydantic import BaseModel, ConfigDict\n\n"
        "from event_registry.definitions import Amount, Count, Timestamp\n"
    )
    return opening + "".join(
        f'\n\nclass Order{number}Placed(BaseModel):\n    """A customer placed an order of kind {number}."""\n\n'
        f"    model_config = ConfigDict(defer_build=True)\n{FIELDS}"
        for number in range(1, count + 1)
    )


def _validating(registry: Registry, encoded: bytes) -> Callable[[], None]:
    source = Source(name="bench", write_key_sha256=(hash_of("bench"),))
    rules = Rules(registry, event_bytes=32 * 1024, hash_key=b"bench")

    def validate() -> None:
        if judge(msgspec.json.decode(encoded), None, source, rules).outcome != "accepted":
            raise RuntimeError("the call was not accepted: the figures mean nothing")

    return validate


def _microseconds(act: Callable[[], object]) -> float:
    return min(_round(act) for _ in range(ROUNDS)) / CALLS * 1e6


def _round(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        act()
    return time.perf_counter() - started
