"""Do lanes and redeliveries work in the running product: its sensor, its queue, its runs, its command?"""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from analytics_platform.delivery.share import lane_of
from analytics_platform.destinations.base import opened
from analytics_platform.staging import open_staging
from tests.databases import postgres
from tests.fakes.product import Product, eventually, running
from tests.fakes.vendor import Vendor

pytestmark = [pytest.mark.xdist_group("product"), pytest.mark.timeout(600)]

CONFIG = """
[destinations.whole]
type = "segment"
endpoint = "{whole}"
api_key_env = "VENDOR_KEY"
rate_limit = 20

[destinations.split]
type = "segment"
endpoint = "{split}"
api_key_env = "VENDOR_KEY"
lanes = {lanes}
"""


PID = re.compile(r"Started process for run \(pid: (\d+)\)")


@dataclass(frozen=True)
class Installation:
    """The product with two vendors, one of which gets its events by two runs."""

    product: Product
    vendors: dict[str, Vendor]
    environment: dict[str, str]

    def configure(self, lanes: int) -> None:
        """Write the settings."""
        endpoints = {name: vendor.url for name, vendor in self.vendors.items()}
        Path(self.environment["ANALYTICS_CONFIG"]).write_text(CONFIG.format(**endpoints, lanes=lanes))

    def track(self, destination: str, event: str, count: int, users: int) -> list[str]:
        """Have so many events accepted that are for one destination alone; return their ids."""
        ids = [f"{event}-{uuid4()}" for _ in range(count)]
        calls: list[dict[str, Any]] = [
            {
                "type": "track",
                "event": event,
                "messageId": each,
                "userId": f"user-{number % users}",
                "properties": {"report_id": "r-1"},
                "integrations": {"All": False, destination: True},
            }
            for number, each in enumerate(ids)
        ]
        answer = self.product.post("/api/analytics/batch", {"batch": calls})
        assert answer.status_code == 202, answer.text
        return ids

    def analytics(self, *arguments: str) -> str:
        """What the command says."""
        environment = os.environ | self.environment | {"ANALYTICS_DATA_DIR": str(self.product.data)}
        command = [str(Path(sys.executable).with_name("analytics")), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return str(done.stdout)

    @property
    def store(self) -> str:
        """The staging store, as ANALYTICS_QUEUE names it."""
        return self.environment.get("ANALYTICS_QUEUE", f"sqlite:///{self.product.data}/staging.db")

    def runs_of(self, stream: str) -> list[dict[str, Any]]:
        """The runs of a stream, newest first."""
        runs = self.product.runs(stream.partition("/")[0])
        return [run for run in runs if {"key": "stream", "value": stream} in run["tags"]]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The product, running: on files of its own, or with its store on Postgres."""
    data = tmp_path_factory.mktemp("product")
    with ExitStack() as stack:
        vendors = {name: stack.enter_context(Vendor().listening()) for name in ("whole", "split")}
        environment = {
            "ANALYTICS_CONFIG": str(data / "analytics.toml"),
            "VENDOR_KEY": "vendor-key-canary",
            "ANALYTICS_FLUSH_INTERVAL_MS": "300",
        }
        if request.param == "postgres":
            environment["ANALYTICS_QUEUE"] = stack.enter_context(postgres())
        endpoints = {name: vendor.url for name, vendor in vendors.items()}
        (data / "analytics.toml").write_text(CONFIG.format(**endpoints, lanes=2))
        product = stack.enter_context(running(data, environment))
        yield Installation(product, vendors, environment)


def test_history_is_sent_once_more_while_live_delivery_goes_on(installation: Installation) -> None:
    """By a run of its own that ends by itself, green; each event of it twice in all, every other one once."""
    product, vendor = installation.product, installation.vendors["whole"]
    history = installation.track("whole", "report.created", 60, users=5)
    vendor.wait_for(lambda v: {*history} <= {*v.accepted_ids}, 120)
    # The cursor is at the end a moment after the vendor has the last one.
    wanted = ("redeliver", "--destination", "whole", "--since", "1h", "--rate", "2")
    said = eventually(lambda: installation.analytics(*wanted, "--dry-run"), lambda text: text.startswith("60 events"))

    begun = installation.analytics(*wanted)
    live: list[str] = []
    while "goes on" in installation.analytics("redeliver", "list"):
        live += installation.track("whole", "report.created", 1, users=1)
    (run,) = eventually(lambda: installation.runs_of("whole/redelivery-1"), bool)
    vendor.wait_for(lambda v: {*live} <= {*v.accepted_ids}, 120)

    assert "those that it has confirmed before as well" in said
    assert begun.startswith("redelivery-1 begins")
    assert product.wait_for_run(run["runId"]) == "SUCCESS"
    assert product.metadata(run["runId"])["redelivery"] == "redelivery-1 (finished)"
    copies = Counter(vendor.accepted_ids)
    assert {copies[each] for each in history} == {2}
    assert {copies[each] for each in live} == {1}
    assert [each for each in vendor.accepted_ids if each in {*live}] == live
    assert "redelivery-1  whole  finished  100%  60 delivered" in installation.analytics("redeliver", "list")


def test_a_lane_that_is_killed_goes_on_when_its_lease_is_over(installation: Installation) -> None:
    """With its users' calls in order and once; the other lane's users have not noticed."""
    vendor, users = installation.vendors["split"], 8
    sent: list[str] = []
    while not all(installation.runs_of(f"split/lane-{lane}-of-2") for lane in (1, 2)):
        sent += installation.track("split", "report.created", users, users)
    with closing(open_staging(installation.store)) as staging:
        eventually(lambda: staging.counts("split").pending, lambda pending: pending == 0, 120)
        (killed,) = installation.runs_of("split/lane-1-of-2")
        worker = eventually(lambda: PID.search(installation.product.said(killed["runId"])), bool)
        assert worker is not None
        assert int(worker[1]) in installation.product.run_workers()
        os.kill(int(worker[1]), signal.SIGKILL)

        after = [installation.track("split", "report.created", users, users) for _ in range(3)]
        sent += [each for some in after for each in some]
        vendor.wait_for(lambda v: {*sent} <= {*v.accepted_ids}, 120)
        lanes = {event.message_id: lane_of(opened(event), 2) for event in staging.logged(None, 0, 100_000)}

    arrived = {user: [c["messageId"] for c in vendor.accepted if c["userId"] == user] for user in names(users)}
    assert arrived == {user: sent[number::users] for number, user in enumerate(names(users))}
    late = [lanes[each] for each in vendor.accepted_ids if each in {*sent[-3 * users :]}]
    assert late == sorted(late, reverse=True)
    assert {*late} == {1, 2}


def test_a_destination_is_split_and_made_whole_again_while_events_flow(installation: Installation) -> None:
    """Each lane has runs of its own; the settings are changed without a restart; each user's calls stay in order."""
    vendor, users = installation.vendors["split"], 6
    sent: list[str] = []
    # What is accepted before the sensor has seen the setting is still of the streams that there were.
    while not all(installation.runs_of(f"split/lane-{lane}-of-2") for lane in (1, 2)):
        sent += installation.track("split", "report.created", users, users)

    before = len(installation.runs_of("split/live"))
    installation.configure(lanes=1)
    while len(installation.runs_of("split/live")) == before:
        sent += installation.track("split", "report.created", users, users)
    sent += installation.track("split", "report.created", 60, users)
    vendor.wait_for(lambda v: {*sent} <= {*v.accepted_ids}, 120)

    mine = [call for call in vendor.accepted if call["messageId"] in {*sent}]
    arrived = {user: [c["messageId"] for c in mine if c["userId"] == user] for user in names(users)}
    assert arrived == {user: sent[number::users] for number, user in enumerate(names(users))}


def names(users: int) -> list[str]:
    """The ids of so many users."""
    return [f"user-{number}" for number in range(users)]
