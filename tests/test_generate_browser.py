"""Does the TypeScript client lose nothing when a visitor leaves, loses the network, or comes back?"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.commands.generate import GENERATED
from tests.browser import serving
from tests.fakes.vendor import Vendor
from tests.generated.toolchains import STRICT, TSC, compiled
from tests.running_api import ApiStarter, source

pytest_plugins = ["tests.ingest_fixtures"]

pytestmark = [pytest.mark.node, pytest.mark.browser, pytest.mark.timeout(300)]

REPOSITORY = Path(__file__).parents[1]
NODE_MODULES = TSC.parents[2]

PAGE = """<!doctype html><title>Reports</title>
<script type="module">
  import { Analytics, Client } from "./product_analytics.js";
  const options = new URLSearchParams(location.search);
  const flushIntervalMs = Number(options.get("flushIntervalMs"));
  window.client = new Client({ host: options.get("host"), writeKey: "YOUR_WRITE_KEY", flushIntervalMs });
  window.analytics = new Analytics(window.client);
</script>
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An application's page with the client, on an origin of its own."""
    folder = tmp_path_factory.mktemp("site")
    client = shutil.copy(REPOSITORY / GENERATED / "typescript" / "product_analytics.ts", folder)
    compiled("node", TSC, *STRICT, "--module", "es2022", "--lib", "es2022,dom", client)
    (folder / "index.html").write_text(PAGE)
    with serving(folder) as url:
        yield url


@pytest.fixture
def server() -> Iterator[Vendor]:
    """What the client takes for the ingest API; like the API it lets pages of all origins see its answers."""
    with Vendor().listening() as vendor:
        vendor.will_answer(200, '{"success": true}', {"Access-Control-Allow-Origin": "*"})
        yield vendor


@contextmanager
def visitor(scene: str, site: str, host: str, flush_interval_ms: int) -> Iterator[None]:
    """Play a scene in Chromium, which stays open for as long as the block runs."""
    url = f"{site}/index.html?host={host}&flushIntervalMs={flush_interval_ms}"
    script = REPOSITORY / "tests" / "generated" / "browser.cjs"
    environment = {**os.environ, "NODE_PATH": str(NODE_MODULES)}
    command = ["node", str(script), shutil.which("chromium") or "", scene, url]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as process:
        yield
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0


def test_what_waits_is_sent_when_the_page_is_left(site: str, server: Vendor) -> None:
    """By a beacon, long before its time; one that needs no preflight."""
    with visitor("leave", site, server.url, flush_interval_ms=600_000):
        server.wait_for(lambda server: len(server.accepted) == 1)

    [request] = server.requests
    assert request.headers["Content-Type"] == "text/plain"
    assert request.body["writeKey"] == "YOUR_WRITE_KEY"
    assert reports(server) == ["r-1"]


def test_what_could_not_be_sent_survives_the_page(site: str, server: Vendor) -> None:
    """The next page of the visitor sends it, under the same id."""
    with visitor("comeBack", site, server.url, flush_interval_ms=50):
        server.wait_for(lambda server: len(server.accepted) == 1)

    assert reports(server) == ["r-1"]


def test_what_could_not_be_sent_goes_when_the_network_is_back(site: str, server: Vendor) -> None:
    """The page need not be left for it."""
    with visitor("wait", site, server.url, flush_interval_ms=50):
        server.wait_for(lambda server: len(server.accepted) == 1)

    assert reports(server) == ["r-1"]


def test_a_visitor_is_known_on_the_next_page_until_they_sign_out(site: str, server: Vendor) -> None:
    """An anonymousId from the first call on, the userId from identify on, neither of them after reset."""
    with visitor("signIn", site, server.url, flush_interval_ms=600_000):
        server.wait_for(lambda server: "afterwards" in reports(server))

    calls = {call.get("properties", {}).get("report_id", "identify"): call for call in server.accepted}
    before, identify, after, afterwards = (calls[name] for name in ("before", "identify", "after", "afterwards"))
    assert before["anonymousId"] == identify["anonymousId"] == after["anonymousId"] != afterwards["anonymousId"]
    assert [call.get("userId") for call in (before, identify, after, afterwards)] == [None, "u-1", "u-1", None]
    assert after["context"]["page"]["title"] == "Reports"
    assert after["context"]["page"]["path"] == "/index.html"


def test_the_ingest_api_takes_what_a_page_of_another_origin_sends(site: str, start_api: ApiStarter) -> None:
    """Once each: what the page that is left has sent by a beacon, the next page sends again."""
    api = start_api(source(kind="browser"))

    with visitor("signIn", site, api.url, flush_interval_ms=600_000):
        pass

    stored = api.staging.payloads()
    assert sorted(call.get("properties", {}).get("report_id", call["type"]) for call in stored) == [
        *("after", "afterwards", "before", "identify")
    ]
    assert api.staging.quarantine() == []


def reports(server: Vendor) -> list[Any]:
    """The reports that the server took, each call once, however often it was sent."""
    calls = {call["messageId"]: call for call in server.accepted}
    return [call["properties"]["report_id"] for call in calls.values() if call["type"] == "track"]
