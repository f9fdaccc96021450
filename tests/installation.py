"""An installation as Dagster's code finds it: its environment, its store, and vendors that listen."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from analytics_platform.definitions import defs
from analytics_platform.ops import delivery
from analytics_platform.resources import Platform
from analytics_platform.sensors import request
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Entry, Staging
from analytics_platform.supervisor import STOP_FILE
from tests.fakes.vendor import Vendor

KEY = "vendor-key-canary"
SECRET = "whsec_d2ViaG9vay1rZXktY2FuYXJ5"
CONTENT = "content-canary"
ANSWER = "answer-canary"
CANARIES = (KEY, SECRET, "webhook-key-canary", CONTENT, ANSWER)
"""What must be found nowhere in Dagster's storage: keys, what events say, what vendors answer."""

CONFIG = """
[destinations.strict]
type = "webhook"
endpoint = "{url}/strict"
api_key_env = "VENDOR_SECRET"
flush_interval_ms = 10

[destinations.other]
type = "segment"
endpoint = "{url}/other"
api_key_env = "VENDOR_KEY"
flush_interval_ms = 10
"""


class Installation:
    """Two destinations, `strict` and `other`, at one vendor, configured by the environment of this process."""

    def __init__(self, folder: Path, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
        self.vendor = vendor
        self.data = folder / "data"
        self.platform = Platform()
        (folder / "analytics.toml").write_text(CONFIG.format(url=vendor.url))
        monkeypatch.chdir(folder)
        monkeypatch.setenv("ANALYTICS_DATA_DIR", str(self.data))
        monkeypatch.setenv("VENDOR_KEY", KEY)
        monkeypatch.setenv("VENDOR_SECRET", SECRET)
        self.open_staging().close()

    def open_staging(self, clock: Callable[[], float] = time.time) -> Staging:
        """The store, as another process sees it, with a stream for each destination."""
        settings = self.platform.settings()
        staging = open_staging(settings.queue, clock)
        staging.register([destination.name for destination in settings.destinations])
        return staging

    def accept(self, *message_ids: str, destination: str = "strict", **fields: object) -> None:
        """Have calls accepted, a minute ago, that are for one destination alone; None leaves out a field."""
        call = {
            "type": "track",
            "userId": "user-1",
            "timestamp": "2026-03-04T10:20:30.456Z",
            "properties": {"title": CONTENT},
            "integrations": {"All": False, destination: True},
            **fields,
        }
        call = {name: value for name, value in call.items() if value is not None}
        staging = self.open_staging()
        received_at = time.time() - 60
        staging.append(
            [Entry("web", name, received_at, json.dumps({**call, "messageId": name})) for name in message_ids]
        )
        staging.close()

    def configure(self, destination: str, setting: str) -> None:
        """Add a line to the settings of a destination."""
        path = Path("analytics.toml")
        table = f"[destinations.{destination}]"
        path.write_text(path.read_text().replace(table, f"{table}\n{setting}"))

    def stop(self) -> None:
        """Tell runs and sensor to stop."""
        (self.data / STOP_FILE).touch()

    def execute(
        self, instance: dg.DagsterInstance, destination: str, stream: str = "live"
    ) -> dg.ExecuteInProcessResult:
        """Execute a run as the sensor requests it."""
        asked = request(destination, stream)
        return defs.get_job_def("delivery").execute_in_process(
            run_config=asked.run_config, tags=dict(asked.tags), instance=instance, raise_on_error=False
        )

    def put_in_flight(
        self,
        instance: dg.DagsterInstance,
        status: dg.DagsterRunStatus,
        parent: str | None = None,
        stream: str | None = "live",
    ) -> str:
        """Have Dagster believe in a run of a stream of `strict`, which re-executes another or none; returns its id.

        Without a stream it is one that an earlier version has requested.
        """
        run = instance.create_run_for_job(
            delivery,
            run_config={"ops": {"deliver": {"config": {"destination": "strict"}}}},
            tags={"destination": "strict", **({"stream": f"strict/{stream}"} if stream else {})},
            status=status,
            parent_run_id=parent,
            root_run_id=parent,
        )
        return run.run_id
