"""How long an event takes from its acceptance to its destination, in the running product."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

from tests.fakes.product import Product, running
from tests.fakes.vendor import Vendor

EVENTS = 60
FLUSH_INTERVAL = 0.2


def measure(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the table; there is no yardstick but the flush interval."""
    with Vendor().listening() as vendor:
        environment = {
            "ANALYTICS_ENDPOINT": vendor.url,
            "ANALYTICS_API_KEY": "key",
            "ANALYTICS_FLUSH_INTERVAL_MS": str(int(FLUSH_INTERVAL * 1000)),
        }
        with running(folder / "product", environment) as product:
            first = _seconds(product, vendor)
            rest = [_seconds(product, vendor) for _ in range(EVENTS)]
    interval = f"flush interval {FLUSH_INTERVAL} s"
    yield "accepted to delivered, first event after silence, s", f"{first:.1f}", interval, ""
    yield "accepted to delivered, while a run drains, p50, s", f"{median(rest):.2f}", interval, ""
    yield "accepted to delivered, while a run drains, p95, s", f"{quantiles(rest, n=20)[18]:.2f}", interval, ""


def _seconds(product: Product, vendor: Vendor) -> float:
    message_id = str(uuid4())
    call = {"event": "report.created", "userId": "u", "messageId": message_id, "properties": {"report_id": "r-1"}}
    answer = product.post("/api/analytics/track", call)
    answered = time.monotonic()
    if answer.status_code != 202:
        raise RuntimeError(f"the event was answered {answer.status_code}")
    vendor.wait_for(lambda v: message_id in v.accepted_ids)
    return vendor.requests[-1].at - answered
