"""What happens to tests that need more than Python, when it is not there?"""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

NODE_TEST = """
import pytest

def test_that_needs_python_alone():
    pass

@pytest.mark.node
def test_that_needs_node():
    pass
"""


@pytest.fixture
def programs(pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, in a project that has our hooks and a test of the group `node`."""
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(NODE_TEST)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("REQUIRE_ALL_GROUPS", raising=False)
    return tmp_path


def install(folder: Path, *programs: str) -> None:
    """Put programs into a folder."""
    for program in programs:
        (folder / program).touch(mode=0o755)


def test_a_group_whose_program_is_missing_is_left_out_and_said_so(pytester: pytest.Pytester, programs: Path) -> None:
    """The run passes; which group was left out, and for want of what, stands at its end."""
    install(programs, "node")

    result = pytester.runpytest_inprocess()

    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["left out: node (no `npm` on PATH): 1 test(s)"])


@pytest.mark.usefixtures("programs")
def test_where_all_groups_are_required_a_missing_program_is_a_failure(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUIRE_ALL_GROUPS=1, as in CI: nothing is left out in silence."""
    monkeypatch.setenv("REQUIRE_ALL_GROUPS", "1")

    result = pytester.runpytest_inprocess()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*left out: node (no `node` on PATH)*"])


def test_a_group_that_has_its_programs_runs(pytester: pytest.Pytester, programs: Path) -> None:
    """With everything there nothing is left out."""
    install(programs, "node", "npm")

    result = pytester.runpytest_inprocess()

    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("left out*")
