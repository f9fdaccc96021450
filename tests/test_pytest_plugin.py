"""What does a test of an application learn from the plugin?"""

import os
import re
import subprocess
import sys

import pytest

from tests.plugin_project import CLIENTS, REPOSITORY, SDKS

pytest_plugins = ["tests.plugin_fixtures"]


def test_an_application_that_keeps_the_plan_passes(run: pytest.Pytester) -> None:
    """What was sent is found by its event and any of its properties; an absent one is looked for with None."""
    run.makepyfile(
        """
        import app

        def test_it(recorded_calls):
            app.create_report("r-1")

            recorded_calls.assert_planned()
            call = recorded_calls.track("report.created", report_id="r-1", template=None)
            assert call["userId"] == "u_1"
            assert len(recorded_calls.calls) == 1
        """
    )

    run.runpytest_inprocess().assert_outcomes(passed=1)


def test_each_test_begins_with_nothing(run: pytest.Pytester) -> None:
    """What another one has sent is not found."""
    run.makepyfile(
        """
        import app

        def test_that_sends():
            app.create_report("r-1")

        def test_that_does_not(recorded_calls):
            assert recorded_calls.calls == []
        """
    )

    run.runpytest_inprocess().assert_outcomes(passed=2)


def test_every_problem_of_every_call_is_listed(run: pytest.Pytester) -> None:
    """With the call, the path and what was expected, as the ingest API says it."""
    run.makepyfile(
        """
        def test_it(recorded_calls):
            segment = recorded_calls.analytics
            segment.track("u_1", "report.created", {"report_id": 7, "templat": "t"})
            segment.track("u_1", "report.craeted")
            segment.identify(traits={"email": "ada@example.com"})
            segment.page("u_1", "Docs", "Start")
            recorded_calls.assert_planned()
        """
    )

    result = run.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*AssertionError: the recorded calls break the tracking plan:",
            "E*call 1, track report.created: $.properties.report_id: expected string, found integer",
            "E*call 1, track report.created: $.properties.templat: *did you mean template?",
            "E*call 2, track report.craeted: $.event: the plan has no such event: did you mean report.created?",
            "E*call 3, identify: $.userId: expected a userId or an anonymousId, found neither",
        ]
    )
    result.stdout.no_fnmatch_line("E*call 4*")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            'track("report.created", report_id="r-2", template="t")',
            [
                "E*no recorded call is report.created with report_id='r-2', template='t'",
                "E*call 1, track report.created: report_id is 'r-1', not 'r-2', template is absent, not 't'",
            ],
        ),
        (
            'track("file.uploaded")',
            ["E*no recorded call is file.uploaded", "E*recorded: track report.created"],
        ),
        ('track("report.craeted")', ["E*the plan has no event report.craeted: did you mean report.created?"]),
        (
            'track("report.created", reportid="r-1")',
            ["E*the plan has no property reportid of report.created: did you mean report_id?"],
        ),
        ('identify(plan="team")', ["E*no recorded call is identify with plan='team'"]),
        ("group()", ["E*no recorded call is group", "E*recorded: track report.created"]),
    ],
)
def test_a_call_that_is_not_there_is_told_with_its_near_misses(
    run: pytest.Pytester, asked: str, told: list[str]
) -> None:
    """A misspelt name in the test itself is a failure of its own: it would never be found."""
    run.makepyfile(
        f"""
        import app

        def test_it(recorded_calls):
            app.create_report("r-1")
            recorded_calls.{asked}
        """
    )

    result = run.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(told)


def test_a_test_in_which_nothing_was_sent_does_not_pass_for_one_that_kept_the_plan(run: pytest.Pytester) -> None:
    """A client that has not been flushed has sent nothing yet."""
    run.makepyfile(
        """
        def test_it(recorded_calls):
            recorded_calls.assert_planned()
        """
    )

    result = run.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*no call was recorded: flush or close the client before*"])


def test_all_six_calls_and_their_options_are_recorded_as_they_are_sent(run: pytest.Pytester) -> None:
    """By the parameters of Segment's Python SDK, in its order; a change after the call changes nothing."""
    run.makepyfile(
        """
        from datetime import UTC, datetime
        from decimal import Decimal

        def test_it(recorded_calls):
            segment = recorded_calls.analytics
            properties = {"report_id": "r-1"}
            segment.track("u", "report.created", properties, message_id="m-1", anonymous_id="a")
            properties["report_id"] = "changed"
            segment.identify("u", {"created_at": datetime(2026, 1, 31, tzinfo=UTC)})
            segment.group("u", "g", {"mrr": Decimal("7.5")})
            segment.page("u", None, "Start")
            segment.screen("u", None, "Start")
            segment.alias("a", "u")
            segment.flush()

            recorded_calls.assert_planned()
            assert recorded_calls.calls[0] == {
                "type": "track", "userId": "u", "event": "report.created", "properties": {"report_id": "r-1"},
                "messageId": "m-1", "anonymousId": "a",
            }
            assert recorded_calls.identify(created_at="2026-01-31T00:00:00+00:00")
            assert recorded_calls.group(mrr=7.5)
            assert recorded_calls.calls[5] == {"type": "alias", "userId": "u", "previousId": "a"}
        """
    )

    run.runpytest_inprocess().assert_outcomes(passed=1)


def test_the_examples_of_the_documentation_pass(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they stand there."""
    text = (REPOSITORY / "docs" / "testing.md").read_text(encoding="utf-8")
    for name, block in re.findall(r"```python\n# (\S+)\.py\n(.*?)```", text, re.DOTALL):
        pytester.makepyfile(**{name: block})
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (REPOSITORY, CLIENTS, SDKS / "segment-python-2.4.0"))))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    result = pytester.runpytest_subprocess("-p", "event_registry.pytest_plugin")

    result.assert_outcomes(passed=2)


def test_a_project_may_have_a_plan_of_its_own(run: pytest.Pytester) -> None:
    """By overriding the fixture that holds it."""
    run.makepyfile(
        """
        import pytest
        from event_registry.registry import Registry

        @pytest.fixture(scope="session")
        def tracking_plan():
            return Registry({}, {})

        def test_it(recorded_calls):
            recorded_calls.analytics.track("u", "report.created")
            recorded_calls.assert_planned()
        """
    )

    result = run.runpytest_inprocess()

    result.stdout.fnmatch_lines(["E*the plan has no such event"])


def test_a_property_is_looked_for_by_its_name_on_the_wire(run: pytest.Pytester) -> None:
    """Python may have another one for it, which no call bears."""
    run.makepyfile(
        plan="""
        from pydantic import Field
        from event_registry.definitions import Event

        class PageRead(Event, name="page.read", owner="docs", since="2026-01-31", example={"Page ID": "p"}):
            '''A reader read a page.'''

            page_id: str = Field(alias="Page ID", description="The page's id.")
        """,
        test_it="""
        import plan
        import pytest
        from event_registry.registry import collect

        @pytest.fixture(scope="session")
        def tracking_plan():
            return collect(plan)

        def test_it(recorded_calls):
            recorded_calls.analytics.track("u", "page.read", {"Page ID": "p-1"})

            recorded_calls.assert_planned()
            recorded_calls.track("page.read", **{"Page ID": "p-1"})
            with pytest.raises(AssertionError, match="no property page_id of page.read: did you mean Page ID"):
                recorded_calls.track("page.read", page_id="p-1")
        """,
    )

    run.runpytest_inprocess().assert_outcomes(passed=1)


def test_a_project_that_does_not_use_it_pays_nothing() -> None:
    """The plugin alone imports neither Pydantic nor the plan."""
    program = (
        "import event_registry.pytest_plugin, sys; print(*{'pydantic', 'event_registry.registry'} & {*sys.modules})"
    )

    imported = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ
    )

    assert imported.stdout.split() == []


def test_a_project_needs_no_package_that_the_documentation_does_not_name() -> None:
    """Beside pytest, and what Pydantic brings along."""
    program = """
import sys
import annotated_types, pydantic, pytest
brought = {*sys.modules}
import event_registry.pytest_plugin, event_registry.recorded, event_registry.recording, event_registry.registry
event_registry.registry.default()
new = [sys.modules[name] for name in {*sys.modules} - brought if "." not in name]
print(*sorted(each.__name__ for each in new if "site-packages" in (getattr(each, "__path__", None) or [""])[0]))
"""
    text = (REPOSITORY / "docs" / "testing.md").read_text(encoding="utf-8")
    [named] = re.findall(r"--no-deps` of this checkout, (.*?) will do", text)

    needed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert sorted(re.findall(r"`(\w+)`", named)) == sorted(["pydantic", *needed.stdout.split()])
