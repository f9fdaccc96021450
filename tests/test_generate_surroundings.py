"""Does a generated client keep its promises in an application: in forked workers, and around an SDK?"""

import json
import sys
from pathlib import Path

import pytest

from analytics_platform.commands.generate import GENERATED
from tests.fakes.vendor import Reply, Vendor
from tests.generated.toolchains import BY_NAME, Program
from tests.sdks import INSTALLED

pytestmark = pytest.mark.timeout(600)  # compilers, on a machine that may do other things

REPOSITORY = Path(__file__).parents[1]

PYTHON_WORKERS = """
import os
import sys

from product_analytics import Analytics, Client

client = Client(sys.argv[1], "YOUR_WRITE_KEY", flush_interval=60)
analytics = Analytics(client)
analytics.report_created(report_id="parent", user_id="u")
if os.fork() == 0:
    analytics.report_created(report_id="child", user_id="u")
    client.close()
    os._exit(0)
os.wait()
"""

RUBY_WORKERS = """
require "product_analytics"

client = ProductAnalytics::Client.new(ARGV[0], "YOUR_WRITE_KEY", flush_interval: 60)
client.track(ProductAnalytics::ReportCreated.new(report_id: "parent"), user_id: "u")
fork { client.track(ProductAnalytics::ReportCreated.new(report_id: "child"), user_id: "u") }
Process.wait
"""

TYPESCRIPT_RAISES = """
import { Analytics, Client } from "./product_analytics.js";

const onError = (message: string): void => {
  throw new Error(message);
};
const client = new Client({ host: process.argv[2] ?? "", writeKey: "YOUR_WRITE_KEY", onError });
new Analytics(client).reportCreated({ report_id: "r" }, { userId: "u" });
await client.close();
"""

PYTHON_RAISES = """
import sys

from product_analytics import Analytics, Client


def on_error(message: str) -> None:
    raise RuntimeError(message)


Analytics(Client(sys.argv[1], "YOUR_WRITE_KEY", on_error=on_error)).report_created(report_id="r", user_id="u")
"""

RUBY_RAISES = """
require "product_analytics"

client = ProductAnalytics::Client.new(ARGV[0], "YOUR_WRITE_KEY", on_error: ->(message) { raise message })
client.track(ProductAnalytics::ReportCreated.new(report_id: "r"), user_id: "u")
"""

PYTHON_AROUND_SEGMENT = """
import sys
from datetime import datetime

import segment.analytics
from product_analytics import Analytics, CallOptions

segment.analytics.write_key = "YOUR_WRITE_KEY"
segment.analytics.host = sys.argv[1]
analytics = Analytics(segment.analytics)
options = CallOptions(message_id="m-1", context={"locale": "de"})
analytics.report_created(report_id="r", user_id="u", options=options)
analytics.identify("u", email="ada@example.com")
analytics.group("g", user_id="u", name="Analytical Engines")
analytics.page("Pricing", user_id="u", properties={"plan": "team"})
analytics.screen("Settings", user_id="u")
analytics.alias("u", previous_id="a")
segment.analytics.flush()
"""

TYPESCRIPT_AROUND_ANALYTICS_JS = """
import { Analytics } from "./product_analytics.js";

declare const console: { log(text: string): void };

// As @segment/analytics-next 1.84.3 declares them, which is stricter than what it takes.
interface Options {
  integrations?: { [name: string]: boolean | Record<string, unknown> | undefined } | undefined;
  timestamp?: Date | string | undefined;
  context?: { [name: string]: any } | undefined;
  anonymousId?: string | undefined;
  userId?: string | undefined;
  messageId?: string | undefined;
  [name: string]: any;
}
type Callback = (context: object) => unknown;
type Values = Record<string, any> | Callback | null;
type Arguments = [first?: string | object | null, values?: Values, options?: Options | Callback, callback?: Callback];
type Named = [category?: string | object, name?: string | Values, values?: Values, options?: Options | Callback];
interface AnalyticsJs {
  track(...words: Arguments): Promise<void>;
  identify(...words: Arguments): Promise<void>;
  group(): object;
  group(...words: Arguments): Promise<void>;
  page(...words: Named): Promise<void>;
  screen(...words: Named): Promise<void>;
  alias(to: string | number, from?: string | number | Options, options?: Options | Callback): Promise<void>;
}

const said = async (...words: unknown[]): Promise<void> => console.log(JSON.stringify(words));
const analyticsJs: AnalyticsJs = {
  track: (...words) => said("track", ...words),
  identify: (...words) => said("identify", ...words),
  group: (...words: unknown[]) => said("group", ...words),
  page: (...words) => said("page", ...words),
  screen: (...words) => said("screen", ...words),
  alias: (...words) => said("alias", ...words),
};
const analytics = new Analytics(analyticsJs);
analytics.reportCreated({ report_id: "r", template: undefined }, { messageId: "m-1" });
analytics.identify("u", { email: "ada@example.com" });
analytics.group("g");
analytics.page("Pricing");
analytics.screen("Settings", { tab: "billing" });
analytics.alias("u", "a");
"""


@pytest.mark.parametrize(
    ("language", "source"),
    [
        pytest.param("typescript", TYPESCRIPT_RAISES, marks=pytest.mark.node),
        ("python", PYTHON_RAISES),
        pytest.param("ruby", RUBY_RAISES, marks=pytest.mark.ruby),
    ],
)
def test_an_on_error_that_fails_stops_nothing(tmp_path: Path, language: str, source: str) -> None:
    """What it is told of, goes out all the same; its own failure is told on the standard error."""
    with Vendor().listening() as server:
        server.will(lambda _: None if server.requests else Reply(503))
        finished = program(language, source, tmp_path).run(server.url)

    assert finished.returncode == 0, finished.stderr
    assert [call["properties"]["report_id"] for call in server.accepted] == ["r"]
    assert "failed" in finished.stderr


@pytest.mark.parametrize(
    ("language", "source"),
    [("python", PYTHON_WORKERS), pytest.param("ruby", RUBY_WORKERS, marks=pytest.mark.ruby)],
)
def test_a_forked_worker_sends_its_own_calls_and_no_others(tmp_path: Path, language: str, source: str) -> None:
    """Servers fork after they have loaded the application; threads do not come along."""
    with Vendor().listening() as server:
        finished = program(language, source, tmp_path).run(server.url)

    assert (finished.returncode, finished.stderr) == (0, "")
    assert sorted(call["properties"]["report_id"] for call in server.accepted) == ["child", "parent"]


def test_python_works_around_segments_sdk(tmp_path: Path) -> None:
    """The typed methods of an application that keeps the SDK it has."""
    folder = INSTALLED / "segment-python-2.4.0"
    assert folder.is_dir(), f"{folder} is missing: `make test` installs the SDKs"
    path = tmp_path / "main.py"
    path.write_text(PYTHON_AROUND_SEGMENT)
    paths = f"{folder}:{REPOSITORY / GENERATED / 'python'}"

    with Vendor().listening() as server:
        finished = Program((sys.executable, str(path)), {"PYTHONPATH": paths}).run(server.url)

    assert finished.returncode == 0, finished.stderr
    report, user, account, page, screen, alias = server.accepted
    assert (report["messageId"], report["properties"], report["context"]["locale"]) == ("m-1", {"report_id": "r"}, "de")
    assert (user["userId"], user["traits"]) == ("u", {"email": "ada@example.com"})
    assert (account["groupId"], account["traits"]) == ("g", {"name": "Analytical Engines"})
    assert (page["type"], page["name"], page["properties"]) == ("page", "Pricing", {"plan": "team"})
    assert (screen["type"], screen["name"], screen["properties"]) == ("screen", "Settings", {})
    assert (alias["type"], alias["userId"], alias["previousId"]) == ("alias", "u", "a")


@pytest.mark.node
def test_typescript_works_around_analytics_js(tmp_path: Path) -> None:
    """Each method becomes the call that analytics.js knows, by its types too, with its options as they are."""
    finished = program("typescript", TYPESCRIPT_AROUND_ANALYTICS_JS, tmp_path).run()

    assert [json.loads(line) for line in finished.stdout.splitlines()] == [
        ["track", "report.created", {"report_id": "r"}, {"messageId": "m-1"}],
        ["identify", "u", {"email": "ada@example.com"}, None],
        ["group", "g", {}, None],
        ["page", "Pricing", {}, None],
        ["screen", "Settings", {"tab": "billing"}, None],
        ["alias", "u", "a", None],
    ]


def program(language: str, source: str, folder: Path) -> Program:
    """The program with the client that is committed."""
    return BY_NAME[language].build(REPOSITORY / GENERATED, folder / "app", source)
