"""Is the script of Segment's snippet served in the place of its CDN?"""

from pathlib import Path

import pytest
import requests

from analytics_platform.settings import ConfigurationError, load
from ingest_api.analytics_js import AnalyticsJs
from tests.running_api import KEY, Api, ApiStarter, request

pytest_plugins = ["tests.ingest_fixtures"]

SCRIPT = f"/analytics.js/v1/{KEY}/analytics.min.js"
BUNDLES = "/analytics-next/bundles"
BUNDLE = "407.bundle.61efa1.js"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """What matters of `dist/umd` of the package, with what does not."""
    folder = tmp_path / "umd"
    folder.mkdir()
    (folder / "standalone.js").write_text("/* the script ü */")
    (folder / BUNDLE).write_text("/* a bundle */")
    (folder / "standalone.js.map").write_text("{}")
    (folder / "index.js").write_text("/* for pages with a loader */")
    return folder


@pytest.fixture
def api(start_api: ApiStarter, package: Path) -> Api:
    """An API that serves the package."""
    return start_api(analytics_js=AnalyticsJs(package))


@pytest.mark.parametrize(
    ("path", "content", "kept"),
    [
        (SCRIPT, "/* the script ü */", "public, max-age=300"),
        (f"{BUNDLES}/{BUNDLE}", "/* a bundle */", "public, max-age=31536000, immutable"),
    ],
)
def test_a_page_of_any_origin_may_load_it(api: Api, path: str, content: str, kept: str) -> None:
    """And keep it: a bundle for ever, since its name has the hash of its content."""
    answer = api.get(path)

    assert (answer.status_code, answer.content.decode()) == (200, content)
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == kept


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "gzip"), ("identity", None)])
def test_it_is_compressed_for_whoever_takes_that(api: Api, accepted: str, encoding: str | None) -> None:
    """Once, when the process starts."""
    answer = api.get(SCRIPT, headers={"Accept-Encoding": accepted})

    assert (answer.headers.get("Content-Encoding"), answer.headers["Vary"]) == (encoding, "Accept-Encoding")
    assert answer.content.decode() == "/* the script ü */"


@pytest.mark.parametrize(
    "path",
    [
        f"{BUNDLES}/unknown.js",
        f"{BUNDLES}/standalone.js.map",
        f"{BUNDLES}/..%2fumd%2fstandalone.js",
        f"{BUNDLES}/%2fetc%2fpasswd",
        f"/analytics.js/v1/{KEY}/analytics.js",
    ],
)
def test_nothing_else_is_served(api: Api, path: str) -> None:
    """No path of a client reaches the disk."""
    answer = request("GET", requests.Request("GET", api.url + path).prepare().url or "")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_it_is_not_there_unless_a_setting_says_where_it_is(start_api: ApiStarter) -> None:
    """Most pages bring their SDK themselves."""
    assert start_api().get(SCRIPT).status_code == 404


def test_a_folder_without_it_is_one_sentence(tmp_path: Path) -> None:
    """With the remedy."""
    with pytest.raises(
        ConfigurationError, match=r"^ANALYTICS_JS: .*standalone\.js cannot be read .* dist/umd of the npm"
    ):
        AnalyticsJs(tmp_path)


def test_its_folder_is_a_setting(tmp_path: Path) -> None:
    """Which starts at the working directory."""
    assert load({"ANALYTICS_JS": "vendor/umd"}, tmp_path).ingest.analytics_js == tmp_path / "vendor" / "umd"
    assert load({}, tmp_path).ingest.analytics_js is None
