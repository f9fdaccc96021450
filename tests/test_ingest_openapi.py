"""Is the API described as it is, and can people read it?"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.settings import load
from ingest_api.analytics_js import BUNDLE_PATH, SCRIPT_PATH
from ingest_api.app import OWN_PATHS, PIXEL_PATHS, SDK_PATHS, described
from ingest_api.errors import STATUS
from ingest_api.openapi.codes import PROBLEMS, REFUSALS
from tests.browser import played
from tests.running_api import Api, ApiStarter

pytest_plugins = ["tests.ingest_fixtures"]

ROOT = Path(__file__).parents[1]
MADE_UP_OF = {"Refusal": 0, "Problem": 1, "error": 1, "unready": 0, "_unavailable": 0}
"""The calls that have a code among their arguments, and in which place."""


def codes_in(package: str) -> Iterator[tuple[str, str]]:
    """Each code that is written out in a package, with the call that it is written in."""
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "func", None)
            called = getattr(name, "id", getattr(name, "attr", None))
            if isinstance(node, ast.Call) and called in MADE_UP_OF and len(node.args) > MADE_UP_OF[called]:
                argument = node.args[MADE_UP_OF[called]]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield called, argument.value


def test_every_path_is_described(shared_api: Api) -> None:
    """As the API itself serves it, with every operation that a client is to use."""
    answer = shared_api.get("/openapi.json")

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == described()
    assert {*answer.json()["paths"]} == {
        *(*OWN_PATHS, *SDK_PATHS, *PIXEL_PATHS),
        *("/v1/m", "/v1/projects/{key}/settings", "/sourceConfig", SCRIPT_PATH, BUNDLE_PATH),
        *("/health/live", "/health/ready", "/catalog", "/docs", "/openapi.json"),
    }


def test_every_code_is_explained() -> None:
    """Those that a request is refused with, and those of a call's problems; and no other is."""
    found = [*codes_in("ingest_api"), *codes_in("event_registry")]
    refusals = {code for called, code in found if called != "Problem"} | {*STATUS}
    problems = {code for called, code in found if called == "Problem"}

    assert refusals - {*REFUSALS} == set()
    assert problems - {*PROBLEMS} == set()
    assert {*STATUS} - {*REFUSALS} == set()


def test_every_reference_leads_somewhere() -> None:
    """No program that reads the document finds a hole."""
    document = described()

    for reference in {*re.findall(r'"\$ref": ?"#/([^"]+)"', json.dumps(document))}:
        place: Any = document
        for step in reference.split("/"):
            place = place[step]


def test_the_page_says_all_of_it(shared_api: Api) -> None:
    """Each path, each field and each code, without a line of script."""
    page = shared_api.get("/docs")

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    for text in (*described()["paths"], *REFUSALS, *PROBLEMS, "anonymousId", "quarantined_count"):
        assert text in page.text


def test_the_page_may_load_and_run_nothing(shared_api: Api) -> None:
    """But its own style."""
    policy = shared_api.get("/docs").headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-")
    assert "script-src" not in policy


@pytest.mark.browser
@pytest.mark.node
@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (360, "dark")])
def test_the_page_works_in_a_browser_that_reaches_nothing_else(shared_api: Api, width: int, scheme: str) -> None:
    """A click on a body opens and shows its fields; nothing else is asked for, and nothing sticks out."""
    seen = played(
        f"{shared_api.url}/docs",
        """
        await page.locator('summary', { hasText: '/api/analytics/track' }).first().click();
        await page.locator('details[open] a', { hasText: 'Track' }).first().click();
        await page.locator('#schema-Track').waitFor();
        return {
          isShown: await page.locator('#schema-Track').isVisible(),
          sticksOut: await page.evaluate(() => document.documentElement.scrollWidth > innerWidth),
          colour: await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
        };
        """,
        width,
        scheme,
    )

    assert seen["errors"] == []
    assert {address.partition("#")[0] for address in seen["requests"]} == {f"{shared_api.url}/docs"}
    assert (seen["value"]["isShown"], seen["value"]["sticksOut"]) == (True, False)
    assert (seen["value"]["colour"] == "rgb(255, 255, 255)") == (scheme == "light")


def test_both_can_be_switched_off(start_api: ApiStarter, tmp_path: Path) -> None:
    """Then they look like any other path that is not there."""
    api = start_api(shows_docs=False)

    statuses = {api.get(path).status_code for path in ("/docs", "/openapi.json", "/no-such-path")}

    assert statuses == {404}
    assert load({}, tmp_path).ingest.docs
    assert not load({"ANALYTICS_DOCS": "off"}, tmp_path).ingest.docs
