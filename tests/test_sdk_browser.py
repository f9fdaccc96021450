"""Do SDKs, in Chromium and on a page of another origin, send everything to us, once, and nothing elsewhere?

Each asks us at its start where to send; the page says nothing but our host and its write key.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from analytics_platform.staging.base import StagingError
from ingest_api.analytics_js import AnalyticsJs
from tests.browser import gate, played, serving
from tests.fakes.product import eventually
from tests.running_api import Api, ApiStarter, source
from tests.sdks import INSTALLED

pytest_plugins = ["tests.ingest_fixtures"]

pytestmark = [pytest.mark.node, pytest.mark.browser, pytest.mark.timeout(240)]

PACKAGES = INSTALLED / "browser" / "node_modules"

HEAD = """<!doctype html><title>Reports</title><link rel="icon" href="data:,">
<script>
  const query = new URLSearchParams(location.search);
  const host = query.get("host");
  const options = JSON.parse(query.get("options"));
</script>
"""
SEGMENT = """
<script src="segment/index.js"></script>
<script>
  const settings = { writeKey: "YOUR_WRITE_KEY", cdnURL: host };
  window.analytics = AnalyticsNext.AnalyticsBrowser.load(settings, { integrations: { "Segment.io": options } });
</script>
"""
RUDDERSTACK = """
<script src="rudderstack/index.js"></script>
<script>
  window.analytics = new rudderanalytics.RudderAnalytics();
  analytics.load("YOUR_WRITE_KEY", host, { configUrl: host, ...options });
</script>
"""
SNIPPET = """
<script>
  window.analytics = [];
  analytics._cdn = host;
  const script = document.createElement("script");
  script.src = `${host}/analytics.js/v1/YOUR_WRITE_KEY/analytics.min.js`;
  document.head.append(script);
</script>
"""

# What a scene begins with: `answered` waits for so many answers of 200 to posts, `ask` until the test answers.
SCENE = """
  const posted = [];
  page.on("response", (answer) => {
    if (answer.request().method() === "POST" && answer.status() === 200) posted.push(answer.url());
  });
  const answered = async (count) => {
    while (posted.length < count) await page.waitForEvent("response", { timeout: 90_000 });
  };
  const ask = () => page.request.get(GATE, { timeout: 90_000 });
  const report = () => page.evaluate(() => void analytics.track("report.created", { report_id: "r-1" }));
"""


@dataclass(frozen=True)
class BrowserSdk:
    """An SDK on a page, and how it is told to keep calls for a batch that a page seldom fills."""

    page: str
    batching: dict[str, Any]


SDKS = [
    pytest.param(
        BrowserSdk("segment.html", {"deliveryStrategy": {"strategy": "batching", "config": {"timeout": 600_000}}}),
        id="analytics-next-1.84.3",
    ),
    pytest.param(
        BrowserSdk("rudderstack.html", {"useBeacon": True, "beaconQueueOptions": {"flushQueueInterval": 600_000}}),
        id="rudderstack-analytics-js-3.34.1",
    ),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An application's pages, each with an SDK, on an origin of their own."""
    folder = tmp_path_factory.mktemp("site")
    assert PACKAGES.is_dir(), f"{PACKAGES} is missing: `make test` installs the SDKs"
    shutil.copytree(PACKAGES / "@segment/analytics-next/dist/umd", folder / "segment")
    shutil.copytree(PACKAGES / "@rudderstack/analytics-js/dist/npm/modern/bundled/umd", folder / "rudderstack")
    for name, sdk in (("segment", SEGMENT), ("rudderstack", RUDDERSTACK), ("snippet", SNIPPET), ("plain", "")):
        (folder / f"{name}.html").write_text(HEAD + sdk)
    with serving(folder) as url:
        yield url


@pytest.fixture
def api(start_api: ApiStarter, site: str) -> Api:
    """The API, on an origin of its own, that takes what our pages send."""
    return start_api(source(kind="browser", origins=[site]))


def visited(site: str, page: str, api: Api, scene: str, options: object = None, at_gate: Any = dict) -> dict[str, Any]:
    """Play the scene on a page of the site with an SDK; what was seen, with the errors and requests of the page."""
    url = (
        f"{site}/{page}"
        + ("&" if "?" in page else "?")
        + urlencode({"host": api.url, "options": json.dumps(options or {})})
    )
    with gate(at_gate) as asked:
        return played(url, SCENE.replace("GATE", json.dumps(asked)) + scene)


@pytest.mark.parametrize("sdk", SDKS)
def test_every_call_of_a_page_is_stored_once(site: str, api: Api, sdk: BrowserSdk) -> None:
    """Those that the SDK has, in its default way; the page sees no error."""
    scene = """
      await page.evaluate(() => {
        analytics.page("Reports", { beta: true });
        analytics.identify("user-1", { plan: "team" });
        analytics.track("report.created", { report_id: "r-1" });
        analytics.group("acc_1", { plan: "team" });
        analytics.alias("user-2", "user-1");
      });
      await answered(5);
    """

    seen = visited(site, sdk.page, api, scene)

    stored = {call["type"]: call for call in api.staging.payloads()}
    assert sorted(call["type"] for call in api.staging.payloads()) == ["alias", "group", "identify", "page", "track"]
    assert stored["page"]["name"] == "Reports"
    assert (stored["identify"]["userId"], stored["identify"]["traits"]) == ("user-1", {"plan": "team"})
    assert (stored["track"]["userId"], stored["track"]["properties"]) == ("user-1", {"report_id": "r-1"})
    assert (stored["group"]["groupId"], stored["group"]["traits"]) == ("acc_1", {"plan": "team"})
    assert stored["alias"]["previousId"] == "user-1"  # analytics-next has the userId of identify with it, too
    assert api.staging.quarantine() == []
    assert seen["errors"] == []


@pytest.mark.parametrize("sdk", SDKS)
def test_a_page_asks_nobody_but_us(site: str, api: Api, sdk: BrowserSdk) -> None:
    """Neither for its settings, nor with what it has to say of itself."""
    seen = visited(site, sdk.page, api, "await report(); await answered(1);")

    assert [url for url in seen["requests"] if not url.startswith((site, api.url))] == []


@pytest.mark.parametrize("sdk", SDKS)
def test_what_waits_is_sent_when_the_page_is_left(site: str, api: Api, sdk: BrowserSdk) -> None:
    """Long before its time, by a request that outlives the page."""
    visited(
        site,
        sdk.page,
        api,
        # Until the SDK has its settings, and then the call in its batch, there is nothing that it could send in time.
        "await page.evaluate(() => new Promise((done) => analytics.ready(() => done())));"
        'await page.evaluate(async () => { await analytics.track("report.created", { report_id: "r-1" }); });'
        'await page.goto("about:blank"); await ask();',
        sdk.batching,
        at_gate=lambda: eventually(api.staging.payloads, bool),
    )

    assert [call["properties"]["report_id"] for call in api.staging.payloads()] == ["r-1"]


@pytest.mark.parametrize("sdk", SDKS)
def test_an_outage_under_the_visitor_s_eyes_loses_nothing(site: str, api: Api, sdk: BrowserSdk) -> None:
    """The page sees the 503, comes back by itself with the headers of a retry, and is one event."""
    api.staging.error = StagingError("down")

    visited(
        site,
        sdk.page,
        api,
        "const refused = page.waitForResponse((answer) => answer.status() === 503);"
        "await report(); await refused; await ask(); await answered(1);",
        at_gate=lambda: recovered(api),
    )

    assert [call["properties"]["report_id"] for call in api.staging.payloads()] == ["r-1"]


@pytest.mark.parametrize("sdk", SDKS)
def test_what_an_outage_refused_is_sent_by_the_next_page(site: str, api: Api, sdk: BrowserSdk) -> None:
    """It waits in the browser; RudderStack's takes a quarter of a minute to look."""
    api.staging.error = StagingError("down")

    visited(
        site,
        sdk.page,
        api,
        """
          const url = page.url();
          const refused = page.waitForResponse((answer) => answer.status() === 503);
          await report();
          await refused;
          await page.goto("about:blank");
          await ask();
          await page.goto(url);
          await answered(1);
        """,
        at_gate=lambda: recovered(api),
    )

    assert [call["properties"]["report_id"] for call in api.staging.payloads()] == ["r-1"]


def test_segment_s_snippet_and_what_it_loads_later_come_from_us(site: str, start_api: ApiStarter) -> None:
    """The script, and its bundle for events that stand in the address of the page."""
    umd = PACKAGES / "@segment" / "analytics-next" / "dist" / "umd"
    api = start_api(source(kind="browser", origins=[site]), analytics_js=AnalyticsJs(umd))
    address = "snippet.html?ajs_aid=visitor-1&ajs_event=report.created&ajs_prop_report_id=r-1&"

    seen = visited(site, address, api, "await answered(1);")

    [call] = api.staging.payloads()
    assert (call["anonymousId"], call["event"]) == ("visitor-1", "report.created")
    assert call["properties"] == {"report_id": "r-1"}
    assert any("/analytics-next/bundles/queryString" in url for url in seen["requests"])
    assert [url for url in seen["requests"] if not url.startswith((site, api.url))] == []
    assert seen["errors"] == []


def test_a_beacon_needs_no_sdk(site: str, api: Api) -> None:
    """`navigator.sendBeacon` with the key in the body: it says that JSON is text, and asks for no leave."""
    scene = """
      await page.evaluate(() => {
        const call = { userId: "user-1", event: "report.created", properties: { report_id: "r-1" } };
        navigator.sendBeacon(`${host}/v1/track`, JSON.stringify({ writeKey: "YOUR_WRITE_KEY", ...call }));
      });
      await page.goto("about:blank");
      await ask();
    """

    visited(site, "plain.html", api, scene, at_gate=lambda: eventually(api.staging.payloads, bool))

    assert [call["userId"] for call in api.staging.payloads()] == ["user-1"]


def test_an_image_is_shown(site: str, start_api: ApiStarter) -> None:
    """The pixel loads; a page names no origin for its images, so the source must not ask for one."""
    api = start_api(source(kind="browser"))
    scene = """
      return page.evaluate(async () => {
        const image = new Image();
        const call = { userId: "user-1", event: "report.created", properties: { report_id: "r-1" } };
        const data = btoa(JSON.stringify({ writeKey: "YOUR_WRITE_KEY", ...call }));
        image.src = `${host}/v1/pixel/track?data=${data}`;
        await image.decode();
        return [image.naturalWidth, image.naturalHeight];
      });
    """

    seen = visited(site, "plain.html", api, scene)

    assert (seen["value"], seen["errors"]) == ([1, 1], [])
    assert [call["userId"] for call in api.staging.payloads()] == ["user-1"]


def recovered(api: Api) -> None:
    """The store is back."""
    api.staging.error = None
