"""What happens when the settings file changes while requests are served?"""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from analytics_platform.settings import Source, load
from ingest_api.reload import Reload, stamp_of
from tests.fakes.product import eventually

ENVIRONMENT = {"WEB_KEY": "web-key", "APP_KEY": "app-key"}
WEB = '[sources.web]\nwrite_key_env = "WEB_KEY"\n'
APP = '[sources.app]\nwrite_key_env = "APP_KEY"\n'


class Served:
    """The names of the sources that are in use, and what looks after them."""

    def __init__(self, folder: Path, text: str | None = WEB) -> None:
        self.path = folder / "analytics.toml"
        if text is not None:
            self.path.write_text(text)
        self.names: list[str] = []
        known = stamp_of(self.path)
        self.reload = Reload(self.path, known, lambda: load(ENVIRONMENT, folder).sources, self._replace, seconds=0.01)

    def _replace(self, sources: Iterable[Source]) -> None:
        self.names = [source.name for source in sources]

    def looks(self, times: int = 2) -> list[str]:
        """What is in use after it has looked at the file so often."""
        for _ in range(times):
            self.reload.look()
        return self.names


@pytest.fixture
def served(tmp_path: Path) -> Served:
    """Looks at a file with one source, which nobody has changed yet."""
    return Served(tmp_path)


def test_an_unchanged_file_is_not_read(served: Served) -> None:
    """However often it is looked at."""
    assert served.looks(5) == []


def test_a_changed_file_is_taken_over(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """With all of its sources at once, and a line in the log."""
    served.path.write_text(WEB + APP)

    assert served.looks() == ["web", "app"]
    assert caplog.messages == [f"the sources are those of the changed {served.path}"]


def test_a_file_is_read_once_it_has_come_to_rest(served: Served) -> None:
    """One that is just being written may lack sources, and be right nevertheless."""
    served.path.write_text("")
    first = served.looks(1)
    served.path.write_text(WEB + APP)
    second = served.looks(1)

    assert (first, second, served.looks(1)) == ([], [], ["web", "app"])


def test_a_file_that_is_replaced_is_noticed(served: Served) -> None:
    """As editors and deployments do it, even if its size and time are those of the old one."""
    before = served.path.stat()
    successor = served.path.with_suffix(".new")
    successor.write_text(APP)
    os.utime(successor, ns=(before.st_atime_ns, before.st_mtime_ns))
    successor.rename(served.path)

    assert served.looks() == ["app"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("[sources.web", "", id="not-toml"),
        pytest.param(WEB.replace("WEB_KEY", "UNSET"), "environment variable UNSET is not set", id="secret-missing"),
        pytest.param(WEB + "rate_limit = -1", "sources.web.rate_limit: must be greater", id="wrong-setting"),
        pytest.param(WEB + APP.replace("APP_KEY", "WEB_KEY"), "the key is that of sources.web", id="key-twice"),
        pytest.param("[source.web]", "there are [sources.NAME]", id="misspelt"),
        pytest.param("a = " + "[" * 5000, "(RecursionError)", id="deep"),
        pytest.param("a = " + "9" * 5000, "(ValueError)", id="long-number"),
        pytest.param('[ingest]\nanalytics_js = "\\u0000"', "(ValueError)", id="impossible-path"),
    ],
)
def test_a_broken_file_keeps_the_old_sources_and_says_so(
    served: Served, caplog: pytest.LogCaptureFixture, text: str, reason: str
) -> None:
    """Once, not every second; without any key."""
    served.path.write_text(WEB + APP)
    served.looks()
    caplog.clear()

    served.path.write_text(text)

    assert served.looks(10) == ["web", "app"]
    [line] = caplog.messages
    assert line.startswith("the sources stay as they were: ")
    assert reason in line
    assert "web-key" not in line


def test_a_file_that_is_mended_is_taken_over(served: Served) -> None:
    """Nothing has to be restarted."""
    served.path.write_text("[sources.web")
    served.looks()

    served.path.write_text(APP)

    assert served.looks() == ["app"]


def test_a_file_that_is_gone_opens_no_demo_source(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """Whose key everybody knows."""
    served.path.unlink()

    assert served.looks() == []
    assert caplog.messages == [f"the sources stay as they were: {served.path} is gone"]


def test_what_nobody_has_foreseen_in_a_file_ends_no_looking(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """The file that mends it is taken over."""
    served.path.write_text('[ingest]\nanalytics_js = "\\u0000"')
    served.reload.start()
    assert eventually(lambda: caplog.messages, bool)

    served.path.write_text(APP)

    assert eventually(lambda: served.names, bool) == ["app"]
    served.reload.stop()


def test_a_file_that_was_not_there_is_taken_over_when_it_comes(tmp_path: Path) -> None:
    """Whoever has tried things out with the demo source goes on with one of their own."""
    served = Served(tmp_path, text=None)

    served.path.write_text(APP)

    assert served.looks() == ["app"]


def test_what_has_changed_before_the_start_is_taken_over_at_the_start(served: Served) -> None:
    """A worker that is started again was made of the settings of long ago."""
    served.path.write_text(APP)

    served.reload.start()
    served.reload.stop()

    assert served.names == ["app"]


def test_it_looks_until_it_is_stopped(served: Served) -> None:
    """In a thread of its own."""
    served.reload.start()
    served.path.write_text(APP)

    assert eventually(lambda: served.names, bool) == ["app"]
    served.reload.stop()
