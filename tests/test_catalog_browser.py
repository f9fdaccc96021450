"""Does the catalog work in a browser, from a file and from the API?"""

import json
from pathlib import Path
from typing import Any

import pytest

from event_registry.catalog.page import render
from event_registry.defining import Definition, Deprecation
from event_registry.fields import Field, Type
from event_registry.registry import default
from tests.browser import played
from tests.running_api import ApiStarter

pytest_plugins = ["tests.ingest_fixtures"]

pytestmark = [pytest.mark.node, pytest.mark.browser, pytest.mark.timeout(180)]

HOSTILE = """</script><script>alert("x")</script><img src=x onerror=alert(1)>"""
SHOWN = "return page.$$eval('.entry:not([hidden]) h3', (found) => found.map((each) => each.textContent));"


def browse(url: str, scene: str, width: int = 1100, scheme: str = "light") -> dict[str, Any]:
    """What a scene returns that is played on a page; the page itself may not complain, nor load anything."""
    seen = played(url, scene, width, scheme)
    assert seen["errors"] == []
    assert seen["requests"] == [url.partition("#")[0]]
    return seen


def file_of(folder: Path, *definitions: Definition) -> str:
    """The address of a file with the catalog of these, or of our own plan."""
    path = folder / "catalog.html"
    path.write_text(render(definitions or default()), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("report.exp", ["report.exported"]),
        ("ROW_COUNT", ["report.exported"]),
        ("downloaded file", ["report.exported"]),
        ("keyed hash", ["user.invited"]),
        ("no such word", []),
    ],
)
def test_a_search_finds_names_properties_and_descriptions(tmp_path: Path, words: str, found: list[str]) -> None:
    """Every word must be there, in any order and case; how many are shown is said aloud."""
    seen = browse(file_of(tmp_path), f"await page.getByLabel('Search').fill({json.dumps(words)}); {SHOWN}")

    assert seen["value"] == found


def test_a_search_says_how_much_it_shows(tmp_path: Path) -> None:
    """To those who do not see it, too: the place is a status."""
    scene = "await page.getByLabel('Search').fill('report'); return page.getByRole('status').textContent();"

    assert browse(file_of(tmp_path), scene)["value"] == "2 of 12 shown"


def test_the_plan_can_be_cut_to_one_owner(tmp_path: Path) -> None:
    """By a list of all of them."""
    scene = f"await page.getByLabel('Owner').selectOption('reporting'); {SHOWN}"

    assert browse(file_of(tmp_path), scene)["value"] == ["report.created", "report.exported"]


def test_the_keyboard_alone_opens_an_entry(tmp_path: Path) -> None:
    """From the search to the first entry, whose table then has its headings."""
    scene = """
      await page.getByLabel('Search').fill('report.created');
      for (const key of ['Tab', 'Tab', 'Enter']) await page.keyboard.press(key);
      return page.getByRole('columnheader').allTextContents();
    """

    assert browse(file_of(tmp_path), scene)["value"] == ["Property", "Type", "Meaning"]


@pytest.mark.parametrize("width", [1100, 320])
def test_a_screen_reader_finds_a_table(tmp_path: Path, width: int) -> None:
    """Also where it is laid out otherwise: each property heads its row."""
    scene = "return page.locator('#report\\\\.exported').getByRole('rowheader').allTextContents();"

    seen = browse(file_of(tmp_path) + "#report.exported", scene, width=width)

    assert seen["value"] == ["report_id required", "format required", "row_count optional", "duration_ms optional"]


def test_an_address_with_a_name_opens_that_entry(tmp_path: Path) -> None:
    """So that a colleague can be sent there."""
    scene = "return page.$$eval('.entry[open]', (found) => found.map((each) => each.id));"

    assert browse(file_of(tmp_path) + "#user.invited", scene)["value"] == ["user.invited"]


def test_a_link_to_what_the_search_hides_shows_it(tmp_path: Path) -> None:
    """A deprecated event leads to its successor even so."""
    told = {"description": "It happened.", "owner": "team", "since": "2026-01-31", "version": 1, "example": {}}
    new = Definition("track", "report.created", **told)  # type: ignore[arg-type]  # of several types
    old = Definition("track", "report.made", **told, deprecated=Deprecation("2026-06-01", "report.created"))  # type: ignore[arg-type]  # the same
    scene = """
      await page.getByLabel('Search').fill('made');
      await page.getByText('report.made', { exact: true }).click();
      await page.getByRole('link', { name: 'See report.created.' }).click();
      await page.waitForSelector('#report\\\\.created[open]');
      return page.getByLabel('Search').inputValue();
    """

    assert browse(file_of(tmp_path, new, old), scene)["value"] == ""


def test_a_hostile_plan_is_only_text(tmp_path: Path) -> None:
    """No script runs, no dialog opens, nothing is asked of the network, and the search still works."""
    evil = Definition(
        "track", HOSTILE, HOSTILE, HOSTILE, "2026-01-31", 1, {HOSTILE: HOSTILE}, (_hostile_field(),), (HOSTILE,)
    )

    assert browse(file_of(tmp_path, evil), SHOWN)["value"] == [HOSTILE]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_against_its_ground(tmp_path: Path, scheme: str) -> None:
    """The contrast that WCAG 2.2 AA asks of small text, 4.5 to 1, in both schemes."""
    scene = """
      return page.evaluate(() => {
        for (const each of document.querySelectorAll('details')) each.open = true;
        const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
          .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
          .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
        const ground = (element) => {
          const color = numbers(getComputedStyle(element).backgroundColor);
          return color[3] === 0 ? ground(element.parentElement) : color;
        };
        const contrast = (element) => {
          const both = [light(numbers(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
          return (both[0] + 0.05) / (both[1] + 0.05);
        };
        const texts = [...document.body.querySelectorAll('*')].filter((e) => !e.matches('script, option'));
        return Math.min(...texts.map(contrast));
      });
    """

    assert browse(file_of(tmp_path), scene, scheme=scheme)["value"] >= 4.5


def test_a_narrow_window_needs_no_sideways_scrolling(tmp_path: Path) -> None:
    """320 pixels, with every entry open."""
    scene = """
      await page.evaluate(() => { for (const each of document.querySelectorAll('details')) each.open = true; });
      return page.evaluate(() => document.documentElement.scrollWidth);
    """

    assert browse(file_of(tmp_path), scene, width=320)["value"] == 320


def test_the_page_of_the_api_works_under_its_own_policy(start_api: ApiStarter) -> None:
    """The header allows the script and the style of the page, nothing else."""
    scene = f"await page.getByLabel('Search').fill('seats_left'); {SHOWN}"

    seen = played(start_api().url + "/catalog", scene)

    assert seen["value"] == ["user.invited"]
    assert seen["errors"] == []


def _hostile_field() -> Field:
    return Field(HOSTILE, Type("string"), HOSTILE, is_required=True, examples=(HOSTILE,))
