"""Does each example of docs/sdks.md, as it stands there, send its event?"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest_api.analytics_js import AnalyticsJs
from tests.browser import gate, played, serving
from tests.fakes.product import eventually
from tests.running_api import KEY, Api, ApiStarter
from tests.sdks import INSTALLED, PROGRAMS

pytest_plugins = ["tests.ingest_fixtures"]

pytestmark = pytest.mark.timeout(180)

TEXT = (Path(__file__).parents[1] / "docs" / "sdks.md").read_text(encoding="utf-8")
HOST = "https://events.example.com"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
PROGRAMS_OF = {"python": [], "sh": [], "js": [pytest.mark.node]}  # with the groups of tests that need them
IN_CHROMIUM = [pytest.mark.node, pytest.mark.browser]
MODULES = {
    "@segment/analytics-next": "/segment.js",
    "@rudderstack/analytics-js/bundled": "/rudderstack/index.mjs",
}
PAGE = f"""<!doctype html><title>Reports</title><link rel="icon" href="data:,">
<script type="importmap">{json.dumps({"imports": MODULES})}</script>
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with the SDKs as bundlers, or their documentation, would put them there."""
    folder = tmp_path_factory.mktemp("site")
    packages = INSTALLED / "browser" / "node_modules"
    shutil.copytree(packages / "@segment/analytics-next/dist/umd", folder, dirs_exist_ok=True)
    shutil.copytree(packages / "@rudderstack/analytics-js/dist/npm/modern/bundled/esm", folder / "rudderstack")
    shim = 'import "/index.js";\nexport const { AnalyticsBrowser } = self.AnalyticsNext;\n'
    (folder / "segment.js").write_text(shim)
    return folder


@pytest.fixture
def site(folder: Path) -> Iterator[str]:
    """Where it is served."""
    with serving(folder) as url:
        yield url


@pytest.mark.parametrize(
    ("language", "block"),
    [
        pytest.param(language, block, id=f"{language}-{number}", marks=PROGRAMS_OF[language])
        for number, (language, block) in enumerate(BLOCKS, 1)
        if language in PROGRAMS_OF
    ],
)
def test_an_example_of_a_program_sends_its_event(api: Api, language: str, block: str) -> None:
    """With our host and key in it, and nothing else changed."""
    run = {"python": in_python, "js": in_node, "sh": in_a_shell}[language]

    run(of(api, block))

    assert_sent_once(api)


@pytest.mark.parametrize(
    ("language", "block"),
    [
        pytest.param(language, block, id=f"{language}-{number}", marks=IN_CHROMIUM)
        for number, (language, block) in enumerate(BLOCKS, 1)
        if language not in PROGRAMS_OF
    ],
)
def test_an_example_of_a_page_sends_its_event(
    start_api: ApiStarter, folder: Path, site: str, language: str, block: str
) -> None:
    """As a script of the page, or as it is; the browser stays until the event has come, and sees no error."""
    api = start_api(analytics_js=AnalyticsJs(folder))
    code = of(api, block)
    body = f'<script type="module">\n{code}</script>' if language == "ts" else code
    (folder / "example.html").write_text(PAGE + body)

    with gate(lambda: eventually(lambda: reports(api), bool)) as asked:
        seen = played(f"{site}/example.html", f"await page.request.get({json.dumps(asked)}, {{ timeout: 90_000 }})")

    assert seen["errors"] == []
    assert_sent_once(api)


def test_every_version_that_is_named_is_tried_and_no_other() -> None:
    """The table and the folders of the SDKs name the same ones."""
    named = {*re.findall(r"\d+\.\d+\.\d+", TEXT[TEXT.index("| SDK |") : TEXT.index("| older ones")])}

    in_python = {path.read_text().strip().rpartition("==")[2] for path in PROGRAMS.glob("*.in")}
    packages = [json.loads((PROGRAMS / name / "package.json").read_text()) for name in ("node", "browser")]
    in_javascript = {version.rpartition("@")[2] for each in packages for version in each["dependencies"].values()}
    assert named == in_python | in_javascript


def of(api: Api, block: str) -> str:
    """The example with the host and the key of the API."""
    return block.replace(HOST, api.url).replace("WRITE_KEY", KEY)


def assert_sent_once(api: Api) -> None:
    """The event of every example."""
    [event] = reports(api)
    assert (event["userId"], event["properties"]) == ("u_1", {"report_id": "rep_42"})
    assert api.staging.quarantine() == []


def reports(api: Api) -> list[dict[str, object]]:
    """The events in the log."""
    return [call for call in api.staging.payloads() if call["type"] == "track"]


def in_python(code: str) -> None:
    """Run it with the SDK that it imports."""
    name = "rudder-python-2.1.9" if "rudderstack" in code else "segment-python-2.4.0"
    _run([sys.executable, "-c", code], PYTHONPATH=str(INSTALLED / name))


def in_node(code: str) -> None:
    """Run it with the packages of npm."""
    _run(["node", "-e", code], NODE_PATH=str(INSTALLED / "node" / "node_modules"))


def in_a_shell(code: str) -> None:
    """Run it as somebody would who tries it out."""
    _run(["sh", "-ec", code])


def _run(command: list[str], **environment: str) -> None:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
