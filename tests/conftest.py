"""What all tests share: the clock, and the groups of tests that need more than Python."""

import os
import shutil
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from tests.fakes.clock import Clock

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # how long an example takes is the machine's business

GROUPS = {
    "node": ("node", "npm"),
    "browser": ("chromium",),
    "ruby": ("ruby",),
    "go": ("go", "gofmt"),
    "pgbouncer": ("pgbouncer",),
    "mariadb": ("mariadb-install-db", "my_print_defaults"),
    "small_disk": ("unshare",),
}
"""The groups of tests (each a marker), with the programs that they need."""


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until the test moves it."""
    return Clock()


def pytest_configure(config: pytest.Config) -> None:
    """Make each group a marker."""
    for group, programs in GROUPS.items():
        config.addinivalue_line("markers", f"{group}: needs {' and '.join(programs)}")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: some tests wait most of the time, for a vendor to be tried again."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out a test whose group needs a program that is not here; in CI that is a failure."""
    for group, programs in GROUPS.items():
        missing = [program for program in programs if shutil.which(program) is None]
        if missing and item.get_closest_marker(group):
            reason = f"{group} (no `{missing[0]}` on PATH)"
            if os.environ.get("REQUIRE_ALL_GROUPS") == "1":
                pytest.fail(f"REQUIRE_ALL_GROUPS=1, but left out: {reason}", pytrace=False)
            pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly what was left out, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason, count in sorted(Counter(report.longrepr[2] for report in skipped).items()):
        terminalreporter.write_line(f"left out: {reason.removeprefix('Skipped: ')}: {count} test(s)")
