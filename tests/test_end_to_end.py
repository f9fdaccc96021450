"""Does the product, in real processes and with real failures, keep the promises of its design?"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.databases import Server, files_of, postgres
from tests.fakes.product import Product, eventually, running
from tests.fakes.vendor import Vendor

pytestmark = [pytest.mark.xdist_group("product"), pytest.mark.timeout(600)]

CONFIG = """
[destinations.steady]
type = "segment"
endpoint = "{steady}"
api_key_env = "VENDOR_KEY"

[destinations.strict]
type = "segment"
endpoint = "{strict}"
api_key_env = "VENDOR_KEY"

[destinations.flaky]
type = "segment"
endpoint = "{flaky}"
api_key_env = "VENDOR_KEY"
"""


@dataclass(frozen=True)
class Installation:
    """The product with three vendors, so that each test may break one of its own."""

    product: Product
    vendors: dict[str, Vendor]
    database: Path | None  # the files of the Postgres that Dagster's storage is on, if it is

    def track(self, destination: str, count: int, user: str = "") -> list[str]:
        """Have so many events accepted that are for one destination alone; return their ids."""
        ids = [f"{destination}-{uuid4()}" for _ in range(count)]
        answer = self.product.post("/api/analytics/batch", {"batch": [event(i, destination, user) for i in ids]})
        assert answer.status_code == 202, answer.text
        return ids


def event(message_id: str, destination: str, user: str = "") -> dict[str, Any]:
    """A planned event for one destination."""
    return {
        "type": "track",
        "event": "report.created",
        "messageId": message_id,
        "userId": user or f"user-{message_id[-2:]}",
        "properties": {"report_id": "r-1"},
        "integrations": {"All": False, destination: True},
    }


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The product, running, with its three vendors; on files of its own, and on Postgres, its own store as well."""
    data: Path = tmp_path_factory.mktemp("product")
    database: Path | None = None
    with ExitStack() as stack:
        vendors = {name: stack.enter_context(Vendor().listening()) for name in ("steady", "strict", "flaky")}
        config = data / "analytics.toml"
        config.write_text(CONFIG.format(**{name: vendor.url for name, vendor in vendors.items()}))
        environment = {
            "ANALYTICS_CONFIG": str(config),
            "VENDOR_KEY": "vendor-key-canary",
            "ANALYTICS_FLUSH_INTERVAL_MS": "300",
        }
        if request.param == "postgres":
            environment["ANALYTICS_DAGSTER_STORAGE"] = stack.enter_context(postgres())
            database = files_of(environment["ANALYTICS_DAGSTER_STORAGE"])
            store = Server()  # another one, in whose files the events may be
            stack.callback(store.stop)
            environment["ANALYTICS_QUEUE"] = stack.enter_context(store.database())
        product = stack.enter_context(running(data, environment))
        yield Installation(product, vendors, database)


def test_every_accepted_event_reaches_every_destination_that_it_is_routed_to(installation: Installation) -> None:
    """At least once, or a dead letter that says why; in a quiet hour exactly once."""
    ids = installation.track("steady", 120)

    vendor = installation.vendors["steady"]
    vendor.wait_for(lambda v: {*ids} <= {*v.accepted_ids})

    assert Counter(i for i in vendor.accepted_ids if i in {*ids}) == Counter(ids)
    assert all(len(request.calls) <= 50 for request in vendor.requests)


def test_the_calls_of_one_user_arrive_in_the_order_in_which_they_were_accepted(installation: Installation) -> None:
    """Order per user, also with several requests in flight."""
    vendor = installation.vendors["steady"]
    sent = {user: installation.track("steady", 90, user=user) for user in ("order-a", "order-b", "order-c")}

    vendor.wait_for(lambda v: all({*ids} <= {*v.accepted_ids} for ids in sent.values()))

    arrived = {user: [c["messageId"] for c in vendor.accepted if c["userId"] == user] for user in sent}
    assert arrived == sent


def test_a_rejected_event_fails_its_run_and_re_executing_delivers_exactly_it(installation: Installation) -> None:
    """A dead letter under a failed run says why; confirmed is not sent again, also by a replay or a second one."""
    product, vendor = installation.product, installation.vendors["strict"]
    poison = f"strict-{uuid4()}"
    vendor.will_refuse(poison)
    product.post("/api/analytics/track", event(poison, "strict"))
    others = installation.track("strict", 30)

    failed = eventually(lambda: product.runs("strict", "FAILURE"), bool)[0]["runId"]
    shown = product.metadata(failed)
    vendor.recovers()
    replay = product.re_execute(failed)

    assert product.wait_for_run(replay) == "SUCCESS"
    assert [(row["messageId"], row["reason"]) for row in shown["rejected"]] == [(poison, "HTTP 400")]
    assert Counter(i for i in vendor.accepted_ids if i in {poison, *others}) == Counter([poison, *others])
    again = product.re_execute(failed)
    assert product.wait_for_run(again) == "SUCCESS"
    assert vendor.accepted_ids.count(poison) == 1


def test_a_vendor_that_is_down_delays_nobody_and_gets_everything_once_it_is_back(installation: Installation) -> None:
    """Isolation: the run fails, the cursor stays, the next tries come by themselves; others go on meanwhile."""
    product, down, other = installation.product, installation.vendors["flaky"], installation.vendors["steady"]
    down.will_answer(503)
    ids = installation.track("flaky", 20)

    eventually(lambda: product.runs("flaky", "FAILURE"), bool, 120)
    meanwhile = installation.track("steady", 5)
    other.wait_for(lambda v: {*meanwhile} <= {*v.accepted_ids})
    down.recovers()

    down.wait_for(lambda v: {*ids} <= {*v.accepted_ids}, 150)
    assert Counter(i for i in down.accepted_ids if i in {*ids}) == Counter(ids)


def test_a_snapshot_goes_the_same_way_as_group_calls(installation: Installation) -> None:
    """Seats, plan and revenue of each account arrive as group() calls; a re-execution adds nothing."""
    product, vendor = installation.product, installation.vendors["steady"]

    run = product.launch("accounts_snapshot", partition=datetime.now(UTC).strftime("%Y-%m-%d"))
    assert product.wait_for_run(run) == "SUCCESS"
    vendor.wait_for(lambda v: sum(call["type"] == "group" for call in v.accepted) >= 3)
    again = product.re_execute(run, strategy="ALL_STEPS")
    assert product.wait_for_run(again) == "SUCCESS"
    after = installation.track("steady", 1)
    vendor.wait_for(lambda v: {*after} <= {*v.accepted_ids})

    groups = {call["groupId"]: call["traits"] for call in vendor.accepted if call["type"] == "group"}
    assert sorted(groups) == ["acme", "globex", "initech"]
    assert groups["acme"] == {"name": "Acme Ltd", "seat_count": 3, "plan": "team", "mrr": 87.0}
    assert sum(call["type"] == "group" for call in vendor.accepted) == 3


def test_killing_the_api_and_the_runs_loses_nothing_and_repeats_only_what_was_in_flight(
    installation: Installation,
) -> None:
    """Accepted means on disk; confirmed is not sent again, but for what was in flight, with the same dedupe key."""
    product, vendor = installation.product, installation.vendors["steady"]
    acknowledged: list[str] = []
    stop = threading.Event()
    sender = threading.Thread(target=_keep_sending, args=(product, acknowledged, stop))
    before = len(vendor.requests)
    sender.start()
    in_flight = 0

    for _ in range(2):
        vendor.wait_for(partial(_has_accepted, count=len(vendor.accepted) + 60), 120)
        os.kill(product.part("ingest"), signal.SIGKILL)
        workers = product.run_workers()
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        in_flight += 4 * 50  # lanes in flight, events in a request
        eventually(product.is_ready, bool)
    stop.set()
    sender.join()
    vendor.wait_for(lambda v: {*acknowledged} <= {*v.accepted_ids}, 120)

    copies = Counter(call["messageId"] for request in vendor.requests[before:] for call in request.calls)
    repeated = {message_id: count for message_id, count in copies.items() if count > 1}
    assert len(acknowledged) > 120
    assert sum(repeated.values()) - len(repeated) <= in_flight
    assert all(count <= 3 for count in repeated.values())


def _has_accepted(vendor: Vendor, count: int) -> bool:
    return len(vendor.accepted) >= count


def _keep_sending(product: Product, acknowledged: list[str], stop: threading.Event) -> None:
    """Send as a client does: again with the same id until it is answered."""
    while not stop.is_set():
        message_id = f"steady-{uuid4()}"
        while not stop.is_set():
            try:
                answer = product.post("/v1/track", event(message_id, "steady"))
            except requests.RequestException:
                continue
            if answer.status_code == 200:
                acknowledged.append(message_id)
                break


def test_no_key_and_no_event_content_is_in_any_log_or_in_dagsters_storage(installation: Installation) -> None:
    """Quiet: a canary in an event and the vendor's key are found in no file but the store's own."""
    product, vendor = installation.product, installation.vendors["steady"]
    call = event(f"steady-{uuid4()}", "steady") | {"properties": {"report_id": "content-canary"}}
    product.post("/api/analytics/track", call)
    vendor.wait_for(lambda v: call["messageId"] in v.accepted_ids)

    places = [product.data / name for name in ("logs", "dagster", "terminal.log")]
    places += [installation.database] if installation.database else []
    searched = [path for place in places for path in [place, *place.rglob("*")] if path.is_file()]

    assert len(searched) > 5
    assert [p for p in searched if b"content-canary" in p.read_bytes() or b"vendor-key-canary" in p.read_bytes()] == []


def test_nobody_else_on_the_machine_can_read_the_data(installation: Installation) -> None:
    """The store, Dagster's storage and the logs are their owner's alone, also in a folder that was there before."""
    data = installation.product.data
    made = [
        data / "demo.db",
        *([] if installation.database else [data / "staging.db"]),
        *(data / "logs").iterdir(),
        *(data / "dagster").rglob("*"),
    ]

    made += [] if installation.database else [data / "staging.db"]

    assert len(made) > 6
    assert any(path.suffix == ".db" for path in (data / "dagster").rglob("*")) == (installation.database is None)
    assert [path for path in made if path.stat().st_mode & 0o077] == []
