"""Does the API show the tracking plan, to whom, and at what cost?"""

import gzip
from pathlib import Path

import pytest
import requests

from analytics_platform.settings import load
from event_registry.catalog.page import render
from event_registry.registry import default
from tests.running_api import Api, ApiStarter

pytest_plugins = ["tests.ingest_fixtures"]


def test_the_catalog_is_a_page_of_the_plan(shared_api: Api) -> None:
    """The same that `analytics plan catalog` writes, without volumes; it needs no key."""
    answer = shared_api.get("/catalog")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text == render(default())


def test_the_page_may_load_nothing(shared_api: Api) -> None:
    """Threat 17: nor be put into a frame, nor tell others where a reader came from."""
    headers = shared_api.get("/catalog").headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'; base-uri 'none'; form-action 'none'; ")
    assert headers["Content-Security-Policy"].endswith("; frame-ancestors 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_who_takes_gzip_gets_gzip(shared_api: Api) -> None:
    """Compressed once, when the process starts."""
    with requests.get(f"{shared_api.url}/catalog", stream=True, timeout=10) as answer:
        raw = answer.raw.read()

    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(raw).decode() == render(default())


def test_who_takes_no_gzip_gets_none(shared_api: Api) -> None:
    """Programs that know nothing of it."""
    answer = shared_api.get("/catalog", headers={"Accept-Encoding": "identity"})

    assert "Content-Encoding" not in answer.headers
    assert answer.text == render(default())


def test_who_has_the_page_is_told_so(shared_api: Api) -> None:
    """Until the plan changes; a proxy may have weakened the tag."""
    tag = shared_api.get("/catalog").headers["ETag"]

    answers = [shared_api.get("/catalog", headers={"If-None-Match": sent}) for sent in (tag, f"W/{tag}", '"other"')]

    assert [answer.status_code for answer in answers] == [304, 304, 200]
    assert answers[0].content == b""


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405), ("DELETE", 405)])
def test_it_is_only_read(shared_api: Api, method: str, status: int) -> None:
    """By GET and HEAD."""
    assert shared_api.get("/catalog", method).status_code == status


def test_it_can_be_switched_off(start_api: ApiStarter) -> None:
    """Then it looks like any other path that is not there."""
    api = start_api(shows_catalog=False)

    assert api.get("/catalog").status_code == api.get("/no-such-path").status_code == 404


def test_a_variable_switches_it_off(tmp_path: Path) -> None:
    """It is on unless somebody says so."""
    assert load({}, tmp_path).ingest.catalog
    assert not load({"ANALYTICS_CATALOG": "off"}, tmp_path).ingest.catalog
